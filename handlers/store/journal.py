"""The journal: one entry for each request and its response.

An entry is packed soon after its response is sent, and unpacked only when somebody reads it.
"""

import asyncio
import logging
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

import orjson

from hivestand.handlers.tenant import Tenant

MAX_BODY: Final = 64 * 1024  # bytes that are kept of a body
MAX_MEMORY: Final = 64 * 1024 * 1024  # bytes that the journals of all tenants may take in this process's memory
ENTRY_COST: Final = 300  # bytes that an entry takes in memory beside its text

# header fields whose values are no secrets; any other may carry a key, and is blanked
_HARMLESS: Final = frozenset(
    b"""
    accept accept-charset accept-encoding accept-language access-control-allow-headers access-control-allow-methods
    access-control-allow-origin access-control-expose-headers access-control-max-age access-control-request-headers
    access-control-request-method age allow cache-control connection content-encoding content-language content-length
    content-type date expect hh-client-language hh-client-package hh-client-timestamp hh-client-version
    hivestand-fallbacks host if-match if-modified-since if-none-match keep-alive origin pragma prefer preference-applied
    retry-after sec-fetch-dest sec-fetch-mode sec-fetch-site server te traceparent tracestate trailer transfer-encoding
    upgrade user-agent vary www-authenticate x-request-id
    """.split()
)
# query parameters likewise
_HARMLESS_PARAMETERS: Final = frozenset(
    {"before", "end", "id", "limit", "name", "offset", "page", "since", "sort", "start", "status", "type"}
)
_PARAMETER: Final = re.compile("(?P<name>[^&=]*)(?P<value>=[^&]*)?")
_BLANK: Final = b"***"

_log = logging.getLogger(__name__)

Headers = Sequence[tuple[bytes, bytes]]


class JournalEntry(NamedTuple):
    """A request and its response.

    Attributes:
        time: when the request came, Unix milliseconds.
        duration: milliseconds until the response was on its way.
        method: the HTTP method.
        path: without the query.
        query: as it was sent, secrets blanked.
        operation: the operationId; None if the path is unknown.
        profile: `lenient` or `strict`; None if the body was not judged.
        status: the HTTP status; None if the connection was closed or reset instead.
        fallbacks: the value of Hivestand-Fallbacks.
        faults: the names of the faults that were applied.
        request_headers: secrets blanked.
        request_body: the first 64 KiB.
        response_headers: secrets blanked.
        response_body: the first 64 KiB.
        request_size: bytes of the whole request body.
        response_size: bytes of the whole response body.
    """

    time: int
    duration: float
    method: str
    path: str
    query: str
    operation: str | None
    profile: str | None
    status: int | None
    fallbacks: str
    faults: Sequence[str]
    request_headers: Headers
    request_body: bytes
    response_headers: Headers
    response_body: bytes
    request_size: int = 0
    response_size: int = 0


class StoredEntry(NamedTuple):
    """An entry as the journal returns it: its id, which grows with time, and its packed text."""

    id: str
    packed: bytes


Entry = Callable[[], bytes]  # returns the packed text of an entry


class Unpacked:
    """Entries that are packed two turns of the event loop later, all at once, when their responses are written.

    One after another they take half the time that each takes between a request and its response.
    """

    def __init__(self, take: Callable[[Tenant, bytes], None]) -> None:
        """Give each packed entry to `take`, in order."""
        self._take = take
        self._entries: list[tuple[Tenant, Entry]] = []

    def add(self, tenant: Tenant, entry: Entry) -> None:
        """Have an entry packed soon."""
        if not self._entries:
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self.pack)
        self._entries.append((tenant, entry))

    def pack(self) -> None:
        """Pack all that were added."""
        entries, self._entries = self._entries, []
        for tenant, entry in entries:
            try:
                self._take(tenant, entry())
            except Exception:  # noqa: BLE001 - whatever it is, the others are kept
                _log.exception("an entry of the journal is lost")


class Journal(Protocol):
    """The newest entries of each tenant. Awaited methods raise `StoreUnavailable`."""

    @property
    def is_on(self) -> bool:
        """Whether entries are kept at all."""

    def add(self, tenant: Tenant, entry: Entry) -> None:
        """Add an entry soon; failing to is never a reason for a request to fail."""

    async def newest(
        self, tenant: Tenant, before: str | None, count: int, *, heads: bool = False
    ) -> Sequence[StoredEntry]:
        """The tenant's newest `count` entries older than the entry `before`, newest first.

        With `heads` the caller reads no more of each than `read_head` does.
        """

    async def one(self, tenant: Tenant, entry_id: str) -> StoredEntry | None:
        """The tenant's entry with that id, or None."""

    async def clear(self, tenant: Tenant) -> None:
        """Delete the tenant's entries."""


def pack(about: tuple[Any, ...], sent: Headers, request_body: bytes, received: Headers, response_body: bytes) -> bytes:
    """An entry as one text: a line of JSON, then headers and bodies as they were, with secrets blanked and bodies cut.

    `about` holds the first ten fields of `JournalEntry`, in order.
    """
    request_headers, response_headers = _lines(sent), _lines(received)
    sizes = (len(request_headers), len(request_body), len(response_headers), len(response_body))
    head = orjson.dumps((about, sizes))
    if len(request_body) > MAX_BODY:
        request_body = request_body[:MAX_BODY]
    if len(response_body) > MAX_BODY:
        response_body = response_body[:MAX_BODY]
    return b"".join((head, b"\n", request_headers, request_body, response_headers, response_body))


def _lines(headers: Headers) -> bytes:
    """Names and values in turn, one a line: neither can contain a line break (RFC 9110, 5.5)."""
    return b"\n".join([part for name, value in headers for part in (name, value if name in _HARMLESS else _BLANK)])


def without_secrets(query: str) -> str:
    """A query string in which only the values of parameters that are known to be harmless are left."""
    return _PARAMETER.sub(_without_secret, query)


def _without_secret(parameter: re.Match[str]) -> str:
    name, value = parameter["name"], parameter["value"]
    if not parameter[0] or name.lower() in _HARMLESS_PARAMETERS:
        return parameter[0]
    return "***" if value is None else f"{name}=***"


def unpack(packed: bytes) -> JournalEntry:
    """The entry that `pack` turned into this text."""
    head, _, rest = packed.partition(b"\n")
    about, (sent_size, body_size, received_size, response_size) = orjson.loads(head)
    body = sent_size + min(body_size, MAX_BODY)
    response = body + received_size
    headers_and_bodies = (
        _headers(rest[:sent_size]),
        rest[sent_size:body],
        _headers(rest[body:response]),
        rest[response:],
    )
    return JournalEntry._make([*about, *headers_and_bodies, body_size, response_size])


class EntryHead(NamedTuple):
    """What entries are filtered by: when the request came (Unix milliseconds), its operationId, and the status."""

    time: int
    operation: str | None
    status: int | None


def read_head(packed: bytes) -> EntryHead:
    """What the first line of a packed entry says."""
    about, _ = orjson.loads(packed[: packed.index(b"\n") + 1])
    return EntryHead(about[0], about[5], about[7])


def head_of(packed: bytes) -> dict[str, Any]:
    """What the first line of a packed entry says, by the names of `JournalEntry`."""
    about, _ = orjson.loads(packed[: packed.index(b"\n") + 1])
    return dict(zip(JournalEntry._fields, about, strict=False))


def render(kept: StoredEntry, tenant: Tenant) -> dict[str, Any]:
    """The entry as the admin API returns it."""
    entry = unpack(kept.packed)
    return {
        "id": kept.id,
        "tenant": tenant.digest,
        "time": entry.time,
        "duration": entry.duration,
        "operation": entry.operation,
        "status": entry.status,
        "profile": entry.profile,
        "fallbacks": entry.fallbacks,
        "faults": entry.faults,
        "request": {
            "method": entry.method,
            "path": entry.path,
            "query": entry.query,
            "headers": joined(entry.request_headers),
            **_body(entry.request_body, entry.request_size),
        },
        "response": {"headers": joined(entry.response_headers), **_body(entry.response_body, entry.response_size)},
    }


def _is_json(body: bytes) -> bool:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True


def _headers(text: bytes) -> list[tuple[bytes, bytes]]:
    lines = text.split(b"\n") if text else []
    return list(zip(lines[::2], lines[1::2], strict=True))


def joined(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Each header name with its values, joined by commas (RFC 9110, 5.3)."""
    joined: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    return joined


def _body(body: bytes, size: int) -> dict[str, Any]:
    """A body as JSON if it is JSON, otherwise as text, otherwise as base64; `size` counts the whole body."""
    cut = size > len(body)
    if not cut and _is_json(body):
        return {"body": orjson.Fragment(body), "encoding": "json", "size": size, "cut": cut}
    try:
        return {"body": body.decode(), "encoding": "text", "size": size, "cut": cut}
    except UnicodeDecodeError:
        if cut and (text := body.decode(errors="ignore")) and len(body) - len(text.encode()) < 4:  # noqa: PLR2004 - cut in a character
            return {"body": text, "encoding": "text", "size": size, "cut": cut}
        return {"body": b64encode(body).decode(), "encoding": "base64", "size": size, "cut": cut}
