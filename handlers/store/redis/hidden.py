"""Hidden events that workers on a Redis share: a hash `<prefix>:{<digest>:plan}:windows` for each tenant.

A field is an event's id; its value is the time at which the event becomes visible, Unix milliseconds by Redis's clock,
a space, and the packed event.
"""

from typing import Final

from hivestand.handlers.store.redis.transport.client import NOW, Client, script
from hivestand.handlers.tenant import Tenant

_HIDE: Final = script(
    NOW
    + """
local life = tonumber(ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now / 1000 + life) .. ' ' .. ARGV[2])
return redis.call('PEXPIRE', KEYS[1], math.max(life, redis.call('PTTL', KEYS[1])))
"""
)
_FIND: Final = script(
    NOW
    + """
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if not kept then return false end
local at = string.find(kept, ' ', 1, true)
if tonumber(string.sub(kept, 1, at - 1)) > now / 1000 then return string.sub(kept, at + 1) end
redis.call('HDEL', KEYS[1], ARGV[1])
return false
"""
)
_FORGET: Final = script("return redis.call('UNLINK', KEYS[1])")


class RedisHiddenEvents:
    """Packed events by tenant and id."""

    def __init__(self, client: Client, prefix: str) -> None:
        """Take the beginning of every key."""
        self._client = client
        self._prefix = prefix

    async def hide(self, tenant: Tenant, event_id: str, packed: bytes, seconds: float) -> None:
        """Keep an event aside for that many seconds."""
        life = max(1, round(seconds * 1000))
        await self._client.run(_HIDE, (self._key(tenant),), event_id, packed, life, size=len(packed))

    async def find(self, tenant: Tenant, event_id: str) -> bytes | None:
        """The packed event that is hidden under an id, or None."""
        packed: bytes | None = await self._client.run(_FIND, (self._key(tenant),), event_id)
        return packed

    async def forget(self, tenant: Tenant) -> None:
        """Drop a tenant's hidden events."""
        await self._client.run(_FORGET, (self._key(tenant),))

    def _key(self, tenant: Tenant) -> str:
        return f"{self._prefix}:{{{tenant.digest}:plan}}:windows"
