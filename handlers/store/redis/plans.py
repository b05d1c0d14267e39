"""The plans of servers that share a Redis: each worker has all of them, and says how far it has followed.

In one slot lie the plans `<prefix>:{plans}` (a hash by digest), the tenants `…:tenants` (likewise), the stream of
changes `…:changes`, and the workers `…:workers`: of each the id of the last change that it follows, and until when its
word counts, by Redis's clock. A change is answered when no worker whose word counts is behind it. A worker whose word
counts no more has to refresh before it serves: so one that died delays a change by `LEASE` at most, and one that was
cut off knows it.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from hivestand.handlers.errors import StoreUnavailable
from hivestand.handlers.store.later import Later
from hivestand.handlers.store.plans import ALL_TENANTS, NO_PLAN, Change, Plan, combine, decode_plan, encode_plan
from hivestand.handlers.store.redis.transport.client import Client, script
from hivestand.handlers.tenant import Tenant

LEASE: Final = 3.0  # seconds for which a worker's word counts
SAFETY: Final = 0.5  # seconds that it takes itself to count for less
FOLLOW: Final = 0.5  # seconds after which it gives its word again, without a change
PAUSES: Final = (0.001, 0.002, 0.004, 0.008, 0.016)  # seconds between two looks for workers that are behind
CHANGES: Final = 10_000  # that the stream holds: more than can come in a lease
COUNTS_LIFE: Final = 86_400  # seconds after its last use that a count is kept

_NOW: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

# Everything at once: all plans, and the change up to which they are known.
_REFRESH: Final = script(
    _NOW
    + """
local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)
local id = last[1] and last[1][1] or '0-0'
redis.call('HSET', KEYS[4], ARGV[1], id .. ' ' .. string.format('%.0f', now + ARGV[2]))
return {id, redis.call('HGETALL', KEYS[1])}
"""
)

# A worker that is not known any more has missed something: its Redis was emptied, or it was silent for too long.
_FOLLOW: Final = script(
    _NOW
    + """
if redis.call('HEXISTS', KEYS[4], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[4], ARGV[1], ARGV[3] .. ' ' .. string.format('%.0f', now + ARGV[2]))
for number = 4, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[number], ARGV[number + 1]) end
return 1
"""
)

_BEHIND: Final = script(
    _NOW
    + """
local function parts(id) local a, b = string.match(id, '(%d+)-(%d+)') return tonumber(a), tonumber(b) end
local time, number = parts(ARGV[1])
local workers, behind = redis.call('HGETALL', KEYS[4]), 0
for at = 1, #workers, 2 do
  local id, life = string.match(workers[at + 1], '(%S+) (%d+)')
  local itstime, itsnumber = parts(id)
  if tonumber(life) < now then
    redis.call('HDEL', KEYS[4], workers[at])
  elseif itstime < time or (itstime == time and itsnumber < number) then
    behind = behind + 1
  end
end
return behind
"""
)

# Compare and set; ARGV: kind, digest, the number of changes that are kept, the plan before and after, or neither.
_CHANGE: Final = script("""
if ARGV[1] == 'plan' then
  if (redis.call('HGET', KEYS[1], ARGV[2]) or '') ~= ARGV[4] then return false end
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[5])
elseif ARGV[1] == 'reset' then
  redis.call('HDEL', KEYS[1], ARGV[2])
  redis.call('HDEL', KEYS[2], ARGV[2])
end
return redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], '*', 'kind', ARGV[1], 'digest', ARGV[2])
""")

# What goes with a tenant's plan: `<prefix>:{<digest>:plan}:counts` and `…:windows`, hashes both.
_COUNT: Final = script("""
local count = redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
redis.call('EXPIRE', KEYS[1], ARGV[2])
return count - 1
""")
_OPEN: Final = script(
    _NOW
    + """
local life = tonumber(ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f', now + life) .. ' ' .. ARGV[2])
return redis.call('PEXPIRE', KEYS[2], math.max(life, redis.call('PTTL', KEYS[2])))
"""
)
_WINDOW: Final = script(
    _NOW
    + """
local kept = redis.call('HGET', KEYS[2], ARGV[1])
if not kept then return false end
local at = string.find(kept, ' ', 1, true)
if tonumber(string.sub(kept, 1, at - 1)) > now then return string.sub(kept, at + 1) end
redis.call('HDEL', KEYS[2], ARGV[1])
return false
"""
)
_FORGET: Final = script("return redis.call('UNLINK', KEYS[1], KEYS[2])")


class RedisPlans:
    """Plans that all workers on a Redis share."""

    def __init__(self, client: Client, prefix: str, flush: Callable[[], Awaitable[None]]) -> None:
        """Connect later; `flush` writes what this worker still holds of its journal."""
        self._client = client
        self._prefix = prefix
        self._flush = flush
        tag = f"{prefix}:{{plans}}"
        self._keys = (tag, f"{tag}:tenants", f"{tag}:changes", f"{tag}:workers")
        self._plans: dict[str, Plan] = {}
        self._noted: set[str] = set()
        self._unwritten: dict[str, Tenant] = {}
        self._leaves: list[Callable[[], None]] = []
        self._later = Later()
        self._id = ""
        self._position: bytes = b"0-0"
        self._fresh_until = 0.0
        self._following: asyncio.Task[None] | None = None
        self._refreshing: asyncio.Task[None] | None = None

    def plan_for(self, tenant: Tenant) -> Plan | None:
        """What is planned for a tenant."""
        self._note(tenant)
        if not self._plans:
            return None
        return combine(self._plans.get(tenant.digest), self._plans.get(ALL_TENANTS.digest))

    def _note(self, tenant: Tenant) -> None:
        if tenant.digest not in self._noted:
            self._noted.add(tenant.digest)
            self._unwritten[tenant.digest] = tenant

    @property
    def is_fresh(self) -> bool:
        """Whether this worker's word counts, and so no change was answered that it does not know of."""
        return asyncio.get_running_loop().time() < self._fresh_until

    async def refresh(self) -> None:
        """Read all plans; those who want it at the same time share it."""
        if self._refreshing is None:
            self._refreshing = asyncio.get_running_loop().create_task(self._refresh())
            self._refreshing.add_done_callback(self._refreshed)
        await asyncio.shield(self._refreshing)

    def all(self) -> Mapping[str, Plan]:
        """Every plan, by its tenant's digest."""
        return self._plans

    async def change(self, tenant: Tenant, change: Change) -> Plan:
        """Change a plan where it is still what it was, else again."""
        if tenant.ids:
            self._note(tenant)
        while True:
            text = await self._client.read(self._keys[0], ("HGET", self._keys[0], tenant.digest))
            plan = change(decode_plan(text) if text else NO_PLAN)
            if await self._announce("plan", tenant.digest, text or b"", encode_plan(plan)):
                return plan

    async def settle(self) -> None:
        """Have every worker write what it holds."""
        await self._announce("settle", "")

    def on_settle(self, leave: Callable[[], None]) -> None:
        """Have this worker do that, too."""
        self._leaves.append(leave)

    async def next_number(self, digest: str, name: str) -> int:
        """How often this was called before."""
        count: int = await self._client.run(_COUNT, self._beside(digest), name, COUNTS_LIFE)
        return count

    async def current_number(self, digest: str, name: str) -> int:
        """How often it was counted."""
        counts, _ = self._beside(digest)
        return int(await self._client.read(counts, ("HGET", counts, name)) or 0)

    async def tenants(self) -> Sequence[Tenant]:
        """Every tenant that made a request since its last reset."""
        await self.settle()
        found = _pairs(await self._client.read(self._keys[1], ("HGETALL", self._keys[1])))
        return tuple(Tenant(digest.decode(), ids) for digest, ids in found.items())

    def later(self, tenant: Tenant, seconds: float, write: Callable[[], Awaitable[object]]) -> None:
        """Write something later."""
        self._later.add(tenant.digest, seconds, write)

    async def open_window(self, tenant: Tenant, event_id: str, event: bytes, seconds: float) -> None:
        """Keep an event aside."""
        life = max(1, round(seconds * 1000))
        await self._client.run(_OPEN, self._beside(tenant.digest), event_id, event, life, size=len(event))

    async def window(self, tenant: Tenant, event_id: str) -> bytes | None:
        """What is kept aside of that id, or None."""
        kept: bytes | None = await self._client.run(_WINDOW, self._beside(tenant.digest), event_id)
        return kept

    async def forget(self, tenant: Tenant) -> None:
        """Drop all of a tenant: afterwards no worker writes anything for it that came before."""
        await self._announce("reset", tenant.digest)
        await self._client.run(_FORGET, self._beside(tenant.digest))

    async def close(self) -> None:
        """Stop following, and say so, so that nobody waits for this worker."""
        tasks = [task for task in (self._following, self._refreshing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._later.close()
        if self._id:
            with suppress(StoreUnavailable):
                await self._client.read(self._keys[3], ("HDEL", self._keys[3], self._id))

    async def _announce(self, kind: str, *arguments: Any) -> bool:
        """Make a change and wait until every live worker has it; False if the plan was another by now."""
        digest, *plans = arguments
        change = await self._client.run(_CHANGE, self._keys, kind, digest, CHANGES, *plans)
        if change is None:
            return False
        pauses = iter(PAUSES)
        while await self._client.run(_BEHIND, self._keys, change):  # noqa: ASYNC110 - they are other processes
            await asyncio.sleep(next(pauses, PAUSES[-1]))
        return True

    def _refreshed(self, task: asyncio.Task[None]) -> None:
        self._refreshing = None
        if not task.cancelled():
            task.exception()  # whoever waits has it, too

    async def _refresh(self) -> None:
        self._id = self._id or secrets.token_hex(8)
        before = asyncio.get_running_loop().time()
        position, plans = await self._client.run(_REFRESH, self._keys, self._id, round(LEASE * 1000), durable=False)
        self._position = position
        self._plans = {digest.decode(): decode_plan(text) for digest, text in _pairs(plans).items()}
        self._noted.clear()
        self._fresh_until = before + LEASE - SAFETY
        if self._following is None:
            self._following = asyncio.get_running_loop().create_task(self._follow())

    async def _follow(self) -> None:
        """Follow the changes for as long as this worker lives; whatever fails is tried again."""
        while True:
            try:
                if not self.is_fresh:
                    await self.refresh()
                await self._follow_once()
            except StoreUnavailable:
                await asyncio.sleep(FOLLOW)

    async def _follow_once(self) -> None:
        before = asyncio.get_running_loop().time()
        command = ("XREAD", "BLOCK", round(FOLLOW * 1000), "STREAMS", self._keys[2], self._position)
        changes = _changes(await self._client.wait(self._keys[2], command, FOLLOW))
        if changes:
            before = asyncio.get_running_loop().time()
            await self._take([(fields[b"kind"], fields[b"digest"].decode()) for _, fields in changes])
            self._position = changes[-1][0]
        unwritten, self._unwritten = self._unwritten, {}
        tenants = [part for tenant in unwritten.values() for part in tenant]
        try:
            known = await self._client.run(
                _FOLLOW, self._keys, self._id, round(LEASE * 1000), self._position, *tenants, durable=False
            )
        except StoreUnavailable:
            self._unwritten = {**unwritten, **self._unwritten}
            raise
        self._fresh_until = before + LEASE - SAFETY if known else 0.0

    async def _take(self, changes: Sequence[tuple[bytes, str]]) -> None:
        """Do what the changes ask for: once it is said that they are done, they are."""
        await self._flush()
        for leave in self._leaves:
            leave()
        changed = {digest for kind, digest in changes if kind != b"settle"}
        for digest in {digest for kind, digest in changes if kind == b"reset"}:
            self._noted.discard(digest)
            self._unwritten.pop(digest, None)
            await self._later.drop(digest)
        if changed:
            digests = sorted(changed)
            texts = await self._client.read(self._keys[0], ("HMGET", self._keys[0], *digests))
            for digest, text in zip(digests, texts, strict=True):
                if text is None:
                    self._plans.pop(digest, None)
                else:
                    self._plans[digest] = decode_plan(text)

    def _beside(self, digest: str) -> tuple[str, str]:
        tag = f"{self._prefix}:{{{digest}:plan}}"
        return f"{tag}:counts", f"{tag}:windows"


def _pairs(reply: Any) -> dict[bytes, bytes]:
    """A hash, as either protocol of Redis gives it."""
    return reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))


def _changes(reply: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """The entries of the one stream that was read, none if nothing came."""
    if not reply:
        return []
    entries = next(iter(reply.values())) if isinstance(reply, dict) else reply[0][1]
    return [(entry[0], _pairs(entry[1])) for entry in entries]
