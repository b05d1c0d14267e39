"""Send an answer: the one place that writes ASGI response messages."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Final, Literal, NamedTuple

from starlette.types import Scope, Send

Headers = Iterable[tuple[bytes, bytes]]

_JSON: Final = b"application/json"
_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

Ending = Literal["reset", "close", "truncate"]


class Reply(NamedTuple):
    """An answer on its way out: status, headers beside type and length, and body.

    `media_type` is its Content-Type, `delay` how many seconds it waits. `ending` is how the connection ends under it:
    reset or closed before anything is sent, or closed in the middle of the body; None is an answer as it should be.
    """

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    media_type: bytes = _JSON
    delay: float = 0.0
    ending: Ending | None = None


# An extension of ASGI's, in the scope's `extensions`: under `end`, a callable that ends the connection of the request.
# With `reset=True` at once, else once what was sent is written; no answer is sent on it any more. Under `body`, one
# that gives the whole body if it is there already and `receive` has given nothing of it, else None.
CONNECTION: Final = "hivestand.connection"


async def send_json(send: Send, status: int, body: bytes, headers: Headers = ()) -> None:
    """Send a JSON text with its media type and length, and whatever headers it has beside them."""
    await _send(send, status, _JSON, len(body), headers)
    await send({"type": "http.response.body", "body": body})


async def send_reply(scope: Scope, send: Send, reply: Reply) -> None:
    """Send an answer as it is, or as a fault made it."""
    if reply.ending in {None, "truncate"}:
        await _send(send, reply.status, reply.media_type, len(reply.body), reply.headers)
    if reply.ending is None:
        await send({"type": "http.response.body", "body": reply.body})
        return
    if reply.ending == "truncate":
        half = reply.body[: len(reply.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
    scope["extensions"][CONNECTION]["end"](reset=reply.ending == "reset")


async def _send(send: Send, status: int, media_type: bytes, length: int, headers: Headers) -> None:
    fields = [(b"content-type", media_type), (b"content-length", b"%d" % length), *headers]
    if status in _BODILESS:
        fields = list(headers)  # RFC 9110, 8.6
    await send({"type": "http.response.start", "status": status, "headers": fields})


def to_wire(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI takes them: names in lower case, both as Latin-1."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
