"""The journal: what came in and went out, an entry for each request.

An entry is packed when its request is answered, as cheaply as can be, and only read when somebody asks.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple, Protocol

import orjson

from hivestand.handlers.tenant import Tenant

MAX_BODY: Final = 64 * 1024  # bytes that are kept of a body
MAX_MEMORY: Final = 64 * 1024 * 1024  # bytes that the journals of all tenants may take in this process's memory
ENTRY_COST: Final = 300  # bytes that an entry takes in memory beside its text

_SECRET: Final = frozenset({b"authorization", b"proxy-authorization", b"cookie"})
_BLANK: Final = b"***"

Headers = Sequence[tuple[bytes, bytes]]


class JournalEntry(NamedTuple):
    """A request and its answer.

    `time` is when the request came, Unix milliseconds; `duration` is milliseconds until its answer was on its way.
    `operation` and `profile` are None where no operation was reached; `fallbacks` is the header that told of them;
    `faults` names what was applied on purpose. Sizes are those of whole bodies, of which the first 64 KiB are kept.
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
    answer_headers: Headers
    answer_body: bytes
    request_size: int = 0
    answer_size: int = 0


class StoredEntry(NamedTuple):
    """An entry as it is found: its id, in the order of which they were kept, and its packed text."""

    id: str
    packed: bytes


class Journal(Protocol):
    """The last entries of each tenant. What is awaited raises `StoreUnavailable` where the store is away."""

    @property
    def is_on(self) -> bool:
        """Whether it keeps anything."""

    def add(self, tenant: Tenant, packed: bytes) -> None:
        """Keep an entry, at once or soon, whatever becomes of it: it is never a reason for a request to fail."""

    async def newest(self, tenant: Tenant, before: str | None, count: int) -> Sequence[StoredEntry]:
        """The tenant's newest entries that are older than the one of the id `before`, newest first."""

    async def one(self, tenant: Tenant, entry_id: str) -> StoredEntry | None:
        """The tenant's entry of that id."""

    async def clear(self, tenant: Tenant) -> None:
        """Drop the tenant's entries."""


def pack(about: tuple[Any, ...], sent: Headers, request_body: bytes, answered: Headers, answer_body: bytes) -> bytes:
    """An entry as a text: a line of JSON, then headers and bodies as they were; secrets blanked, bodies cut.

    `about` has the first ten fields of `JournalEntry`, in their order.
    """
    request_headers, answer_headers = _lines(sent), _lines(answered)
    sizes = (len(request_headers), len(request_body), len(answer_headers), len(answer_body))
    head = orjson.dumps((about, sizes))
    if len(request_body) > MAX_BODY:
        request_body = request_body[:MAX_BODY]
    if len(answer_body) > MAX_BODY:
        answer_body = answer_body[:MAX_BODY]
    return b"".join((head, b"\n", request_headers, request_body, answer_headers, answer_body))


def _lines(headers: Headers) -> bytes:
    """Names and values in turn, a line each: there is no line break in either (RFC 9110, 5.5)."""
    lines = list(chain.from_iterable(headers))
    for number, name in enumerate(lines[::2]):
        if name in _SECRET:
            lines[2 * number + 1] = _BLANK
    return b"\n".join(lines)


def unpack(packed: bytes) -> JournalEntry:
    """The entry that a text of `pack` stands for."""
    head, _, rest = packed.partition(b"\n")
    about, (sent_size, body_size, answered_size, answer_size) = orjson.loads(head)
    body = sent_size + min(body_size, MAX_BODY)
    answer = body + answered_size
    headers_and_bodies = (
        _headers(rest[:sent_size]),
        rest[sent_size:body],
        _headers(rest[body:answer]),
        rest[answer:],
    )
    return JournalEntry._make([*about, *headers_and_bodies, body_size, answer_size])


def render(kept: StoredEntry, tenant: Tenant) -> dict[str, Any]:
    """The entry as the control API answers it."""
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
        "answer": {"headers": joined(entry.answer_headers), **_body(entry.answer_body, entry.answer_size)},
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
    """Each name with its values, which a comma parts (RFC 9110, 5.3)."""
    joined: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    return joined


def _body(body: bytes, size: int) -> dict[str, Any]:
    """A body as JSON where it is that, else as text, else as base64; `size` is that of the whole, in bytes."""
    cut = size > len(body)
    if not cut and _is_json(body):
        return {"body": orjson.Fragment(body), "encoding": "json", "size": size, "cut": cut}
    try:
        return {"body": body.decode(), "encoding": "text", "size": size, "cut": cut}
    except UnicodeDecodeError:
        if cut and (text := body.decode(errors="ignore")) and len(body) - len(text.encode()) < 4:  # noqa: PLR2004 - cut in a character
            return {"body": text, "encoding": "text", "size": size, "cut": cut}
        return {"body": b64encode(body).decode(), "encoding": "base64", "size": size, "cut": cut}
