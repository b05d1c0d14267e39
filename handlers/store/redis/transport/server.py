"""One Redis server, and the lines to it."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection as Connection

from hivestand.handlers.store.redis.transport.connection import Command, PipelinedConnection

LARGE_CALL: Final = 256 * 1024  # bytes, from which on a call has a line and a patience of its own
LARGE_TIMEOUT_FACTOR: Final = 5  # times the time for any other
MAX_WAIT: Final = 1.0  # seconds for which a call may ask Redis to wait


class Server:
    """One Redis: a line for what is small, and others for what is large, or waits, and must not hold the small up."""

    def __init__(self, connect: Callable[[], Connection], timeout: float, wait: int) -> None:
        """Connect later; a call has `timeout` seconds, a write is done when `wait` replicas have it."""
        self._small = PipelinedConnection(connect, timeout, wait)
        self._large = PipelinedConnection(connect, timeout * LARGE_TIMEOUT_FACTOR, wait)
        self._waiting = PipelinedConnection(connect, timeout + MAX_WAIT)

    async def call(self, _key: str, *commands: Command, size: int = 0, write: bool = False, seconds: float = 0) -> Any:
        """The reply to the last of the commands; `size` is the client's part of them, bytes.

        Commands that Redis may take its time for say for how many `seconds`, at most `MAX_WAIT`.
        """
        line = self._waiting if seconds else self._large if size >= LARGE_CALL else self._small
        return await line.call(*commands, size=size, write=write)

    async def call_each(self, command: Command) -> Sequence[Any]:
        """The reply of each server that takes writes: of this one."""
        return [await self._small.call(command)]

    @property
    def is_idle(self) -> bool:
        """Whether no call is on its way."""
        return self._small.is_idle and self._large.is_idle and self._waiting.is_idle

    async def close(self) -> None:
        """Drop all connections."""
        for line in (self._small, self._large, self._waiting):
            await line.close()


def server_at(url: str, timeout: float, wait: int) -> Server:
    """The server at a URL; its options are redis-py's, save those on time and decoding, which are ours.

    Raises:
        TypeError, ValueError, RedisError: there is no such option, or not with that value.
    """
    pool = ConnectionPool.from_url(url)
    ours = {"socket_timeout": None, "socket_connect_timeout": timeout, "decode_responses": False}
    options = {**pool.connection_kwargs, **ours}
    pool.connection_class(**options)
    return Server(lambda: pool.connection_class(**options), timeout, wait)
