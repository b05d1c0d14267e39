"""HTTP on a socket, by uvicorn: the one module that knows uvicorn's API.

uvicorn bounds neither the size nor the time of a header block, and drops a refused upload in the middle; its protocol
is extended here by those bounds and by a polite end.
"""

import asyncio
import signal
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

import uvicorn
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from skep.handlers.errors import ApiError, BadRequest, HeadersTooLarge, RequestTimeout
from skep.server.errors import body_of
from skep.server.response import CONNECTION

MAX_HEAD: Final = 64 * 1024  # bytes of request line and header fields
HEAD_SECONDS: Final = 20.0
LINGER_SECONDS: Final = 1.0
KEEP_ALIVE_SECONDS: Final = 75
GRACE_SECONDS: Final = 10

_TOO_LARGE: Final = HeadersTooLarge(f"The header block is larger than {MAX_HEAD} bytes")


class _Transport:
    """A transport that ends through its protocol, which knows whether an upload is still on its way."""

    __slots__ = ("_protocol", "get_extra_info", "pause_reading", "resume_reading", "write")

    def __init__(self, transport: asyncio.Transport, protocol: "BoundedProtocol") -> None:
        self._protocol = protocol
        self.write = transport.write
        self.get_extra_info = transport.get_extra_info
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading

    def close(self) -> None:
        self._protocol.close()

    def is_closing(self) -> bool:
        return self._protocol.is_closing()


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 with bounds on what is held of a request before its application sees it.

    What breaks them, and what is no HTTP, is refused in the API's own error shape, and the connection closed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start before the head of the first request."""
        super().__init__(*args, **kwargs)
        self._steps = 0  # heads begun, heads done and parts of bodies, over all requests
        self._held = 0  # bytes that came since the last step
        self._fields = 0  # bytes of the finished fields of a request, trailers included
        self._timer: asyncio.TimerHandle | None = None
        self._in_head = False
        self._open: deque[RequestResponseCycle] = deque()  # the requests that are not answered yet, in order
        self._deaf = False  # whatever else comes is not read as HTTP
        self._lingering = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Wait for the first head."""
        self._raw = transport
        super().connection_made(_Transport(transport, self))  # type: ignore[arg-type] # all that uvicorn uses of one
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the timer, and of every request that is not answered."""
        self._stop_timer()
        self.pipeline.clear()
        for cycle in self._open:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio asks for it, uvicorn gives nothing
        """Stay open for the answers to a client that has said all it had to say."""
        if not self._open or self._open[-1].more_body:
            return False
        self._deaf = True
        self._open[-1].keep_alive = False
        return True

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless the connection is ending."""
        if self._deaf or self._raw.is_closing():
            return
        self._unset_keepalive_if_required()
        steps = self._steps
        self._feed(data)
        # a head, a chunk's extensions or trailers: until the parser takes a step, it holds what it was fed
        self._held = self._held + len(data) if steps == self._steps else 0
        if self._held > MAX_HEAD:
            self._refuse(_TOO_LARGE)
        elif self._timer is None and not self._open:
            self._wait_for_head()  # what came is no part of a request that is served

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as upgrade:
                data = self._without_upgrade(data[upgrade.args[0] :])
            except HttpParserError:
                too_large = self._fields > MAX_HEAD
                self._refuse(_TOO_LARGE if too_large else BadRequest("Invalid HTTP request"))
                return
            else:
                return

    def _should_upgrade(self) -> bool:
        """Take every upgrade out of uvicorn's hands, which forgets the body of the request that asks for it."""
        return True

    def _without_upgrade(self, rest: bytes) -> bytes:
        """What to parse anew of a request that asks for another protocol: the same without its wish (RFC 9110, 7.8)."""
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(BadRequest("CONNECT is for proxies"))
            return b""
        line = b"%b %b HTTP/%b\r\n" % (method, self.url, self.parser.get_http_version().encode())
        fields = b"".join(b"%b: %b\r\n" % field for field in self.headers if field[0] != b"upgrade")
        self.parser = HttpRequestParser(self)
        return line + fields + b"\r\n" + rest

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._steps += 1
        self._in_head = True
        self._fields = 0
        if self._timer is None:
            self._wait_for_head()

    def on_url(self, url: bytes) -> None:
        """Count the request line."""
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header or trailer field; a trailer is no header, and is dropped (RFC 9110, 6.5.1)."""
        if self._in_head:
            super().on_header(name, value)
        self._count(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        """The head is there: serve the request."""
        self._stop_timer()
        self._steps += 1
        self._in_head = False
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:  # the same where the request asks for an upgrade, and is parsed anew
            self._open.append(self.cycle)
            self.cycle.scope["extensions"] = {CONNECTION: {"end": self.end}}

    def end(self, *, reset: bool) -> None:
        """Close the connection when what was sent is written, or reset it at once; no answer is sent any more."""
        self._deaf = True
        for cycle in self._open:
            cycle.disconnected = True
        if reset:
            self._raw.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._raw.abort()
        else:
            self._raw.close()

    def on_response_complete(self) -> None:
        """The oldest request is answered."""
        self._open.popleft()
        super().on_response_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body is there."""
        self._steps += 1
        super().on_body(body)

    def _count(self, size: int) -> None:
        """Count what a request's fields hold.

        Raises:
            HeadersTooLarge: it is too much; the parser stops.
        """
        self._fields += size
        if self._fields > MAX_HEAD:
            raise _TOO_LARGE

    def is_closing(self) -> bool:
        """Whether no further request is served on this connection."""
        return self._lingering or self._raw.is_closing()

    def close(self) -> None:
        """End the connection; while something is still coming in, politely."""
        if self._deaf or (self.cycle is not None and self.cycle.more_body):
            self._linger()
        else:
            self._raw.close()

    def _linger(self) -> None:
        """Let the client read the answer before the connection is reset under its upload (RFC 9112, section 9.6)."""
        if self.is_closing():
            return
        if not self._raw.can_write_eof():
            self._raw.close()
            return
        self._deaf = self._lingering = True
        self._raw.write_eof()
        self.flow.resume_reading()
        self._stop_timer()
        self._timer = self.loop.call_later(LINGER_SECONDS, self._raw.close)

    def _wait_for_head(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def _head_is_late(self) -> None:
        self._timer = None
        if not self._steps:
            self._raw.close()  # nothing ever came
        elif self._open:
            self._wait_for_head()  # the answer to the request before comes first
        else:
            self._refuse(RequestTimeout(f"The request did not arrive within {HEAD_SECONDS:g} seconds"))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, error: ApiError) -> None:
        """Answer without an application, and close; the requests before this one are answered first."""
        if self._deaf or self._raw.is_closing():
            return
        self._deaf = True
        if self._open and self._open[-1].more_body:
            broken = self._open.pop()  # this is its answer, and its application's is not sent
            broken.disconnected = True
            if self.pipeline:
                self.pipeline.popleft()
        if self._open:
            self._open[-1].keep_alive = False
            return
        body = body_of(error)
        head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
        self._raw.write(STATUS_LINE[error.status] + head + body)
        self._linger()


class HttpServer(uvicorn.Server):
    """uvicorn, saying when it serves, and ending with status 0 when it is asked to end."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], lifeline: int | None) -> None:
        """Call `ready` when requests are answered, and end when there is something to read at `lifeline`."""
        super().__init__(config)
        self._ready = ready
        self._lifeline = lifeline

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        if self._lifeline is not None:
            asyncio.get_running_loop().add_reader(self._lifeline, self._orphaned)
        self._ready()

    def _orphaned(self) -> None:
        """End as if told to."""
        asyncio.get_running_loop().remove_reader(self._lifeline or 0)
        self.handle_exit(signal.SIGTERM, None)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as a wish to end, without raising them again afterwards as uvicorn does.

        A worker leaves SIGINT to its parent, a thread both to its program.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = [signal.SIGTERM] if self._lifeline is not None else [signal.SIGINT, signal.SIGTERM]
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def end(self) -> None:
        """End at once, whatever is in flight."""
        self.should_exit = self.force_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Finish the answers in flight; at a second signal, end at once."""
        self.force_exit = self.should_exit
        super().handle_exit(sig, frame)


async def serve(app: ASGIApp, listener: socket.socket, ready: Callable[[], None], lifeline: int | None = None) -> None:
    """Serve the application on a bound socket until SIGINT or SIGTERM, or until `lifeline` can be read.

    Calls `ready` when requests are answered.
    """
    await HttpServer(configure(app), ready, lifeline).serve([listener])


def configure(app: ASGIApp) -> uvicorn.Config:
    """How uvicorn runs the application."""
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens on the address; port 0 takes a free one.

    Raises:
        OSError: the address cannot be had.
    """
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server(address[:2], family=family, backlog=2048)


def url_of(listener: socket.socket) -> str:
    """The URL of the address that a socket listens on."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
