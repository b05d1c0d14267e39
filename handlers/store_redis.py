"""The Redis store: one hash for each event. The one module that knows redis-py.

The hash `skep:event:<tenant's digest>:<event's id>` holds the packed text in the field `p` and each merged member in a
field of its own. A script decides creation, so that of any number of first posts exactly one wins, whole.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Final
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from skep.handlers.encoding import EncodedEvent
from skep.handlers.errors import StoreUnavailable
from skep.handlers.tenant import Tenant

OLDEST: Final = (6, 2)  # the oldest Redis that is supported; Valkey reports 7.2 or later
TIMEOUT: Final = 2.0  # seconds
CONNECTIONS: Final = 32

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


class RedisStore:
    """Events in Redis 6.2 or later, or Valkey, at a `redis://`, `rediss://` or `unix://` URL."""

    kind = "redis"

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        """Read the URL, without connecting; `timeout` is in seconds, for a connection and for a reply.

        Raises:
            ValueError: the URL cannot be read.
        """
        if urlsplit(url).port == 0:
            msg = f"no port in {url!r}"
            raise ValueError(msg)
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            # A pooled connection may have gone stale. Every call writes the same values again if repeated, so one
            # repeat is harmless; a reply that is merely late is not asked for twice.
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )
        try:
            pool.connection_class(**pool.connection_kwargs)
        except TypeError as error:  # an option in the URL that there is not
            raise ValueError(str(error)) from error
        self._redis = Redis.from_pool(pool)
        self._create_or_merge = self._redis.register_script(_CREATE_OR_MERGE)

    async def open(self) -> None:
        """Connect, and refuse a server older than 6.2."""
        with _as_unavailable():
            info = await self._redis.info("server")
        version = str(info["redis_version"])
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
            msg = f"Redis {version} is too old, skep needs {'.'.join(map(str, OLDEST))} or later"
            raise StoreUnavailable(msg)

    async def check(self) -> None:
        """Return if Redis answers a PING."""
        with _as_unavailable():
            await self._redis.ping()

    async def create_or_merge(self, tenant: Tenant, event_id: str, event: EncodedEvent) -> EncodedEvent:
        """Keep the event, or merge into the one that is there, in one script."""
        pairs = _length_prefixed(chain.from_iterable(event.merged.items()))
        with _as_unavailable():
            reply = await self._create_or_merge(keys=[_key(tenant, event_id)], args=[event.packed, pairs])
        return _decode(reply) if reply else event

    async def read(self, tenant: Tenant, event_id: str) -> EncodedEvent | None:
        """The tenant's event of that id, or None."""
        with _as_unavailable():
            fields: dict[bytes, bytes] = await self._redis.hgetall(_key(tenant, event_id))  # type: ignore[assignment] # no decoding is asked for
        return _from_fields(fields) if fields else None

    async def close(self) -> None:
        """Close all connections."""
        await self._redis.aclose(close_connection_pool=True)


@contextmanager
def _as_unavailable() -> Iterator[None]:
    """Whatever Redis refuses, from a lost connection to a full memory, the client may try again later."""
    try:
        yield
    except RedisError as error:
        raise StoreUnavailable from error


def _key(tenant: Tenant, event_id: str) -> str:
    return f"skep:event:{tenant.digest}:{event_id}"


def _length_prefixed(texts: Iterable[bytes]) -> bytes:
    return b"".join(chain.from_iterable((len(text).to_bytes(4, "little"), text) for text in texts))


def _decode(reply: list[bytes]) -> EncodedEvent:
    return _from_fields(dict(zip(reply[::2], reply[1::2], strict=True)))


def _from_fields(fields: dict[bytes, bytes]) -> EncodedEvent:
    packed = fields.pop(b"p")
    return EncodedEvent(packed, fields)
