"""Counters that workers on a Redis share: a hash `<prefix>:{<digest>:plan}:counts` for each tenant."""

from typing import Final

from hivestand.handlers.store.redis.transport.client import Client, script
from hivestand.handlers.tenant import Tenant

COUNTERS_TTL: Final = 86_400  # seconds after its last use that a tenant's counters are kept

_COUNT: Final = script("""
local count = redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
redis.call('EXPIRE', KEYS[1], ARGV[2])
return count - 1
""")
_FORGET: Final = script("return redis.call('UNLINK', KEYS[1])")


class RedisCounters:
    """Numbers by tenant and name."""

    def __init__(self, client: Client, prefix: str) -> None:
        """Take the beginning of every key."""
        self._client = client
        self._prefix = prefix

    async def next_number(self, digest: str, name: str) -> int:
        """Count once more; returns how often it was counted before, by any worker."""
        count: int = await self._client.run(_COUNT, (self._key(digest),), name, COUNTERS_TTL)
        return count

    async def current_number(self, digest: str, name: str) -> int:
        """How often it was counted."""
        key = self._key(digest)
        return int(await self._client.read(key, ("HGET", key, name)) or 0)

    async def forget(self, tenant: Tenant) -> None:
        """Start a tenant's counters from 0 again."""
        await self._client.run(_FORGET, (self._key(tenant.digest),))

    def _key(self, digest: str) -> str:
        return f"{self._prefix}:{{{digest}:plan}}:counts"
