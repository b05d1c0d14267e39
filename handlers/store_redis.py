"""The Redis store: one hash for each event. The one module that knows redis-py.

The hash `skep:event:<tenant's digest>:<event's id>` holds the packed text in the field `p` and each merged member in a
field of its own. A script decides creation, so that of any number of first posts exactly one wins, whole.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from hashlib import sha1
from itertools import chain
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection as Connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError

from skep.handlers.encoding import EncodedEvent
from skep.handlers.errors import StoreUnavailable
from skep.handlers.tenant import Tenant

OLDEST: Final = (6, 2)  # the oldest Redis that is supported; Valkey reports 7.2 or later
TIMEOUT: Final = 2.0  # seconds

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
    """A command, and its reply to come."""

    command: tuple[Any, ...]
    reply: asyncio.Future[Any]


class Line:
    """One connection to Redis. Calls of one event-loop turn travel as one pipeline, as do those that come meanwhile.

    A call that Redis refuses fails alone. If the connection fails, so do the calls that are on their way; if it stalls,
    those that wait for it as well, so that no call waits longer than the timeout.
    """

    def __init__(self, connect: Callable[[], Connection], timeout: float) -> None:
        """Connect at the first call; `timeout` is in seconds, from a pipeline's departure to its last reply."""
        self._connect = connect
        self._timeout = timeout
        self._connection: Connection | None = None
        self._waiting: list[Call] = []
        self._travelling: asyncio.Task[None] | None = None

    async def call(self, *command: Any) -> Any:
        """The reply to a command.

        Raises:
            RedisError: Redis refused it, or could not be reached in time.
        """
        loop = asyncio.get_running_loop()
        call = Call(command, loop.create_future())
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
            calls, self._waiting = self._waiting, []
            try:
                async with asyncio.timeout(self._timeout):
                    replies = await self._exchange([call.command for call in calls])
            except TimeoutError:
                calls, self._waiting = [*calls, *self._waiting], []
                replies = [RedisConnectionError("no reply in time")] * len(calls)
            except (RedisError, OSError) as error:
                replies = [RedisConnectionError(str(error))] * len(calls)
            _settle(calls, replies)
        self._travelling = None

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
        except RedisConnectionError:
            raise
        except RedisError as refusal:
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
            msg = f"no port in {url!r}"
            raise ValueError(msg)
        pool = ConnectionPool.from_url(url)
        options = {**pool.connection_kwargs, "socket_timeout": None, "socket_connect_timeout": timeout}
        try:
            pool.connection_class(**options)
        except TypeError as error:  # an option in the URL that there is not
            raise ValueError(str(error)) from error
        self._line = Line(lambda: pool.connection_class(**options), timeout)

    async def open(self) -> None:
        """Connect, and refuse a server older than 6.2."""
        info = await self._call("INFO", "server")
        version = re.search(rb"redis_version:(\d+)\.(\d+)[^\r\n]*", info)
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
        try:
            reply = await self._call("EVALSHA", _DIGEST, *arguments)
        except NoScriptError:  # after a restart, or SCRIPT FLUSH
            reply = await self._call("EVAL", _CREATE_OR_MERGE, *arguments)
        return _decode(reply) if reply else event

    async def read(self, tenant: Tenant, event_id: str) -> EncodedEvent | None:
        """The tenant's event of that id, or None."""
        reply = await self._call("HGETALL", _key(tenant, event_id))
        return _decode(reply) if reply else None

    async def close(self) -> None:
        """Close the connection."""
        await self._line.close()

    async def _call(self, *command: Any) -> Any:
        """Whatever Redis refuses, from a lost connection to a full memory, the client may try again later."""
        try:
            return await self._line.call(*command)
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
