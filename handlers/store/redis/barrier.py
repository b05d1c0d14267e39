"""The barrier of workers on one Redis: each follows a stream of changes and says how far it has come.

In one slot lie the plans `<prefix>:{plans}` (a hash by digest), the tenants `…:tenants` (likewise, and when each came
in `…:tenants:seen`), the stream of changes `…:changes`, and the workers `…:workers`: for each, the id of the last
change it has applied, and until when that counts, by Redis's clock. A change is acknowledged once no worker whose lease
still runs is behind it. A worker whose lease has run out reloads all plans before it serves: so one that died delays a
change by `LEASE` at most, and one that was cut off knows it.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from hivestand.handlers.errors import StoreUnavailable
from hivestand.handlers.store.delayed import DelayedWrites
from hivestand.handlers.store.plans import NO_PLAN, Change, Plan, PlanTable, decode_plan, encode_plan
from hivestand.handlers.store.redis.tenants import RedisTenants
from hivestand.handlers.store.redis.transport.client import NOW, Client, fields_of, script
from hivestand.handlers.store.tenants import MAX_TENANTS
from hivestand.handlers.tenant import Tenant

_log = logging.getLogger(__name__)

LEASE: Final = 3.0  # seconds that a worker's lease lasts
LEASE_MARGIN: Final = 0.5  # seconds by which a worker gives up its lease early
FOLLOW_SECONDS: Final = 0.5  # after which a worker renews its lease, without a change
PAUSES: Final = (0.001, 0.002, 0.004, 0.008, 0.016)  # seconds between checks for workers that are behind
MAX_CHANGES: Final = 10_000  # changes that the stream keeps: more than can come in one lease

# Everything at once: all plans, and the change up to which they are known.
_REFRESH: Final = script(
    NOW
    + """
local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)
local id = last[1] and last[1][1] or '0-0'
redis.call('HSET', KEYS[4], ARGV[1], id .. ' ' .. string.format('%.0f', now / 1000 + ARGV[2]))
return {id, redis.call('HGETALL', KEYS[1])}
"""
)

# A worker that is not known any more has missed something: its Redis was emptied, or it was silent for too long.
_FOLLOW: Final = script(
    NOW
    + """
if redis.call('HEXISTS', KEYS[4], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[4], ARGV[1], ARGV[3] .. ' ' .. string.format('%.0f', now / 1000 + ARGV[2]))
for number = 4, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[number], ARGV[number + 1])
  redis.call('ZADD', KEYS[5], now, ARGV[number])
end
local excess = redis.call('ZCARD', KEYS[5]) - MAX_TENANTS
if excess > 0 then
  for _, digest in ipairs(redis.call('ZRANGE', KEYS[5], 0, excess - 1)) do redis.call('HDEL', KEYS[2], digest) end
  redis.call('ZREMRANGEBYRANK', KEYS[5], 0, excess - 1)
end
return 1
""".replace("MAX_TENANTS", str(MAX_TENANTS))
)

_BEHIND: Final = script(
    NOW
    + """
local function parts(id) local a, b = string.match(id, '(%d+)-(%d+)') return tonumber(a), tonumber(b) end
local time, number = parts(ARGV[1])
local workers, behind = redis.call('HGETALL', KEYS[4]), 0
for at = 1, #workers, 2 do
  local id, life = string.match(workers[at + 1], '(%S+) (%d+)')
  local itstime, itsnumber = parts(id)
  local is_behind = itstime < time or (itstime == time and itsnumber < number)
  if tonumber(life) < now / 1000 or (is_behind and ARGV[2] == '1') then
    redis.call('HDEL', KEYS[4], workers[at])
  elseif is_behind then
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
  redis.call('ZREM', KEYS[5], ARGV[2])
end
return redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], '*', 'kind', ARGV[1], 'digest', ARGV[2])
""")


def keys_of(prefix: str) -> tuple[str, str, str, str, str]:
    """The keys of plans, tenants, changes, workers and when tenants came, all in one slot."""
    tag = f"{prefix}:{{plans}}"
    return tag, f"{tag}:tenants", f"{tag}:changes", f"{tag}:workers", f"{tag}:tenants:seen"


class WorkerState(NamedTuple):
    """What a worker holds in memory, and the barrier keeps current.

    Attributes:
        plans: every plan.
        tenants: the tenants that the worker has noted.
        delayed: the writes that wait for their time.
        flush: writes the journal entries that the worker still holds.
    """

    plans: PlanTable
    tenants: RedisTenants
    delayed: DelayedWrites
    flush: Callable[[], Awaitable[None]]


class RedisBarrier:
    """The place of this worker among all that share a Redis."""

    def __init__(self, client: Client, prefix: str, state: WorkerState) -> None:
        """Connect later; keep the state current."""
        self._client = client
        self._keys = keys_of(prefix)
        self._plans, self._tenants, self._delayed, self._flush = state
        self._settlers: list[Callable[[], None]] = []
        self._id = ""
        self._position: bytes = b"0-0"
        self._fresh_until = 0.0
        self._following: asyncio.Task[None] | None = None
        self._refreshing: asyncio.Task[None] | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether this worker's lease runs, so that no change was acknowledged that it does not know of."""
        return time.monotonic() < self._fresh_until

    async def refresh(self) -> None:
        """Reload all plans; callers at the same time share one reload."""
        if self._refreshing is None:
            self._refreshing = asyncio.get_running_loop().create_task(self._refresh())
            self._refreshing.add_done_callback(self._refreshed)
        await asyncio.shield(self._refreshing)

    async def change(self, tenant: Tenant, change: Change) -> Plan:
        """Change a plan if it is still what it was when it was read, otherwise read it again."""
        if tenant.ids:
            self._tenants.note(tenant)
        while True:
            text = await self._client.read(self._keys[0], ("HGET", self._keys[0], tenant.digest))
            plan = change(_plan_of(tenant.digest, text) if text else NO_PLAN)
            if await self._announce("plan", tenant.digest, text or b"", encode_plan(plan)):
                return plan

    async def settle(self) -> None:
        """Have every worker write what it holds; nothing is where Redis takes no writes."""
        try:
            await self._announce("settle", "")
        except StoreUnavailable as error:
            if not error.is_refusal:
                raise

    def on_settle(self, write: Callable[[], None]) -> None:
        """Have this worker call `write`, too, before it counts as settled."""
        self._settlers.append(write)

    async def forget(self, tenant: Tenant) -> None:
        """Drop a tenant's plan and registration; once this returns, no worker writes anything that came before."""
        await self._announce("reset", tenant.digest)

    async def close(self) -> None:
        """Stop following, and say so, so that no change waits for this worker; cancel all delayed writes."""
        tasks = [task for task in (self._following, self._refreshing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._delayed.close()
        if self._id:
            with suppress(StoreUnavailable):
                await self._client.read(self._keys[3], ("HDEL", self._keys[3], self._id))

    async def _announce(self, kind: str, digest: str, *plans: bytes) -> bool:
        """Make a change and wait until every live worker has it; False if the plan was another by then."""
        change = await self._client.run(_CHANGE, self._keys, kind, digest, MAX_CHANGES, *plans)
        if change is None:
            return False
        pauses, loop = iter(PAUSES), asyncio.get_running_loop()
        given_up = loop.time() + LEASE  # by then a worker that is behind has given up its lease, whatever Redis's clock
        while await self._client.run(_BEHIND, self._keys, change, int(loop.time() > given_up)):  # noqa: ASYNC110 - they are other processes
            await asyncio.sleep(next(pauses, PAUSES[-1]))
        return True

    def _refreshed(self, task: asyncio.Task[None]) -> None:
        self._refreshing = None
        if not task.cancelled():
            task.exception()  # everyone who waits for it gets it

    async def _refresh(self) -> None:
        self._id = self._id or secrets.token_hex(8)
        before = time.monotonic()
        try:
            position, plans = await self._client.run(_REFRESH, self._keys, self._id, round(LEASE * 1000), durable=False)
        except StoreUnavailable as error:
            if not error.is_refusal:
                raise
            # it takes no writes, so no plan can change: good for this request, without a lease
            plans = await self._client.read(self._keys[0], ("HGETALL", self._keys[0]))
            self._plans.replace(_plans_of(plans))
            return
        self._position = position
        self._plans.replace(_plans_of(plans))
        self._tenants.discard_all()
        self._fresh_until = before + LEASE - LEASE_MARGIN
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
                await asyncio.sleep(FOLLOW_SECONDS)
            except Exception:  # noqa: BLE001 - a worker that follows no more would hold up every change
                _log.exception("a bug in following the changes of plans")
                await asyncio.sleep(FOLLOW_SECONDS)

    async def _follow_once(self) -> None:
        """Apply the changes that have come, or wait for some; then renew the lease."""
        before = time.monotonic()
        command = ("XREAD", "BLOCK", round(FOLLOW_SECONDS * 1000), "STREAMS", self._keys[2], self._position)
        if reply := await self._client.wait(self._keys[2], command, FOLLOW_SECONDS):
            before = time.monotonic()
            changes = _changes(reply)
            await self._apply([(fields[b"kind"], fields[b"digest"].decode()) for _, fields in changes])
            self._position = changes[-1][0]
        pending, self._tenants.pending = self._tenants.pending, {}
        arguments: list[Any] = []
        for tenant in pending.values():
            arguments += tenant
        try:
            known = await self._client.run(
                _FOLLOW, self._keys, self._id, round(LEASE * 1000), self._position, *arguments, durable=False
            )
        except StoreUnavailable:
            self._tenants.pending = {**pending, **self._tenants.pending}
            raise
        self._fresh_until = before + LEASE - LEASE_MARGIN if known else 0.0

    async def _apply(self, changes: Sequence[tuple[bytes, str]]) -> None:
        """Do what the changes ask for: they count as applied once this returns."""
        await self._flush()
        for write in self._settlers:
            write()
        changed = {digest for kind, digest in changes if kind != b"settle"}
        for digest in {digest for kind, digest in changes if kind == b"reset"}:
            self._tenants.discard(digest)
            await self._delayed.drop(digest)
        if changed:
            digests = sorted(changed)
            texts = await self._client.read(self._keys[0], ("HMGET", self._keys[0], *digests))
            for digest, text in zip(digests, texts, strict=True):
                self._plans.put(digest, None if text is None else _plan_of(digest, text))


def _plans_of(reply: Any) -> dict[str, Plan]:
    return {digest.decode(): _plan_of(digest.decode(), text) for digest, text in fields_of(reply).items()}


def _plan_of(digest: str, text: bytes) -> Plan:
    """The plan of a tenant; none where it cannot be read, as another version may have written it."""
    try:
        return decode_plan(text)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        _log.warning("the plan of the tenant %s cannot be read, and is ignored: %s", digest, error)
        return NO_PLAN


def _changes(reply: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """The entries of the one stream that was read."""
    entries = next(iter(reply.values())) if isinstance(reply, dict) else reply[0][1]
    return [(entry[0], fields_of(entry[1])) for entry in entries]
