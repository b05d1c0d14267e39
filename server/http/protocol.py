"""HTTP/1.1 on a connection, by httptools, in place of uvicorn's protocol: the one module that knows httptools' API.

What it has that uvicorn's has not: bounds on the size and the time of a header block, an end that lets a client read
the answer to an upload that is refused, and upgrades that are ignored as RFC 9110 has it. What it leaves out: chunked
answers, WebSocket, access logs. An answer is one write, and a connection has one timer.
"""

import asyncio
import logging
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import unquote

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser, parse_url
from starlette.types import ASGIApp, Message, Scope

from hivestand.handlers.errors import ApiError, BadRequest, HeadersTooLarge, InternalError, RequestTimeout
from hivestand.server.errors import body_of
from hivestand.server.http.response import CONNECTION

MAX_HEAD: Final = 64 * 1024  # bytes of request line and header fields
MAX_WAITING: Final = 64 * 1024  # bytes of a body that nobody has asked for yet, before no more are read
HEAD_SECONDS: Final = 20.0
LINGER_SECONDS: Final = 1.0
KEEP_ALIVE_SECONDS: Final = 75

_TOO_LARGE: Final = HeadersTooLarge(f"The header block is larger than {MAX_HEAD} bytes")
_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES: Final = {
    number: f"HTTP/1.1 {number} {_PHRASES.get(number, '')}\r\n".encode() for number in range(100, 600)
}
_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}
_DISCONNECT: Final[Message] = {"type": "http.disconnect"}
_log = logging.getLogger(__name__)


class Cycle:
    """One request and its answer, as ASGI has them."""

    __slots__ = (
        "_expects_continue",
        "_head",
        "_is_read",
        "_parts",
        "_protocol",
        "_waiter",
        "disconnected",
        "is_answered",
        "keep_alive",
        "more_body",
        "scope",
        "waiting",
    )

    def __init__(self, protocol: "HttpProtocol", scope: Scope, *, keep_alive: bool, expects_continue: bool) -> None:
        """Begin when the head is there."""
        self._protocol = protocol
        self._expects_continue = expects_continue
        self._head = b""
        self._is_read = False
        self._parts: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self.scope = scope
        self.keep_alive = keep_alive
        self.waiting = 0  # bytes of the body that came and were not asked for yet
        self.more_body = True
        self.is_answered = False
        self.disconnected = False

    def feed(self, part: bytes) -> None:
        """A part of the body is there."""
        self._parts.append(part)
        self.waiting += len(part)
        self.wake()

    def end_body(self) -> None:
        """All of the body is there."""
        self.more_body = False
        self.wake()

    def disconnect(self) -> None:
        """Nobody is there any more to read an answer."""
        self.disconnected = True
        self.wake()

    def wake(self) -> None:
        """Let the application look again, if it waits."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def receive(self) -> Message:
        """What is there of the body, or that the client is gone."""
        if self._expects_continue:
            self._expects_continue = False
            self._protocol.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while self._has_to_wait():
            self._protocol.resume_reading()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self.disconnected or self.is_answered:
            return _DISCONNECT
        return {"type": "http.request", "body": self._taken(), "more_body": self.more_body}

    def whole_body(self) -> bytes | None:
        """The body, if it is there and nobody has read of it; then it counts as read."""
        if self.more_body or self._is_read or self.disconnected:
            return None
        return self._taken()

    def _taken(self) -> bytes:
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        self.waiting = 0
        self._is_read = not self.more_body
        return body

    def _has_to_wait(self) -> bool:
        if self.disconnected or self.is_answered:
            return False
        return self._is_read or (self.more_body and not self._parts)

    async def send(self, message: Message) -> None:
        """Write head and body at once.

        Raises:
            RuntimeError: a header cannot be written.
        """
        if self._protocol.is_full:
            await self._protocol.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start":
            self._expects_continue = False
            self._head = self._rendered(message["status"], message["headers"])
            return
        body = b"" if self.scope["method"] == "HEAD" else message.get("body", b"")
        self._protocol.write(self._head + body)
        self._head = b""
        if not message.get("more_body", False):
            self.is_answered = True
            self._protocol.answered(self)

    def _rendered(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
        fields = [b"%b: %b\r\n" % field for field in (*self._protocol.default_headers, *headers)]
        ends = any(name == b"connection" and b"close" in value.lower() for name, value in headers)
        if ends or not self._has_length(status, headers):
            self.keep_alive = False
        if not self.keep_alive and not ends:
            fields.append(b"connection: close\r\n")
        head = b"".join((_STATUS_LINES[status], *fields, b"\r\n"))
        if head.count(b"\n") != len(fields) + 2 or b"\0" in head:
            raise RuntimeError("a header that cannot be written")
        return head

    def _has_length(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> bool:
        """Whether a client knows where the body ends, if not by the end of the connection."""
        return status in {204, 304} or any(name == b"content-length" for name, _ in headers)


class Shared(Protocol):
    """What the connections of a server share: each other, the tasks of requests, and headers of every answer."""

    connections: set[Any]
    tasks: set[asyncio.Task[None]]
    default_headers: list[tuple[bytes, bytes]]


class HttpProtocol(asyncio.Protocol):
    """A connection, with bounds on what is held of a request before its application sees it.

    What breaks them, and what is no HTTP, is refused in the API's own error shape, and the connection closed. Requests
    of one connection are served one after the other.
    """

    def __init__(self, app: ASGIApp, shared: Shared, loop: asyncio.AbstractEventLoop) -> None:
        """Start before the head of the first request."""
        self._app = app
        self._shared = shared
        self._loop = loop
        self._parser = HttpRequestParser(self)
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)  # what follows is dropped, not garbage
        self._raw: asyncio.Transport
        self._about: dict[str, Any] = {}  # what the scopes of all requests share
        self._open: deque[Cycle] = deque()  # the requests that are not answered yet, in order
        self._cycle: Cycle | None = None  # the request whose body is read
        self._steps = 0  # heads begun, heads done and parts of bodies, over all requests
        self._unparsed_bytes = 0  # bytes that came since the last step
        self._fields = 0  # bytes of the finished fields of a request, trailers included
        self._in_head = False
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._expects_continue = False
        self._is_ignoring_input = False  # whatever else comes is not read as HTTP
        self._is_lingering = False
        self._is_paused = False  # nothing is read until somebody asks for it
        self._drained: asyncio.Future[None] | None = None  # while the client does not read what was written
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0  # of the loop's time, for `_on_timeout`
        self._on_timeout: Callable[[], None] | None = None  # what happens then, if anything

    @property
    def default_headers(self) -> Sequence[tuple[bytes, bytes]]:
        """Those of every answer: the date."""
        return self._shared.default_headers

    # what asyncio calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # a stream, always
        """Wait for the first head."""
        self._raw = transport
        self._shared.connections.add(self)
        self._about = {
            "type": "http",
            "asgi": _ASGI,
            "scheme": "http",
            "root_path": "",
            "server": _address(transport.get_extra_info("sockname")),
            "client": _address(transport.get_extra_info("peername")),
        }
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio
        """Let go of the timer, and of every request that is not answered."""
        self._shared.connections.discard(self)
        self._on_timeout = None
        if self._timer is not None:
            self._timer.cancel()
        for cycle in self._open:
            cycle.disconnect()
        self._open.clear()
        self._about = {}
        self.resume_writing()

    def eof_received(self) -> bool:
        """Stay open for the answers to a client that has said all it had to say."""
        if not self._open or self._open[-1].more_body:
            return False
        self._is_ignoring_input = True
        self._open[-1].keep_alive = False
        return True

    def pause_writing(self) -> None:
        """The client does not read what was written."""
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        """It does, or is gone."""
        if self._drained is not None:
            self._drained.set_result(None)
            self._drained = None

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless the connection is ending."""
        if self._is_ignoring_input or self._raw.is_closing():
            return
        steps = self._steps
        self._feed(data)
        # a head, a chunk's extensions or trailers: until the parser takes a step, it holds what it was fed
        self._unparsed_bytes = self._unparsed_bytes + len(data) if steps == self._steps else 0
        if self._unparsed_bytes > MAX_HEAD:
            self._refuse(_TOO_LARGE)
        elif not self._open and not self._is_ignoring_input and self._on_timeout != self._on_head_timeout:
            self._wait_for_head()  # what came is no part of a request that is served

    # what httptools calls

    def on_message_begin(self) -> None:
        """A request begins."""
        self._steps += 1
        self._in_head = True
        self._fields = 0
        self._url = b""
        self._headers = []
        self._expects_continue = False
        self._wait_for_head()

    def on_url(self, url: bytes) -> None:
        """A part of the request's target is there."""
        self._url += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header or trailer field is there; a trailer is no header, and is dropped (RFC 9110, 6.5.1)."""
        if self._in_head:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self._expects_continue = True
            self._headers.append((name, value))
        self._count(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        """The head is there: serve the request, as soon as those before it are answered."""
        self._on_timeout = None
        self._steps += 1
        self._in_head = False
        parser = self._parser
        if parser.should_upgrade():
            return  # it is parsed anew
        version = parser.get_http_version()
        url = parse_url(self._url)
        path = url.path.decode("ascii")
        scope = {
            **self._about,
            "http_version": version,
            "method": parser.get_method().decode("ascii"),
            "path": unquote(path) if "%" in path else path,
            "raw_path": url.path,
            "query_string": url.query or b"",
            "headers": self._headers,
            "extensions": {CONNECTION: {"end": self.end, "body": self.whole_body}},
        }
        keep_alive = version != "1.0" and parser.should_keep_alive()
        self._cycle = Cycle(self, scope, keep_alive=keep_alive, expects_continue=self._expects_continue)
        self._open.append(self._cycle)
        if len(self._open) == 1:
            self._serve(self._cycle)
        else:
            self._pause_reading()

    def on_body(self, body: bytes) -> None:
        """A part of the body is there."""
        self._steps += 1
        cycle = self._cycle
        if cycle is not None and not cycle.is_answered:
            cycle.feed(body)
            if cycle.waiting > MAX_WAITING:
                self._pause_reading()

    def on_message_complete(self) -> None:
        """The request is there, whole."""
        if self._cycle is not None:
            self._cycle.end_body()

    # what a cycle calls

    @property
    def is_full(self) -> bool:
        """Whether the client does not read what was written."""
        return self._drained is not None

    async def drain(self) -> None:
        """Wait until it does, or is gone."""
        if self._drained is not None:
            await asyncio.shield(self._drained)

    def write(self, data: bytes) -> None:
        """Send."""
        if not self._raw.is_closing():
            self._raw.write(data)

    def resume_reading(self) -> None:
        """Read on, as somebody waits for it."""
        if self._is_paused and not self._raw.is_closing():
            self._is_paused = False
            self._raw.resume_reading()

    def answered(self, cycle: Cycle) -> None:
        """The oldest request is answered: serve the next, or wait for one."""
        self._open.popleft()
        if not cycle.keep_alive:
            self._close()
        if self._raw.is_closing():
            return
        self.resume_reading()
        if self._open:
            self._serve(self._open[0])
        elif not self._is_lingering and not self._in_head:
            self._wait(KEEP_ALIVE_SECONDS, self._raw.close)

    # what uvicorn's server calls

    def shutdown(self) -> None:
        """Close, as soon as nothing is on its way."""
        if self._open:
            self._open[-1].keep_alive = False
        else:
            self._raw.close()

    def end(self, *, reset: bool) -> None:
        """Close the connection when what was sent is written, or reset it at once; no answer is sent any more."""
        self._is_ignoring_input = True
        for cycle in self._open:
            cycle.disconnected = True
        if reset:
            self._raw.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._raw.abort()
        else:
            self._raw.close()

    def whole_body(self) -> bytes | None:
        """The body of the request that is served, if it is there and nobody has read of it; None otherwise."""
        return self._open[0].whole_body() if self._open else None

    def _serve(self, cycle: Cycle) -> None:
        task = self._loop.create_task(self._run(cycle))
        self._shared.tasks.add(task)

    async def _run(self, cycle: Cycle) -> None:
        """Run the application on a request; whatever it raises is a fault of its own."""
        try:
            await self._app(cycle.scope, cycle.receive, cycle.send)
            if not cycle.is_answered and not cycle.disconnected:
                raise RuntimeError("the application did not answer")  # noqa: TRY301 - it is told like what it raises
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an answer
            _log.exception("a fault of the application")
            if not cycle.is_answered and not cycle.disconnected:
                self._fail(cycle)
        finally:
            task = asyncio.current_task()
            if task is not None:
                self._shared.tasks.discard(task)

    def _fail(self, cycle: Cycle) -> None:
        cycle.disconnect()
        self._open.popleft()
        self._write_error(InternalError("Internal server error"))
        self._raw.close()

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self._parser.feed_data(data)
            except HttpParserUpgrade as upgrade:
                data = self._without_upgrade(data[upgrade.args[0] :])
            except HttpParserError:
                too_large = self._fields > MAX_HEAD
                self._refuse(_TOO_LARGE if too_large else BadRequest("Invalid HTTP request"))
                return
            else:
                return

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

    def _count(self, size: int) -> None:
        """Count what a request's fields hold.

        Raises:
            HeadersTooLarge: it is too much; the parser stops.
        """
        self._fields += size
        if self._fields > MAX_HEAD:
            raise _TOO_LARGE

    def _pause_reading(self) -> None:
        if not self._is_paused and not self._raw.is_closing():
            self._is_paused = True
            self._raw.pause_reading()

    def _close(self) -> None:
        """End the connection; while something is still coming in, politely."""
        if self._is_ignoring_input or (self._cycle is not None and self._cycle.more_body):
            self._linger()
        else:
            self._raw.close()

    def _linger(self) -> None:
        """Let the client read the answer before the connection is reset under its upload (RFC 9112, section 9.6)."""
        if self._is_lingering or self._raw.is_closing():
            return
        if not self._raw.can_write_eof():
            self._raw.close()
            return
        self._is_ignoring_input = self._is_lingering = True
        self._raw.write_eof()
        self.resume_reading()
        self._wait(LINGER_SECONDS, self._raw.close)

    def _refuse(self, error: ApiError) -> None:
        """Answer without an application, and close; the requests before this one are answered first."""
        if self._is_ignoring_input or self._raw.is_closing():
            return
        self._is_ignoring_input = True
        if self._open and self._open[-1].more_body:
            self._open.pop().disconnect()  # this is its answer, and its application's is not sent
        if self._open:
            self._open[-1].keep_alive = False
            return
        self._write_error(error)
        self._linger()

    def _write_error(self, error: ApiError) -> None:
        body = body_of(error)
        head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
        self.write(_STATUS_LINES[error.status] + head + body)

    def _wait_for_head(self) -> None:
        self._wait(HEAD_SECONDS, self._on_head_timeout)

    def _on_head_timeout(self) -> None:
        if not self._steps:
            self._raw.close()  # nothing ever came
        elif self._open:
            self._wait_for_head()  # the answer to the request before comes first
        else:
            self._refuse(RequestTimeout(f"The request did not arrive within {HEAD_SECONDS:g} seconds"))

    def _wait(self, seconds: float, late: Callable[[], None]) -> None:
        """Have `late` called unless something else is waited for by then; a timer that ends sooner serves."""
        self._on_timeout = late
        self._deadline = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._deadline:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._deadline, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._on_timeout is None:
            return
        if self._loop.time() < self._deadline:
            self._set_timer()
            return
        late, self._on_timeout = self._on_timeout, None
        late()


def _address(name: Any) -> tuple[str, int] | None:
    """Host and port of a socket's name, where it has them."""
    return (str(name[0]), int(name[1])) if isinstance(name, (tuple, list)) else None
