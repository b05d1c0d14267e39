"""Send an answer: the one place that writes ASGI response messages."""

from collections.abc import Iterable

from starlette.types import Send

Headers = Iterable[tuple[bytes, bytes]]

_JSON = (b"content-type", b"application/json")


async def send_json(send: Send, status: int, body: bytes, headers: Headers = ()) -> None:
    """Send a JSON text with its media type and length, and whatever headers it has beside them."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [_JSON, length, *headers]})
    await send({"type": "http.response.body", "body": body})


def to_wire(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI takes them: names in lower case, both as Latin-1."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
