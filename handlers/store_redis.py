"""The Redis store: one hash for each event. The one module that knows redis-py.

The hash `skep:event:<tenant's digest>:<event's id>` holds the packed text in the field `p` and each merged member in a
field of its own. A script decides creation, so that of any number of first posts exactly one wins, whole.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterable
from hashlib import sha1
from itertools import chain
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection as Connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError, ResponseError

from skep.handlers.encoding import EncodedEvent
from skep.handlers.errors import StoreUnavailable
from skep.handlers.tenant import Tenant

OLDEST: Final = (6, 2)  # the oldest Redis that is supported; Valkey reports 7.2 or later
TIMEOUT: Final = 2.0  # seconds
PIPELINE: Final = 1024 * 1024  # bytes of what clients sent that travel in one pipeline
LARGE: Final = 256 * 1024  # bytes, from which on a call has a line and a patience of its own

# Fields and values come length-prefixed in one argument: a body may hold more of them than a command may have
# arguments, and Lua's unpack stops at 8,000.
_CREATE_OR_MERGE: Final = """
local created = redis.call('HSETNX', KEYS[1], 'p', ARGV[1]) == 1
local at, pairs = 1, {}
while at <= #ARGV[2] do
  pairs[#pairs + 1], at = struct.unpack('<I4c0', ARGV[2], at)
  if #pairs == 1000 or at > #ARGV[2] then
    redis.call('HSET', KEYS[1], unpack(pairs))
    pairs = {}
  end
end
if created then return {} end
return redis.call('HGETALL', KEYS[1])
"""
_DIGEST: Final = sha1(_CREATE_OR_MERGE.encode(), usedforsecurity=False).hexdigest()


class Call(NamedTuple):
    """A command, how many bytes of it are the client's, and its reply to come."""

    command: tuple[Any, ...]
    size: int
    reply: asyncio.Future[Any]


class Line:
    """One connection to Redis. Calls of one event-loop turn travel as one pipeline, as do those that come meanwhile.

    A call that Redis refuses fails alone. If the connection fails, so do the calls that are on their way; if it stalls,
    those that wait for it as well, so that no call waits for the timeouts of two.
    """

    def __init__(self, connect: Callable[[], Connection], timeout: float) -> None:
        """Connect at the first call; `timeout` is in seconds, from a pipeline's departure to its last reply."""
        self._connect = connect
        self._timeout = timeout
        self._connection: Connection | None = None
        self._waiting: deque[Call] = deque()
        self._travelling: asyncio.Task[None] | None = None

    async def call(self, *command: Any, size: int = 0) -> Any:
        """The reply to a command.

        Raises:
            RedisError: Redis refused it, or could not be reached in time.
        """
        loop = asyncio.get_running_loop()
        call = Call(command, size, loop.create_future())
        self._waiting.append(call)
        if self._travelling is None:
            self._travelling = loop.create_task(self._travel())
        return await call.reply

    async def close(self) -> None:
        """Drop the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect()

    async def _travel(self) -> None:
        while self._waiting:
            calls = self._next_calls()
            try:
                async with asyncio.timeout(self._timeout):
                    replies = await self._exchange([call.command for call in calls])
            except TimeoutError:
                calls = [*calls, *self._waiting]
                self._waiting.clear()
                replies = [RedisConnectionError("no reply in time")] * len(calls)
            except Exception as error:  # noqa: BLE001 - whatever redis-py makes of a server that talks nonsense
                replies = [RedisConnectionError(str(error))] * len(calls)
            _settle(calls, replies)
        self._travelling = None

    def _next_calls(self) -> list[Call]:
        """As many of those that wait as make up a pipeline that Redis and the network are soon done with."""
        calls = [self._waiting.popleft()]
        size = calls[0].size
        while self._waiting and (size := size + self._waiting[0].size) <= PIPELINE:
            calls.append(self._waiting.popleft())
        return calls

    async def _exchange(self, commands: list[tuple[Any, ...]]) -> list[Any]:
        """The replies to a pipeline, over a new connection if Redis has dropped the old one.

        To send it twice is harmless, as each command writes the same values again.
        """
        try:
            if self._connection is not None:
                try:
                    return await _pipeline(self._connection, commands)
                except RedisConnectionError:
                    await self.close()
            self._connection = self._connect()
            await self._connection.connect()  # type: ignore[no-untyped-call] # redis-py leaves it bare
            return await _pipeline(self._connection, commands)
        except BaseException:
            await self.close()  # replies may still be on their way, and must not be taken for those of others
            raise


async def _pipeline(connection: Connection, commands: list[tuple[Any, ...]]) -> list[Any]:
    """Send the commands at once; gives a reply for each, or the error that it was refused with."""
    await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
    replies: list[Any] = []
    for _ in commands:
        try:
            replies.append(await connection.read_response(disconnect_on_error=False))
        except ResponseError as refusal:  # anything else is no reply, and leaves the connection out of step
            replies.append(refusal)
    return replies


def _settle(calls: list[Call], replies: list[Any]) -> None:
    for call, reply in zip(calls, replies, strict=True):
        if call.reply.done():
            continue  # whoever asked is gone
        if isinstance(reply, Exception):
            call.reply.set_exception(reply)
        else:
            call.reply.set_result(reply)


class RedisStore:
    """Events in Redis 6.2 or later, or Valkey, at a `redis://`, `rediss://` or `unix://` URL."""

    kind = "redis"

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        """Read the URL, without connecting; `timeout` is in seconds, for a call and its reply.

        Raises:
            ValueError: the URL cannot be read.
        """
        if urlsplit(url).port == 0:
            raise ValueError("no port in the URL of the store")
        pool = ConnectionPool.from_url(url)
        ours = {"socket_timeout": None, "socket_connect_timeout": timeout, "decode_responses": False}
        options = {**pool.connection_kwargs, **ours}
        try:
            pool.connection_class(**options)
        except (TypeError, RedisError) as error:  # an option in the URL that there is not, or not with that value
            raise ValueError(str(error)) from error
        self._line = Line(lambda: pool.connection_class(**options), timeout)
        self._large = Line(lambda: pool.connection_class(**options), timeout * 5)

    async def open(self) -> None:
        """Connect, and refuse a server older than 6.2."""
        info = await self._call("INFO", "server")
        version = re.search(rb"redis_version:(\d+)\.(\d+)[^\r\n]*", info if isinstance(info, bytes) else b"")
        if version is None:
            raise StoreUnavailable("What answers is no Redis")
        if (int(version[1]), int(version[2])) < OLDEST:
            told = version[0].decode().partition(":")[2]
            raise StoreUnavailable(f"Redis {told} is too old, skep needs {'.'.join(map(str, OLDEST))} or later")

    async def check(self) -> None:
        """Return if Redis answers a PING."""
        await self._call("PING")

    async def create_or_merge(self, tenant: Tenant, event_id: str, event: EncodedEvent) -> EncodedEvent:
        """Keep the event, or merge into the one that is there, in one script."""
        pairs = _length_prefixed(chain.from_iterable(event.merged.items()))
        arguments = (1, _key(tenant, event_id), event.packed, pairs)
        size = len(event.packed) + len(pairs)
        try:
            reply = await self._call("EVALSHA", _DIGEST, *arguments, size=size)
        except NoScriptError:  # after a restart, or SCRIPT FLUSH
            reply = await self._call("EVAL", _CREATE_OR_MERGE, *arguments, size=size)
        return _decode(reply) if reply else event

    async def read(self, tenant: Tenant, event_id: str) -> EncodedEvent | None:
        """The tenant's event of that id, or None."""
        reply = await self._call("HGETALL", _key(tenant, event_id))
        return _decode(reply) if reply else None

    async def close(self) -> None:
        """Close both connections."""
        await self._line.close()
        await self._large.close()

    async def _call(self, *command: Any, size: int = 0) -> Any:
        """Whatever Redis refuses, from a lost connection to a full memory, the client may try again later."""
        line = self._large if size >= LARGE else self._line
        try:
            return await line.call(*command, size=size)
        except NoScriptError:
            raise
        except RedisError as error:
            raise StoreUnavailable from error


def _key(tenant: Tenant, event_id: str) -> str:
    return f"skep:event:{tenant.digest}:{event_id}"


def _length_prefixed(texts: Iterable[bytes]) -> bytes:
    return b"".join(chain.from_iterable((len(text).to_bytes(4, "little"), text) for text in texts))


def _decode(reply: list[bytes] | dict[bytes, bytes]) -> EncodedEvent:
    fields = reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))
    packed = fields.pop(b"p")
    return EncodedEvent(packed, fields)
