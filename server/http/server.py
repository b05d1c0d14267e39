"""HTTP on a socket, by uvicorn: the one module that knows uvicorn's API; connections are those of `protocol.py`."""

import asyncio
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

import uvicorn
from uvicorn.server import ServerState

from hivestand.server.http.buffers import Buffers
from hivestand.server.http.protocol import HttpProtocol, Respond

GRACE_SECONDS: Final = 10


class HttpServer(uvicorn.Server):
    """uvicorn's server, which announces that it serves, and exits with status 0 after SIGTERM or SIGINT."""

    def __init__(
        self,
        respond: Respond,
        ready: Callable[[], None],
        close: Callable[[], Awaitable[None]],
        buffers: Buffers,
        lifeline: int | None = None,
    ) -> None:
        """Respond to requests.

        Calls `ready` once it does, and `close` after the last response. `buffers` bound what connections hold. Ends
        when `lifeline`, a file descriptor, can be read.
        """
        super().__init__(_config(respond, buffers))
        self._ready = ready
        self._close = close
        self._lifeline = lifeline

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and call `ready`."""
        await super().startup(sockets)
        if self._lifeline is not None:
            asyncio.get_running_loop().add_reader(self._lifeline, self._orphaned)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish the responses in flight, then let go of what they needed."""
        await super().shutdown(sockets)
        await self._close()

    def _orphaned(self) -> None:
        """End as if by SIGTERM."""
        asyncio.get_running_loop().remove_reader(self._lifeline or 0)
        self.handle_exit(signal.SIGTERM, None)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Treat SIGINT and SIGTERM as a request to end, without raising them again afterwards as uvicorn does.

        A worker leaves SIGINT to its parent; a thread leaves both to its program.
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
        """Finish the responses in flight; at a second signal, end at once."""
        self.force_exit = self.should_exit
        super().handle_exit(sig, frame)


def _config(respond: Respond, buffers: Buffers) -> uvicorn.Config:
    def connection(server_state: ServerState, **_unused: Any) -> HttpProtocol:
        return HttpProtocol(respond, server_state, buffers, asyncio.get_running_loop())

    return uvicorn.Config(
        respond,  # uvicorn loads it and never calls it
        http=connection,  # type: ignore[arg-type] # uvicorn expects a class, and only calls it
        ws="none",
        lifespan="off",
        proxy_headers=False,
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
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
