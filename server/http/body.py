"""A request's body: read in bounds of size and time, decoded, and parsed as JSON (RFC 8259)."""

import asyncio
import re
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from hivestand.handlers.errors import BadRequest, ContentTooLarge, Detail, RequestTimeout, UnsupportedMediaType
from hivestand.handlers.event.encoding import loads

_JSON = b"application/json"
_CHARSET = re.compile(rb';\s*charset\s*=\s*"?([^";\s]*)', re.IGNORECASE)
IDENTITY: Final = b"identity"
GZIP: Final = (b"gzip", b"x-gzip", IDENTITY)  # x-gzip is the same (RFC 9110, 8.4.1.3)
MAX_GZIP_MEMBERS: Final = 1000  # that one body may be made of
LARGE: Final = 128 * 1024  # bytes of a body that takes its turn before it is parsed
MAX_STRUCTURE: Final = 250_000  # objects, arrays and members of objects in a JSON body
MAX_VALUES: Final = 1_000_000  # values in a JSON body
_QUOTES_AT_ONCE: Final = 100_000  # an even number
_GZIP_WINDOW: Final = 31  # wbits of zlib for the gzip format with a window of any size
_CLOSE = {"Connection": "close"}  # the rest of the request is not read


class ClientDisconnected(Exception):
    """The client is gone, and nobody is left to read a response."""


class Limits(NamedTuple):
    """How much is read, in bytes, and for how long, in seconds."""

    size: int
    seconds: float


@dataclass(slots=True, eq=False)
class IncomingBody:
    """The body of a request: its connection feeds it as it arrives, and whoever serves the request reads it once.

    Attributes:
        on_wait: called before a reader waits for more.
        declared_size: what Content-Length says, bytes; None where it says nothing.
        unread: the bytes that have arrived and were not taken yet.
        is_complete: whether all of the body has arrived.
        is_lost: whether the client is gone, so that no more will come and nobody reads a response.
    """

    on_wait: Callable[[], None]
    declared_size: int | None = None
    unread: int = 0
    is_complete: bool = False
    is_lost: bool = False
    _parts: list[bytes] = field(default_factory=list)
    _reader: asyncio.Future[None] | None = None

    def feed(self, part: bytes) -> None:
        """Take a part that has arrived."""
        self._parts.append(part)
        self.unread += len(part)
        if self._reader is not None:
            self._wake(self._reader)

    def finish(self) -> None:
        """Note that all of it has arrived."""
        self.is_complete = True
        if self._reader is not None:
            self._wake(self._reader)

    def lose(self) -> None:
        """Note that the client is gone."""
        self.is_lost = True
        if self._reader is not None:
            self._wake(self._reader)

    async def read(self, limits: Limits) -> bytes:
        """The whole body, as it was sent.

        Raises:
            ContentTooLarge: it is larger than the limit, by its declaration or by what came; no more of it is read.
            RequestTimeout: it did not arrive in time.
            ClientDisconnected: the client went away.
        """
        if self.declared_size is not None and self.declared_size > limits.size:
            raise _too_large(limits)
        content = self._taken() if self.is_complete and not self.is_lost else await self._arrival(limits)
        if len(content) > limits.size:
            raise _too_large(limits)
        return content

    async def _arrival(self, limits: Limits) -> bytes:
        """The body, waited for until all of it has arrived."""
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(limits.seconds):
                while not self.is_lost:
                    parts.append(self._taken())
                    size += len(parts[-1])
                    if size > limits.size:
                        raise _too_large(limits)
                    if self.is_complete:
                        return b"".join(parts)
                    await self._more()
        except TimeoutError:
            message = f"The request did not arrive within {limits.seconds:g} seconds"
            raise RequestTimeout(message, headers=_CLOSE) from None
        raise ClientDisconnected

    async def _more(self) -> None:
        """Return when more has arrived, the body is complete, or the client is gone."""
        self.on_wait()
        self._reader = asyncio.get_running_loop().create_future()
        try:
            await self._reader
        finally:
            self._reader = None

    def _taken(self) -> bytes:
        """What has arrived since the last call."""
        parts, self._parts, self.unread = self._parts, [], 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    @staticmethod
    def _wake(reader: asyncio.Future[None]) -> None:
        if not reader.done():
            reader.set_result(None)


def is_declared(headers: Mapping[bytes, bytes], media_type: bytes) -> bool:
    """Whether Content-Type names this media type, whatever its parameters."""
    return headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == media_type


def check_media_type(headers: Mapping[bytes, bytes], codings: Collection[bytes] = (IDENTITY,)) -> None:
    """Return if the body is declared as JSON in UTF-8, in one of the content codings.

    An absent body needs no declaration.

    Raises:
        UnsupportedMediaType: it is declared as anything else, or not at all.
    """
    declared = headers.get(b"content-type")
    if declared != _JSON and not _is_json(declared) and (declared is not None or _has_content(headers)):
        sent = "missing" if declared is None else declared.decode("latin-1")[:100]
        raise UnsupportedMediaType(
            f"Content-Type must be application/json, not {sent}", headers={"Accept": "application/json"}
        )
    if b"content-encoding" in headers:
        _check_coding(headers, codings)


def _check_coding(headers: Mapping[bytes, bytes], codings: Collection[bytes]) -> None:
    if headers.get(b"content-encoding", IDENTITY).lower() not in codings:
        accepted = b", ".join(codings).decode()
        raise UnsupportedMediaType(
            f"Content-Encoding must be {accepted.replace(', ', ' or ')}", headers={"Accept-Encoding": accepted}
        )


def decoded(body: bytes, headers: Mapping[bytes, bytes], limits: Limits) -> bytes:
    """The body without its content coding, if that is gzip.

    Raises:
        UnsupportedMediaType: it is another one.
        BadRequest: it is not what it is declared as.
        ContentTooLarge: there is more in it than is read.
    """
    _check_coding(headers, GZIP)
    if headers.get(b"content-encoding", IDENTITY).lower() == IDENTITY:
        return body
    parts: list[bytes] = []
    left = limits.size
    while body or not parts:  # a gzip body is one member or several (RFC 1952, 2.2)
        inflater = zlib.decompressobj(_GZIP_WINDOW)
        try:
            parts.append(inflater.decompress(body, left + 1))
        except zlib.error as error:
            raise _not_gzip(str(error)) from None
        left -= len(parts[-1])
        if left < 0:
            raise _too_large(limits)
        if not inflater.eof:
            raise _not_gzip("it is cut off")
        if len(parts) == MAX_GZIP_MEMBERS:
            raise _not_gzip(f"it has {MAX_GZIP_MEMBERS} members or more")
        body = inflater.unused_data
    return b"".join(parts)


def _not_gzip(reason: str) -> BadRequest:
    return BadRequest("The body is not valid gzip", [Detail("", "gzip", reason)])


def _is_json(declared: bytes | None) -> bool:
    media_type, _, parameters = (declared or b"").partition(b";")
    charset = _CHARSET.search(b";" + parameters)
    return media_type.strip().lower() == _JSON and (charset is None or charset[1].lower() in {b"utf-8", b"utf8"})


def _has_content(headers: Mapping[bytes, bytes]) -> bool:
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


def _too_large(limits: Limits) -> ContentTooLarge:
    return ContentTooLarge(f"The body is larger than {limits.size} bytes", headers=_CLOSE)


def parse_json(body: bytes) -> Any:
    """The JSON value that the body is the text of. Of repeated keys the last wins; integers of any size stay exact.

    Raises:
        BadRequest: it is no JSON text: NaN, Infinity, invalid UTF-8 and lone surrogates included, or it holds a number
            beyond the range of a double, nests deeper than 1,024 levels, or has more than `MAX_STRUCTURE` objects,
            arrays and members, or more than `MAX_VALUES` values.
    """
    if len(body) > MAX_STRUCTURE:
        _check_structure(body)
    try:
        return loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body is not valid JSON", [Detail("", "json", str(error))]) from None


def _check_structure(body: bytes) -> None:
    """Count what a JSON text holds, without making it.

    Raises:
        BadRequest: it is too much.
    """
    if _is_bounded(*_counts(body)):  # with what only looks like it, in strings
        return
    rest = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    structure = values = 0
    while rest:
        pieces = rest.split(b'"', _QUOTES_AT_ONCE)
        rest = pieces.pop() if len(pieces) > _QUOTES_AT_ONCE else b""
        more = _counts(b"".join(pieces[::2]))  # every other piece is a string
        structure, values = structure + more[0], values + more[1]
        if not _is_bounded(structure, values):
            message = f"more than {MAX_STRUCTURE} objects, arrays and members, or {MAX_VALUES} values"
            raise BadRequest("The body holds too much", [Detail("", "maxItems", message)])


def _counts(text: bytes) -> tuple[int, int]:
    """How many objects, arrays and members, and how many values, a JSON text without strings has."""
    structure = text.count(b"{") + text.count(b"[") + text.count(b":")
    return structure, text.count(b",") + structure


def _is_bounded(structure: int, values: int) -> bool:
    return structure <= MAX_STRUCTURE and values <= MAX_VALUES
