"""The files of the console as responses: the same for everybody, as all data comes from the admin API.

A page may run only scripts of this server, and no page of another site may frame it: whatever a client has sent is text
on it, and what should become markup all the same could do nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson

from hivestand.openapi import DOCUMENTS, load
from hivestand.server.http.request import ADMIN, HttpRequest
from hivestand.server.http.response import HttpResponse

STATIC: Final = Path(__file__).parent / "static"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),  # asked for again each time, and sent again only when it has changed
]
_MEDIA_TYPES: Final = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".svg": b"image/svg+xml",
}


@dataclass(frozen=True)
class StaticFile:
    """A file, read when it is first asked for."""

    path: Path

    async def serve(self, request: HttpRequest) -> HttpResponse:
        """The file, or 304 for a client that has it as it is."""
        return _served(request, self.content, _MEDIA_TYPES[self.path.suffix])

    @cached_property
    def content(self) -> bytes:
        """Its bytes."""
        return self.path.read_bytes()


_WELCOME: Final = StaticFile(STATIC / "welcome.html")
_READS: Final = ("GET", "HEAD")


@dataclass(frozen=True)
class DocumentAsJson:
    """A document of OpenAPI as JSON, which the renderer reads faster than YAML."""

    name: str

    async def serve(self, request: HttpRequest) -> HttpResponse:
        """The document, or 304 for a client that has it as it is."""
        return _served(request, self.content, _MEDIA_TYPES[".json"])

    @cached_property
    def content(self) -> bytes:
        """Its text."""
        return orjson.dumps(load(self.name))


@dataclass(frozen=True)
class Redirect:
    """The address of a page, for who asks at another."""

    to: str

    async def serve(self, _request: HttpRequest) -> HttpResponse:
        """The redirect."""
        return HttpResponse(308, [(b"location", self.to.encode())], b"", b"")


def welcome_for(request: HttpRequest) -> StaticFile | None:
    """The page at `/` for a browser; None for other paths, and for API clients, who are told that nothing is there."""
    is_asked_for = request.path == "/" and request.method in _READS
    return _WELCOME if is_asked_for and b"text/html" in request.fields.get(b"accept", b"").lower() else None


def pages() -> Mapping[tuple[str, str], Any]:
    """What serves each file, by method and path."""
    return {(method, path): page for path, page in _paths() for method in _READS}


def _paths() -> Iterator[tuple[str, Any]]:
    yield ADMIN, Redirect(f"{ADMIN}/")
    yield f"{ADMIN}/", StaticFile(STATIC / "console.html")
    yield f"{ADMIN}/docs", StaticFile(STATIC / "docs.html")
    for name in DOCUMENTS:
        yield f"{ADMIN}/docs/{name}.json", DocumentAsJson(name)
    for path in sorted(STATIC.rglob("*")):
        if path.suffix in _MEDIA_TYPES and path.suffix != ".html":
            yield f"{ADMIN}/console/{path.relative_to(STATIC).as_posix()}", StaticFile(path)


def _served(request: HttpRequest, content: bytes, media_type: bytes) -> HttpResponse:
    tag = b'"%b"' % sha256(content).hexdigest()[:32].encode()
    headers = [*_HEADERS, (b"etag", tag)]
    if request.fields.get(b"if-none-match") == tag:
        return HttpResponse(304, headers, b"", b"")
    return HttpResponse(200, headers, content, media_type)
