"""A response as a value, before it is written."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Final, Literal, NamedTuple

Ending = Literal["reset", "close", "truncate"]
JSON: Final = b"application/json"
UNWRITTEN: Final = ("reset", "close")  # the endings under which a client does not even see a status


class HttpResponse(NamedTuple):
    """A response on its way out.

    Attributes:
        status: 200 to 599.
        headers: names in lower case, without Content-Type, Content-Length and Date, which the connection writes.
        body: the whole body.
        media_type: the Content-Type; empty for none.
        delay: how long the response waits before it is written, seconds.
        ending: how the connection ends under it: reset or closed before anything is written, or closed in the middle of
            the body; None for a response as it should be.
        stream: the body in parts, as each becomes known, in place of `body`; None for nearly every response.
    """

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    media_type: bytes = JSON
    delay: float = 0.0
    ending: Ending | None = None
    stream: AsyncGenerator[bytes, None] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is one of status 200 with JSON, whole, and without other headers, as nearly every response is."""
        status, headers, _, media_type, _, _, stream = self
        return status == 200 and not headers and media_type == JSON and stream is None  # noqa: PLR2004 - RFC 9110


def to_wire(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Headers as they are written: names in lower case, both as Latin-1."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
