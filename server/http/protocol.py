"""HTTP/1.1 on one connection, by httptools: the one module that knows httptools' API.

uvicorn runs the server; this takes the place of its protocol, which bounds neither the size nor the time of a head,
resets a connection under an upload that it refuses, and forgets the body of a request that asks for an upgrade.
hivestand serves 1.6 times as many requests with it as with uvicorn's (`scripts/bench parts`).
WebSocket and access logs are left out. A response is one write, unless it is a stream; a connection has one timer.
Responses that are ready in one turn of the event loop are written together at its end: a write wakes a client that
waits, which takes the system longer than all else in it, and a client that is awake is not woken again.

Theory of operation
-------------------
Bytes come in by `data_received` and go to the parser, which calls the `on_…` methods. Reading is in one of five states:

    IDLE       between two requests
    HEAD       in the request line or the header fields of a request
    BODY       in its body
    IGNORING   whatever else comes is dropped: the connection ends once the responses that are due are written
    LINGERING  they are, and our side is closed; for a second the client may still read them, as closing under an
               upload would reset the connection (RFC 9112, 9.6)

A complete head makes an `_Exchange`, which joins the queue `_open`. The oldest is served, in a task of its own. When
its response is written it leaves the queue, and the next is served, or the connection waits for a request, or ends.

One deadline is kept at a time, for whatever is waited for: a head, the next request, or the end of lingering.

Flow control: reading pauses while requests queue, or while a body has grown that nobody takes, and goes on when
somebody waits for it. A response is not written while the client does not read what was written before.
"""

import asyncio
import logging
import re
import socket
import struct
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, Final, NoReturn, Protocol
from urllib.parse import unquote

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser, parse_url

from hivestand.handlers.errors import (
    ApiError,
    BadRequest,
    HeadersTooLarge,
    InternalError,
    RequestTimeout,
    Unavailable,
    UnknownCoding,
)
from hivestand.server.errors import body_of, response_of
from hivestand.server.http.body import IncomingBody
from hivestand.server.http.buffers import Buffers
from hivestand.server.http.request import ADMIN, HttpRequest
from hivestand.server.http.response import JSON, HttpResponse

MAX_HEAD: Final = 64 * 1024  # bytes of request line and header fields
MAX_UNREAD: Final = 64 * 1024  # bytes of a body that nobody takes, before reading pauses
HEAD_SECONDS: Final = 20.0
LINGER_SECONDS: Final = 1.0
KEEP_ALIVE_SECONDS: Final = 75

Respond = Callable[[HttpRequest], Awaitable[HttpResponse | None]]

_TOO_LARGE: Final = HeadersTooLarge(f"The header block is larger than {MAX_HEAD} bytes")
_FULL: Final = Unavailable("The server holds too many large bodies", headers={"Connection": "close"})
_BUSY: Final = response_of(_FULL)
ENDING: Final = response_of(Unavailable("The server is ending", headers={"Connection": "close"}))
_CODING: Final = b"transfer-encoding"
_NO_HOST: Final = b"\n"  # what no Host can be
# uri-host [":" port] of RFC 3986; empty where the target has no authority
_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES: Final = {
    number: f"HTTP/1.1 {number} {_PHRASES.get(number, '')}\r\n".encode() for number in range(100, 600)
}
_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})  # without a length, RFC 9110, 8.6
_log = logging.getLogger(__name__)


class _Stopped(Exception):
    """Stops the parser; the connection knows why."""


class _Reading(Enum):
    """What the bytes that come in are."""

    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    IGNORING = auto()
    LINGERING = auto()


_ENDING: Final = (_Reading.IGNORING, _Reading.LINGERING)  # further input is ignored


class _Awaited(Enum):
    """What the deadline is for."""

    NOTHING = auto()
    HEAD = auto()
    NEXT_REQUEST = auto()
    END = auto()


@dataclass(slots=True, eq=False)
class _Exchange:
    """A request and what its response needs.

    Attributes:
        held: bytes of its body that are counted in the server's buffers.
        request: the request.
        keep_alive: whether the connection stays open behind the response.
        expects_continue: whether the client waits for a 100 before it sends the body.
        takes_chunks: whether the client knows the chunked coding, as all but those of HTTP/1.0 do.
        is_over: whether the response is written, or will not be.
    """

    request: HttpRequest
    keep_alive: bool
    expects_continue: bool
    takes_chunks: bool = True
    is_over: bool = False
    held: int = 0


class Shared(Protocol):
    """What the connections of a server share: each other, the tasks of requests, and headers of every response."""

    connections: set[Any]
    tasks: set[asyncio.Task[None]]
    default_headers: list[tuple[bytes, bytes]]


class HttpProtocol(asyncio.Protocol):
    """A connection, with bounds on what is held of a request before it is served.

    What breaks them, and what is no HTTP, is refused in the API's own error shape, and the connection closed.
    """

    def __init__(self, respond: Respond, shared: Shared, buffers: Buffers, loop: asyncio.AbstractEventLoop) -> None:
        """Start before the head of the first request; `respond` returns None where nobody is left to read."""
        # global
        self._respond = respond
        self._shared = shared
        self._buffers = buffers
        self._loop = loop
        # per connection
        self.transport: asyncio.Transport
        self.written = 0
        self.unread = 0
        self.unread_since = 0.0
        self._host = _NO_HOST  # the last that was found to be one
        self._refusal: ApiError | None = None  # why the parser was stopped
        self._dated: list[tuple[bytes, bytes]] | None = None  # the default headers of `_usual`
        self._usual = b""  # how nearly every response begins in this second
        self._parser = HttpRequestParser(self)
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)  # further input is dropped, not an error
        self._reading = _Reading.IDLE
        self._open: deque[_Exchange] = deque()  # in the order of their requests
        self._newest: _Exchange | None = None  # whose body is read
        self._awaited = _Awaited.NOTHING
        self._deadline = 0.0  # on the loop's clock
        self._timer: asyncio.TimerHandle | None = None
        # per request
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._field_bytes = 0  # of the finished fields, trailers included
        # bounds on what the parser holds
        self._steps = 0  # that the parser took: heads begun, heads done, parts of bodies
        self._unparsed_bytes = 0  # that came since its last step
        # flow control
        self._is_paused = False  # nothing is read until a handler waits for it
        self._drained: asyncio.Future[None] | None = None  # while the client does not read what was written
        self._unsent = b""  # responses that are written at the end of this turn of the event loop
        self._is_ending = False  # as the server is, so that nothing waits for a planned delay
        self._delay: asyncio.Future[None] | None = None  # while a response waits out a planned delay
        self._task: asyncio.Task[None] | None = None  # which serves the oldest request

    # what asyncio calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # a stream, always
        """Wait for the first head."""
        self.transport = transport
        self._shared.connections.add(self)
        self._wait(HEAD_SECONDS, _Awaited.HEAD)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio
        """Let go of the timer, and of every request that has no response yet."""
        self._shared.connections.discard(self)
        self._buffers.forget(self)
        self._awaited = _Awaited.NOTHING
        if self._timer is not None:
            self._timer.cancel()
        for exchange in self._open:
            self._abandon(exchange)
        self._open.clear()
        self._newest = None
        self._end_delay()
        self._unsent = b""
        self.resume_writing()
        del self._parser  # which holds this connection: they would wait for the garbage collector

    def eof_received(self) -> bool:
        """Stay open for the responses to a client that has sent all that it had to send.

        One whose response waits out a planned delay is taken to have left, as nearly all that close have.
        """
        self.flush()
        if self._delay is not None:
            return False
        if not self._open or not self._open[-1].request.body.is_complete:
            return False
        self._reading = _Reading.IGNORING
        self._open[-1].keep_alive = False
        return True

    def pause_writing(self) -> None:
        """Write no more: the client does not read what was written."""
        self._drained = self._loop.create_future()
        self._buffers.watch(self)

    def resume_writing(self) -> None:
        """Write again: the client reads, or is gone."""
        if self._drained is not None:
            self._drained.set_result(None)
            self._drained = None

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless the connection is ending."""
        if self._reading in _ENDING or self.transport.is_closing():
            return
        steps = self._steps
        self._parse(data)
        # in a head, chunk extensions or trailers the parser buffers its input until its next step
        self._unparsed_bytes = self._unparsed_bytes + len(data) if steps == self._steps else 0
        if self._unparsed_bytes > MAX_HEAD:
            self._refuse(_TOO_LARGE)
        elif not self._open and self._awaited is not _Awaited.HEAD and self._reading not in _ENDING:
            self._wait(HEAD_SECONDS, _Awaited.HEAD)  # the input belongs to no request that is served

    # what httptools calls

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._steps += 1
        self._reading = _Reading.HEAD
        self._field_bytes = 0
        self._url = b""
        self._headers = []
        self._wait(HEAD_SECONDS, _Awaited.HEAD)

    def on_url(self, url: bytes) -> None:
        """Take a part of the request's target.

        Raises:
            _Stopped: the head is too large.
        """
        self._url += url
        self._field_bytes += len(url)
        if self._field_bytes > MAX_HEAD:
            self._stop(_TOO_LARGE)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field; a trailer is none, and is dropped (RFC 9110, 6.5.1).

        Raises:
            _Stopped: the fields are too large together.
        """
        if self._reading is _Reading.HEAD:
            self._headers.append((name.lower(), value))
        self._field_bytes += len(name) + len(value) + 4
        if self._field_bytes > MAX_HEAD:
            self._stop(_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """Serve the request as soon as those before it have their responses.

        Raises:
            _Stopped: a header field is not as it has to be.
        """
        self._awaited = _Awaited.NOTHING
        self._steps += 1
        self._reading = _Reading.BODY
        parser = self._parser
        if parser.should_upgrade():
            return  # it is parsed anew
        url = parse_url(self._url)
        path = url.path.decode("ascii")
        fields = dict(self._headers)
        if fields.get(b"host") != self._host or len(fields) != len(self._headers) or _CODING in fields:
            self._check_fields(fields)
        declared = fields.get(b"content-length")
        request = HttpRequest(
            parser.get_method().decode("ascii"),
            _decoded(path) if "%" in path else path,
            url.query or b"",
            self._headers,
            fields,
            IncomingBody(self._on_body_wait, None if declared is None else int(declared)),
            time.time_ns() // 1_000_000,
            time.perf_counter(),
        )
        is_current = parser.get_http_version() != "1.0"
        keep_alive = is_current and parser.should_keep_alive()
        expects_continue = fields.get(b"expect", b"").lower() == b"100-continue"
        self._url, self._headers = b"", []  # an idle connection holds nothing of its last request
        exchange = self._newest = _Exchange(request, keep_alive, expects_continue, is_current)
        self._open.append(exchange)
        if len(self._open) == 1:
            self._serve(exchange)
        else:
            self._pause_reading()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body.

        Raises:
            _Stopped: too much is held for all connections.
        """
        self._steps += 1
        exchange = self._newest
        if exchange is not None and not exchange.is_over:
            exchange.request.body.feed(body)
            exchange.held += len(body)
            self._buffers.held += len(body)
            if exchange.request.body.unread > MAX_UNREAD:
                self._pause_reading()
            if exchange.held > MAX_UNREAD and self._buffers.is_full:
                self._stop(_FULL)

    def on_message_complete(self) -> None:
        """End the request."""
        self._reading = _Reading.IDLE
        if self._newest is not None:
            self._newest.request.body.finish()
            self._newest = None

    # what uvicorn's server calls

    def shutdown(self) -> None:
        """Close as soon as no response is due; a planned delay is cut short."""
        if self._open:
            self._open[-1].keep_alive = False
            self._is_ending = True
            self._end_delay()
        else:
            self._end()

    # requests and responses

    def _serve(self, exchange: _Exchange) -> None:
        self._task = self._loop.create_task(self._run(exchange))
        self._shared.tasks.add(self._task)

    async def _run(self, exchange: _Exchange) -> None:
        """Have a request served, and write its response."""
        task = self._task
        try:
            response = await self._respond(exchange.request)
            if response is not None and response.delay:
                response = await self._delayed(response)
            if self._drained is not None:
                await asyncio.shield(self._drained)
            if response is not None and response.stream is not None and exchange.request.method != "HEAD":
                await self._write_stream(exchange, self._head_of(exchange, response), response.stream)
            elif not exchange.is_over:
                self._write_response(exchange, response)
        except Exception:  # noqa: BLE001 - whatever it is, the client gets a response
            _log.exception("a bug in the server")
            if not exchange.is_over:
                self._abandon(self._open.popleft())
                self._write_error(InternalError("Internal server error"))
                self._end()
        finally:
            self._shared.tasks.discard(task)

    async def _delayed(self, response: HttpResponse) -> HttpResponse:
        """The response after its planned delay; another one if the server ends meanwhile, or holds too much."""
        size = len(response.body)
        if self._is_ending:
            return ENDING
        if self._buffers.is_full and size > MAX_UNREAD:
            return _BUSY
        self._delay = self._loop.create_future()
        self._buffers.held += size
        try:
            async with asyncio.timeout(response.delay):
                await self._delay
        except TimeoutError:
            return response
        except asyncio.CancelledError:  # by the server, which is shutting down
            return ENDING
        finally:
            self._delay = None
            self._buffers.held -= size
        return ENDING  # nobody reads it if the client has left

    def _end_delay(self) -> None:
        if self._delay is not None and not self._delay.done():
            self._delay.set_result(None)

    def _write_response(self, exchange: _Exchange, response: HttpResponse | None) -> None:
        """Write a response as it is, or as a fault has made it, and go on to the next request.

        Raises:
            RuntimeError: there is no response, or a header cannot be written.
        """
        if response is None:
            raise RuntimeError("there is no response to a client that is still there")
        head = self._head_of(exchange, response)
        body = b"" if exchange.request.method == "HEAD" else response.body
        self.written = len(body)
        if response.ending is None:
            if not self._unsent:
                self._buffers.flush_soon(self, self._loop)
            self._unsent += head + body
            self._finish(exchange)
            return
        if response.ending == "truncate":
            self._write(head + body[: len(body) // 2])
        self._break_off(reset=response.ending == "reset")

    def _write(self, data: bytes) -> None:
        """Write at once, behind what was to be written at the end of the turn."""
        self.flush()
        self.transport.write(data)

    def flush(self) -> None:
        """Write the responses that are ready."""
        if self._unsent:
            unsent, self._unsent = self._unsent, b""
            if not self.transport.is_closing():
                self.transport.write(unsent)

    async def _write_stream(self, exchange: _Exchange, head: bytes, stream: AsyncGenerator[bytes, None]) -> None:
        """Write the parts of a response as they come, in chunks (RFC 9112, 7.1), until either side ends.

        The next part is asked for only when the client has read those before it.
        """
        try:
            if not exchange.is_over:
                self._write(head)
            while not exchange.is_over and not self._is_ending and (part := await anext(stream, b"")):
                if not exchange.is_over:
                    self.written = len(part)
                    self.transport.write(b"%x\r\n%b\r\n" % (len(part), part) if exchange.takes_chunks else part)
                if self._drained is not None:
                    await asyncio.shield(self._drained)
        except Exception:  # noqa: BLE001 - the client sees that the response is not whole
            _log.exception("a bug in a stream")
            self._break_off(reset=False)
        finally:
            await stream.aclose()
        if not exchange.is_over:
            if exchange.takes_chunks:
                self.transport.write(b"0\r\n\r\n")
            self._finish(exchange)

    def _head_of(self, exchange: _Exchange, response: HttpResponse) -> bytes:
        """The status line and the header fields, one of which says so where the connection ends behind the response."""
        if response.is_plain and exchange.keep_alive:
            return b"%bcontent-length: %d\r\n\r\n" % (self._usual_beginning(), len(response.body))
        headers = [*self._shared.default_headers]
        if response.status not in _BODILESS:
            if response.stream is None:
                headers.append((b"content-length", b"%d" % len(response.body)))
            elif exchange.takes_chunks:
                headers.append((_CODING, b"chunked"))
            if response.media_type:
                headers.append((b"content-type", response.media_type))
        headers += response.headers
        lines, says_so = [_STATUS_LINES[response.status]], False
        for name, value in headers:
            lines.append(b"%b: %b\r\n" % (name, value))
            if name == b"connection" and b"close" in value.lower():
                exchange.keep_alive, says_so = False, True
        if not exchange.keep_alive and not says_so:
            lines.append(b"connection: close\r\n")
        head = b"".join(lines)
        if head.count(b"\n") != len(lines) or b"\0" in head:
            raise RuntimeError("a header that cannot be written")
        return head + b"\r\n"

    def _usual_beginning(self) -> bytes:
        """How a response of status 200 with JSON begins; the default headers, a new list each second, have the date."""
        if self._dated is not self._shared.default_headers:
            self._dated = self._shared.default_headers
            fields = [*self._dated, (b"content-type", JSON)]
            self._usual = b"".join([_STATUS_LINES[HTTPStatus.OK], *(b"%b: %b\r\n" % field for field in fields)])
        return self._usual

    def _finish(self, exchange: _Exchange) -> None:
        """Go on behind the oldest request: serve the next, wait for one, or end."""
        exchange.is_over = True
        self._buffers.held -= exchange.held
        self._open.popleft()
        if not exchange.keep_alive:
            self._close()
        if self.transport.is_closing():
            return
        if self._is_paused:
            self._resume_reading()
        if self._open:
            self._serve(self._open[0])
        elif self._reading is _Reading.IDLE or self._reading is _Reading.BODY:
            self._wait(KEEP_ALIVE_SECONDS, _Awaited.NEXT_REQUEST)

    def _abandon(self, exchange: _Exchange) -> None:
        """Write no response to a request, and let whoever serves it know."""
        if not exchange.is_over:
            self._buffers.held -= exchange.held
        exchange.is_over = True
        exchange.request.body.lose()

    def _break_off(self, *, reset: bool) -> None:
        """Close the connection when what was written is sent, or reset it at once; nothing is written any more."""
        self.flush()
        self._reading = _Reading.IGNORING
        for exchange in self._open:
            self._abandon(exchange)
        if reset:
            linger = struct.pack("ii", 1, 0)
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.transport.abort()
        else:
            self._end()

    # input that is not HTTP, or too much of it

    def _parse(self, data: bytes) -> None:
        while data:
            try:
                self._parser.feed_data(data)
            except HttpParserUpgrade as upgrade:
                data = self._without_upgrade(data[upgrade.args[0] :])
            except HttpParserError:
                self._refuse(self._refusal or BadRequest("Invalid HTTP request"))
                return
            else:
                return

    def _stop(self, error: ApiError) -> NoReturn:
        """Stop the parser, from one of its callbacks, for a reason that the client is told."""
        self._refusal = error
        raise _Stopped  # not the error, which may be one for all connections and would keep what its traceback holds

    def _check_fields(self, fields: Mapping[bytes, bytes]) -> None:
        """Return if the header fields that decide about a request are there as they have to be.

        Raises:
            _Stopped: Host is missing, malformed or there twice (RFC 9112, 3.2), Authorization is there twice, or the
                body has a transfer coding beside chunked (RFC 9112, 6.1).
        """
        host = fields.get(b"host")
        if host is None and self._parser.get_http_version() != "1.0":
            self._stop(BadRequest("Host is missing"))
        if not _HOST.fullmatch(host or b""):
            self._stop(BadRequest("Host is malformed"))
        names = [name for name, _ in self._headers]
        for name in (b"host", b"authorization"):
            if names.count(name) > 1:
                self._stop(BadRequest(f"{name.decode().capitalize()} is there twice"))
        codings = b",".join(value for name, value in self._headers if name == _CODING)
        if codings and codings.strip().lower() != b"chunked":
            self._stop(UnknownCoding("Transfer-Encoding must be chunked"))
        self._host = _NO_HOST if host is None else host

    def _without_upgrade(self, rest: bytes) -> bytes:
        """What to parse anew of a request that asks for another protocol: the same without its wish (RFC 9110, 7.8)."""
        method = self._parser.get_method()
        if method == b"CONNECT":
            self._refuse(BadRequest("CONNECT is for proxies"))
            return b""
        line = b"%b %b HTTP/%b\r\n" % (method, self._url, self._parser.get_http_version().encode())
        fields = b"".join(b"%b: %b\r\n" % field for field in self._headers if field[0] != b"upgrade")
        self._parser = HttpRequestParser(self)
        return line + fields + b"\r\n" + rest

    def _refuse(self, error: ApiError) -> None:
        """Respond without serving anything, and close; the requests before this one get their responses first."""
        if self._reading in _ENDING or self.transport.is_closing():
            return
        self._reading = _Reading.IGNORING
        if self._open and not self._open[-1].request.body.is_complete:
            self._abandon(self._open.pop())  # the error is its response
        if self._open:
            self._open[-1].keep_alive = False
            return
        self._write_error(error)
        self._linger()

    def _write_error(self, error: ApiError) -> None:
        if not self.transport.is_closing():
            body = body_of(error)
            headers = {**error.headers, "Content-Type": "application/json", "Connection": "close"}
            lines = "".join(f"{name.lower()}: {value}\r\n" for name, value in headers.items())
            head = f"{lines}content-length: {len(body)}\r\n\r\n".encode("latin-1")
            self._write(_STATUS_LINES[error.status] + head + body)

    # the end of the connection

    def _close(self) -> None:
        """End the connection; by lingering while something still comes in."""
        is_uploading = self._newest is not None
        if self._reading in _ENDING or is_uploading:
            self._linger()
        else:
            self._end()

    def _linger(self) -> None:
        if self._reading is _Reading.LINGERING or self.transport.is_closing():
            return
        if not self.transport.can_write_eof():
            self._end()
            return
        self._reading = _Reading.LINGERING
        self.flush()
        self.transport.write_eof()
        self._resume_reading()
        self._wait(LINGER_SECONDS, _Awaited.END)

    def _end(self) -> None:
        """Close the connection once the client has read what was written, if it does."""
        self.flush()
        self.transport.close()
        if self.transport.get_write_buffer_size():
            self._buffers.watch(self)

    # flow control

    def _pause_reading(self) -> None:
        if not self._is_paused and not self.transport.is_closing():
            self._is_paused = True
            self.transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._is_paused and not self.transport.is_closing():
            self._is_paused = False
            self.transport.resume_reading()

    def _on_body_wait(self) -> None:
        """Ask for the rest of the body of the request that is served."""
        exchange = self._open[0] if self._open else None
        if exchange is not None and exchange.expects_continue and not self.transport.is_closing():
            exchange.expects_continue = False
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._resume_reading()

    # the timer

    def _wait(self, seconds: float, awaited: _Awaited) -> None:
        """Set the deadline; a timer that ends sooner serves, as it sets another then."""
        self._awaited = awaited
        self._deadline = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._deadline:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._deadline, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._awaited is _Awaited.NOTHING:
            return
        if self._loop.time() < self._deadline:
            self._set_timer()
            return
        awaited, self._awaited = self._awaited, _Awaited.NOTHING
        if awaited is _Awaited.HEAD:
            self._on_head_timeout()
        else:
            self._end()

    def _on_head_timeout(self) -> None:
        if not self._steps:
            self._end()  # the client never sent anything
        elif self._open:
            self._wait(HEAD_SECONDS, _Awaited.HEAD)  # the response to the previous request goes first
        else:
            self._refuse(RequestTimeout(f"The request did not arrive within {HEAD_SECONDS:g} seconds"))


def _decoded(path: str) -> str:
    """A path percent-decoded, but for `%2F`, which is no slash; no encoded spelling leads to the admin API."""
    decoded = unquote(path.replace("%2f", "%2F").replace("%2F", "%252F"))
    return path if decoded.startswith(ADMIN) and not path.startswith(ADMIN) else decoded
