"""What all connections of a server hold together: bodies that arrive, and responses that are not written or read."""

import asyncio
from typing import Final, Protocol

SWEEP_SECONDS: Final = 0.3  # between two looks at the clients that do not read
MIN_RATE: Final = 4096  # bytes a second that a client has to read of a response, so as not to be stalled


class Outgoing(Protocol):
    """A transport, as far as it writes."""

    def get_write_buffer_size(self) -> int:
        """How many bytes wait to be written."""

    def abort(self) -> None:
        """Close it at once."""


class Writer(Protocol):
    """A connection, as far as what it has to write is concerned.

    Attributes:
        written: bytes of the last response, all of which are held while some of them wait.
        unread: bytes that waited when somebody looked last and the client was found to read.
        unread_since: when that was, on the loop's clock.
    """

    written: int
    unread: int
    unread_since: float

    @property
    def transport(self) -> Outgoing:
        """What it writes to."""

    def flush(self) -> None:
        """Write the responses that are ready."""


class Buffers:
    """Counts the bytes that connections hold, and ends those of clients that do not read.

    Attributes:
        held: bytes of bodies that are arriving, and of responses that wait out a planned delay.
    """

    def __init__(self, max_bytes: int, write_timeout: float) -> None:
        """Allow `max_bytes` in all, and `write_timeout` seconds for a client to go on reading."""
        self.held = 0
        self._max_bytes = max_bytes
        self._write_timeout = write_timeout
        self._unread = 0  # bytes of responses, at the last sweep
        self._watched: set[Writer] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._unflushed: list[Writer] = []

    @property
    def is_full(self) -> bool:
        """Whether no more is to be held for a client."""
        return self.held + self._unread > self._max_bytes

    def flush_soon(self, connection: Writer, loop: asyncio.AbstractEventLoop) -> None:
        """Have a connection write its responses at the end of this turn of the event loop, with all others."""
        if not self._unflushed:
            loop.call_soon(self._flush)
        self._unflushed.append(connection)

    def _flush(self) -> None:
        unflushed, self._unflushed = self._unflushed, []
        for connection in unflushed:
            connection.flush()

    def watch(self, connection: Writer) -> None:
        """Look after a connection whose client may not read, until all that was written is read."""
        self._watched.add(connection)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._look)

    def forget(self, connection: Writer) -> None:
        """Let go of a connection that is closed."""
        self._watched.discard(connection)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self.sweep(loop.time())
        self._timer = loop.call_later(SWEEP_SECONDS, self._look) if self._watched else None

    def sweep(self, now: float) -> None:
        """Abort the connections whose clients do not read, and, of too many bytes, those that have not for longest."""
        slow: list[Writer] = []
        self._unread = 0
        for connection in list(self._watched):
            size = connection.transport.get_write_buffer_size()
            if not size:
                connection.unread = 0
                self._watched.discard(connection)
                continue
            waited = now - connection.unread_since
            if not connection.unread or connection.unread - size >= MIN_RATE * self._write_timeout:
                connection.unread, connection.unread_since = size, now
            elif waited >= self._write_timeout:
                connection.transport.abort()
                continue
            self._unread += max(size, connection.written)
            slow.append(connection)
        slow.sort(key=lambda each: each.unread_since, reverse=True)
        while slow and self.is_full:
            slowest = slow.pop()
            self._unread -= max(slowest.transport.get_write_buffer_size(), slowest.written)
            slowest.transport.abort()
