"""The Redis store: one hash for each event, and an index of each tenant's events.

A tenant's events are spread over buckets by their ids. The keys of a bucket share a hash tag, and so a slot of a
cluster: its index `<prefix>:{<tenant's digest>:<bucket>}`, a sorted set of ids by when it may forget them, and its
events `<index>:<id>`. That time, in microseconds, is the event's expiry, or a century after its last write. An event's
hash holds the event as it was created in the field `e`, and each member that was merged since in a field of its own.
One script decides creation, so that of any number of first posts exactly one wins, whole; it writes event and index in
one step.
"""

import asyncio
from binascii import crc32
from collections.abc import Iterable, Sequence
from typing import Any, Final

from skep.handlers.encoding import EncodedEvent, merge, pack, unpack
from skep.handlers.errors import StoreUnavailable
from skep.handlers.journal_redis import RedisJournal
from skep.handlers.plans_redis import RedisPlans
from skep.handlers.redis_client import client_for, script
from skep.handlers.store import Found, StoreOptions
from skep.handlers.tenant import Tenant

OLDEST: Final = (6, 2)  # the oldest Redis that is supported; Valkey reports 7.2 or later
BUCKETS: Final = 256  # of a tenant: enough to spread one tenant over a large cluster, few enough to empty at once
RESET_STEP: Final = 100  # events that one script deletes: a fraction of a millisecond of Redis's time
FOR_EVER: Final = 100 * 365 * 86_400 * 1_000_000  # microseconds after which the index may forget what does not expire
SLACK: Final = 1000  # milliseconds by which an entry of the index outlives its event
LONGEST: Final = 10**9  # seconds that a ttl can be: thirty years

# The index comes first: should Redis refuse the rest, an id without an event harms nobody.
_INDEX: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[3]), ARGV[1])
"""

# Members come length-prefixed in the one argument that is kept on creation: a body may hold more of them than a command
# may have arguments, and Lua's unpack stops at 8,000.
_WRITE: Final = """
local created = redis.call('HSETNX', KEYS[1], 'e', ARGV[2]) == 1
if not created then
  local at, fields = 5 + struct.unpack('<I4', ARGV[2]), {}
  while at <= #ARGV[2] do
    fields[#fields + 1], at = struct.unpack('<I4c0', ARGV[2], at)
    if #fields == 1000 or at > #ARGV[2] then
      redis.call('HSET', KEYS[1], unpack(fields))
      fields = {}
    end
  end
end
"""

# The last write decides whether an event expires. An index expires with the last of its events, or not at all.
_KEEP: Final = """
redis.call('PERSIST', KEYS[2])
if not created then redis.call('PERSIST', KEYS[1]) end
"""
_INDEX_LIFE: Final = """
local life = redis.call('PTTL', KEYS[2])
"""
_EXPIRE: Final = """
redis.call('PEXPIRE', KEYS[1], ARGV[4])
if life ~= -1 then redis.call('PEXPIRE', KEYS[2], math.max(life, ARGV[4] + 1000)) end
local gone = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now), 'LIMIT', 0, 100)
if #gone > 0 then redis.call('ZREM', KEYS[2], unpack(gone)) end
"""

_ANSWER: Final = """
if created then return {} end
return redis.call('HGETALL', KEYS[1])
"""
_CREATE_OR_MERGE: Final = script(_INDEX + _WRITE + _KEEP + _ANSWER)
_CREATE_OR_MERGE_FOR_A_TIME: Final = script(_INDEX_LIFE + _INDEX + _WRITE + _EXPIRE + _ANSWER)

# All keys are declared, so that a cluster refuses this while they are on the move, and loses sight of none.
_RESET: Final = script("""
for number = 2, #KEYS do
  redis.call('UNLINK', KEYS[number])
  redis.call('ZREM', KEYS[1], ARGV[number - 1])
end
return #KEYS
""")


class RedisStore:
    """Events in Redis 6.2 or later, or Valkey: one server, or a cluster."""

    kind = "redis"

    def __init__(self, url: str, options: StoreOptions) -> None:
        """Read the URL, without connecting.

        Raises:
            ValueError: the URL or an option cannot be used.
        """
        if set(options.prefix) & set("{}"):
            raise ValueError("the prefix of the store's keys cannot hold a brace: braces mark the hash tag")
        options.prefix.encode()  # a UnicodeEncodeError is a ValueError
        if options.ttl is not None and options.ttl > LONGEST:
            raise ValueError(f"a ttl of more than {LONGEST} seconds is not supported")
        self._client = client_for(url, options.timeout, options.wait)
        self.journal = RedisJournal(self._client, options.prefix, options.journal)
        self.plans = RedisPlans(self._client, options.prefix, self.journal.flush)
        self._prefix = options.prefix
        self._wait = options.wait
        self._script = _CREATE_OR_MERGE if options.ttl is None else _CREATE_OR_MERGE_FOR_A_TIME
        self._ttl = None if options.ttl is None else max(1, round(options.ttl * 1000))

    async def check(self) -> Sequence[str]:
        """What would lose data, once each, however many servers there are."""
        infos = await self._client.read_each(("INFO",))
        warnings = (warning for info in infos for warning in self._warnings(_usable(info)))
        return tuple(dict.fromkeys(warnings))

    async def create_or_merge(self, tenant: Tenant, event_id: str, event: EncodedEvent) -> EncodedEvent:
        """Keep the event, or merge into the one that is there, in one script."""
        index = self._index(tenant, crc32(event_id.encode()) % BUCKETS)
        keys = (f"{index}:{event_id}", index)
        written = pack(event)
        life = (FOR_EVER,) if self._ttl is None else ((self._ttl + SLACK) * 1000, self._ttl)
        reply = await self._client.run(self._script, keys, event_id, written, *life, size=len(written))
        return _decode(reply) if reply else event

    async def read(self, tenant: Tenant, event_id: str) -> EncodedEvent | None:
        """The tenant's event of that id, or None."""
        key = f"{self._index(tenant, crc32(event_id.encode()) % BUCKETS)}:{event_id}"
        reply = await self._client.read(key, ("HGETALL", key))
        return _decode(reply) if reply else None

    async def newest(self, tenant: Tenant, before: Found | None, count: int) -> Sequence[Found]:
        """The tenant's events that were written last, the newest first: the newest of each bucket, put in order."""
        end = "+inf" if before is None else before.place
        indexes = (self._index(tenant, bucket) for bucket in range(BUCKETS))
        # one more, as the bound takes in what has the same place as the one before
        commands = (
            (index, ("ZREVRANGEBYSCORE", index, end, "-inf", "WITHSCORES", "LIMIT", 0, count + 1)) for index in indexes
        )
        replies = await asyncio.gather(*(self._client.read(index, command) for index, command in commands))
        found = [Found(int(place), event_id.decode()) for reply in replies for event_id, place in _scores(reply)]
        return sorted((each for each in found if before is None or each < before), reverse=True)[:count]

    async def reset(self, tenant: Tenant) -> None:
        """Delete all of the tenant, its events in steps, bucket by bucket.

        What is written meanwhile may be deleted too, as if it had come before: neither was answered yet when the other
        began.
        """
        await self.plans.forget(tenant)
        await self.journal.clear(tenant)
        buckets = (self._empty(self._index(tenant, bucket)) for bucket in range(BUCKETS))
        for failure in await asyncio.gather(*buckets, return_exceptions=True):  # none runs on behind the answer
            if failure is not None:
                raise failure

    async def close(self) -> None:
        """Write what waits, and close all connections."""
        await self.journal.close()
        await self.plans.close()
        await self._client.close()

    async def _empty(self, index: str) -> None:
        while ids := await self._client.read(index, ("ZRANGE", index, 0, RESET_STEP - 1)):
            names = [event_id.decode() for event_id in ids]
            await self._client.run(_RESET, (index, *(f"{index}:{name}" for name in names)), *names)

    def _index(self, tenant: Tenant, bucket: int) -> str:
        return f"{self._prefix}:{{{tenant.digest}:{bucket:02x}}}"

    def _warnings(self, info: dict[bytes, bytes]) -> Iterable[str]:
        if info.get(b"aof_enabled") == b"0":
            yield "Redis has no append-only file (appendonly no): what it holds is lost when it ends unexpectedly"
        policy = info.get(b"maxmemory_policy", b"noeviction").decode()
        if policy.startswith("allkeys") or (self._ttl and policy != "noeviction"):
            yield f"Redis evicts events when its memory is full (maxmemory-policy {policy})"
        replicas = int(info.get(b"connected_slaves", self._wait))
        if replicas < self._wait:
            yield f"Redis has {replicas} of the {self._wait} replicas that writes wait for, and so they get 503"


def _usable(reply: object) -> dict[bytes, bytes]:
    """The fields of an INFO, of a server that can be used.

    Raises:
        StoreUnavailable: it is older than 6.2, is loading its data, is a replica, or is no Redis.
    """
    lines = reply.splitlines() if isinstance(reply, bytes) else []
    info = {name: value for name, _, value in (line.partition(b":") for line in lines)}
    version = info.get(b"redis_version", b"").decode(errors="replace")
    if not version:
        raise StoreUnavailable("What answers is no Redis")
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < OLDEST:
        raise StoreUnavailable(f"Redis {version} is too old, skep needs {'.'.join(map(str, OLDEST))} or later")
    if info.get(b"loading", b"0") != b"0":
        raise StoreUnavailable("Redis is loading its data")
    if info.get(b"role") == b"slave":
        raise StoreUnavailable("This Redis is a replica, and takes no writes")
    return info


def _scores(reply: Any) -> Iterable[tuple[bytes, bytes | float]]:
    """Members and scores, as either protocol of Redis gives them."""
    if reply and isinstance(reply[0], list):
        return ((member, score) for member, score in reply)
    return zip(reply[::2], reply[1::2], strict=True)


def _decode(reply: list[bytes] | dict[bytes, bytes]) -> EncodedEvent:
    merged = reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))
    return merge(unpack(merged.pop(b"e")), merged)
