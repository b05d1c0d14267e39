"""The Redis store: one hash for each event, and an index of each tenant's events.

A tenant's events are spread over buckets by their ids. The keys of a bucket share a hash tag, and so a slot of a
cluster: its index `<prefix>:{<tenant's digest>:<bucket>}`, its events `<index>:<id>`, and, where events expire, when:
`<index>:expiries`. The index is a sorted set without scores, with three members for each event: the digest of a
property, start time, arrival (the worker's time in microseconds, never the same twice) and id (`members.py`). An
event's hash holds the event as it was created in the field `e`, what its members in the index are made of in the field
`i`, and whatever was merged since in a field of its own; then its size is in the field `s`. One script decides
creation, so that of any number of first posts exactly one wins, whole; it writes event and index in one step.
"""

import asyncio
import time
from binascii import crc32
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import chain, takewhile
from secrets import token_hex
from typing import Any, Final, NamedTuple
from uuid import UUID

from hivestand.handlers.errors import StoreUnavailable
from hivestand.handlers.event.aggregation import Totals, change_of, share_of
from hivestand.handlers.event.encoding import EncodedEvent, merge, pack, spread, unpack
from hivestand.handlers.event.index import Found, IndexEntry, Selection
from hivestand.handlers.event.normalise import TYPES
from hivestand.handlers.store.delayed import DelayedWrites
from hivestand.handlers.store.plans import PlanTable
from hivestand.handlers.store.protocol import MAX_EVENT, MAX_FIELDS, READ_BYTES, StoreOptions, Written, too_large
from hivestand.handlers.store.redis.barrier import RedisBarrier, WorkerState, keys_of
from hivestand.handlers.store.redis.counters import RedisCounters
from hivestand.handlers.store.redis.hidden import RedisHiddenEvents
from hivestand.handlers.store.redis.index import count, find, ranges_of
from hivestand.handlers.store.redis.journal import RedisJournal
from hivestand.handlers.store.redis.members import DIGEST, digest, found_at, packed_id, place_of, tail_of
from hivestand.handlers.store.redis.tenants import RedisTenants
from hivestand.handlers.store.redis.totals import (
    ACCOUNT,
    CHANGES,
    COUNT,
    FORGET_EARLY,
    PLACE_EARLY,
    PREPARE,
    READ_EARLY,
    READ_TOTALS,
    change_argument,
    share_argument,
    totals_in,
)
from hivestand.handlers.store.redis.transport.client import NOW, client_for, fields_of, script
from hivestand.handlers.store.redis.transport.connection import SilenceTimeout
from hivestand.handlers.tenant import Tenant

OLDEST_REDIS: Final = (6, 2)  # the oldest Redis that is supported; Valkey reports 7.2 or later
BUCKETS: Final = 32  # buckets of a tenant: enough to spread it over a large cluster, few enough to query at once
EVENTS_PER_SCRIPT: Final = 100  # events that one script reads or deletes: a fraction of a millisecond of Redis's time
WRITES_PER_SCRIPT: Final = 32  # events that one script writes, likewise
MAX_WRITTEN: Final = 256 * 1024  # bytes of events that one script writes, unless a single one is larger
CHECKED_SECONDS: Final = 1.0  # for which a check is valid
LARGE: Final = 16 * 1024  # bytes of an event that is taken apart in a turn of its own
MAX_TTL: Final = 10**9  # seconds that a ttl can be: thirty years

_THERE: Final = 3  # the reply of the script that creates for an event that is there

# KEYS: the index, its totals where they are kept, expiries where events expire, and events of its bucket. ARGV: how
# many milliseconds an event lives, whether an event that was there already is asked for, and for each event its id in
# sixteen bytes, what to write, its digests, start time and arrival, or nothing where it is not to be created, and its
# share of the totals (`totals.py`). The reply has for each event 1 where it
# was created, 2 or what it is now where it was merged into, 0 where it is not there, -1 where it would be too large.

# The index comes first: should Redis refuse the rest, an id without an event harms nobody. A later write enters an
# event again, as its members may have been cleared in the millisecond in which it was to expire.
_ENTER: Final = f"""
local function enter(id, place, ended)
  local order, members = string.sub(place, {3 * DIGEST + 1}) .. id, {{}}
  for at = 1, {2 * DIGEST + 1}, {DIGEST} do
    members[#members + 1], members[#members + 2] = 0, string.sub(place, at, at + {DIGEST - 1}) .. order
  end
  if ended then members[#members + 1], members[#members + 2] = 0, ended end
  redis.call('ZADD', KEYS[1], unpack(members))
end
"""

# Members come length-prefixed in the one argument that is kept on creation: a body may hold more of them than a command
# may have arguments, and Lua's unpack stops at 8,000. A merge of nothing is a write all the same: it has an offset in
# the replication stream that WAIT can wait for. The field `s` holds the event's size once something was merged.
_MERGE: Final = """
local function merge(event, place, written)
  local at, fields, new = 5 + struct.unpack('<I4', written), {'i', place}, 0
  local size = tonumber(redis.call('HGET', event, 's')) or redis.call('HSTRLEN', event, 'e')
  while at <= #written do
    local name, value
    name, at = struct.unpack('<I4c0', written, at)
    value, at = struct.unpack('<I4c0', written, at)
    local before = redis.call('HSTRLEN', event, name)
    if before == 0 then
      new, size = new + 1, size + #name
    end
    size = size + #value - before
    fields[#fields + 1], fields[#fields + 2] = name, value
  end
  if new > 0 and redis.call('HLEN', event) + new > MAX_FIELDS or size > MAX_EVENT then return false end
  if #fields > 2 then fields[#fields + 1], fields[#fields + 2] = 's', size end
  for start = 1, #fields, 1000 do
    redis.call('HSET', event, unpack(fields, start, math.min(start + 999, #fields)))
  end
  return true
end
""".replace("MAX_FIELDS", str(MAX_FIELDS + 3)).replace("MAX_EVENT", str(MAX_EVENT))

_CLEAR: Final = f"""
local function clear(index, expiries, now)
  local gone = redis.call('ZRANGEBYSCORE', expiries, '-inf', string.format('%.0f', now), 'LIMIT', 0, 100)
  for _, member in ipairs(gone) do
    for at = 1, {2 * DIGEST + 1}, {DIGEST} do
      redis.call('ZREM', index, string.sub(member, at, at + {DIGEST - 1}) .. string.sub(member, {3 * DIGEST + 1}))
    end
    redis.call('ZREM', expiries, member)
    local digest, start = string.sub(member, 1, {DIGEST}), string.sub(member, {3 * DIGEST + 1}, {3 * DIGEST + 8})
    retract(string.sub(member, {3 * DIGEST + 17}), start, digest)
  end
  if totals and #gone > 0 and redis.call('EXISTS', index) == 0 then redis.call('UNLINK', totals) end
  return #gone
end
"""

# The last write decides whether an event expires. An index expires with the last of its events, or not at all. What
# expires is named where nothing is to expire only if something was to: a key that is not there would have a cluster
# refuse every write to a slot that is on the move.
_KEEP: Final = """
local function keep(event, id, place, there)
  if there and redis.call('PERSIST', event) == 1 then redis.call('ZREM', expiries, place .. id) end
end
local function keep_index()
  if redis.call('PERSIST', KEYS[1]) == 1 then
    redis.call('PERSIST', expiries)
    if totals then redis.call('PERSIST', totals) end
  end
end
"""
_EXPIRE: Final = """
local life = redis.call('PTTL', KEYS[1])
local function keep(event, id, place)
  redis.call('PEXPIRE', event, ARGV[1])
  redis.call('ZADD', expiries, string.format('%.0f', now + ARGV[1] * 1000), place .. id)
end
local function keep_index()
  if life ~= -1 then
    for number = 1, others do redis.call('PEXPIRE', KEYS[number], math.max(life, ARGV[1] + 1000)) end
  end
  clear(KEYS[1], expiries, now)
end
"""

# A session that is new is found by when the first of its events began, if they came before.
_WRITE: Final = f"""
local replies, wrote = {{}}, false
for number = others + 1, #KEYS do
  local event, at = KEYS[number], 4 * (number - others) - 1
  local id, written, place, share = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local there, reply = redis.call('HGET', event, 'i'), 0
  if there or place ~= '' then
    local ending, ended
    if not there and share == 's' then
      redis.call('HSETNX', totals, '', '')
      local first = redis.call('HGET', totals, 'f' .. id)
      if first and less(first, string.sub(place, {3 * DIGEST + 1}, {3 * DIGEST + 8})) then
        place = string.sub(place, 1, {3 * DIGEST}) .. first .. string.sub(place, {3 * DIGEST + 9})
      end
    elseif not there and share ~= '' then
      ending = end_of(share)
      ended = ending and '\\0\\2' .. string.sub(share, 11, 26) .. ending .. id
    end
    enter(id, there or place, ended)
    if there and not merge(event, there, written) then
      reply = -1
    else
      if not there then redis.call('HSET', event, 'e', written, 'i', place) end
      if share ~= '' and share ~= 's' then
        if there then change_share(id, share, place == '') else enter_share(id, place, share, ending) end
      end
      keep(event, id, there or place, there)
      wrote, reply = true, not there and 1 or ARGV[2] == '1' and redis.call('HGETALL', event) or 2
    end
  end
  replies[#replies + 1] = reply
end
if wrote then keep_index() end
return replies
"""
# What creates events that never expire, which nearly every write does: the script above without its functions, which
# take Redis as long to make as all else takes. ARGV has nothing before the events. It replies 3 for one that is there,
# and leaves the merge to the script above.
_CREATE: Final = f"""
local replies, wrote = {{}}, false
for number = others + 1, #KEYS do
  local event, at = KEYS[number], 4 * (number - others) - 3
  local id, written, place, share = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  if redis.call('HGET', event, 'i') then
    replies[#replies + 1] = {_THERE}
  else
    PREPARE
    local one, two = string.sub(place, 1, {DIGEST}), string.sub(place, {DIGEST + 1}, {2 * DIGEST})
    local three, order = string.sub(place, {2 * DIGEST + 1}, {3 * DIGEST}), string.sub(place, {3 * DIGEST + 1}) .. id
    if ended then
      redis.call('ZADD', KEYS[1], 0, one .. order, 0, two .. order, 0, three .. order, 0, ended)
    else
      redis.call('ZADD', KEYS[1], 0, one .. order, 0, two .. order, 0, three .. order)
    end
    redis.call('HSET', event, 'e', written, 'i', place)
    COUNT
    wrote = true
    replies[#replies + 1] = 1
  end
end
if wrote and redis.call('PERSIST', KEYS[1]) == 1 then
  redis.call('PERSIST', KEYS[1] .. ':expiries')
  if totals then redis.call('PERSIST', totals) end
end
return replies
"""
_NO_TOTALS: Final = "local totals\nlocal function retract() end\n"
_TOTALS: Final = "local totals = KEYS[2]\n" + ACCOUNT + CHANGES
_EVER: Final = "local others, expiries = %d, KEYS[1] .. ':expiries'\n"
_A_TIME: Final = "local others, expiries = %d, KEYS[%d]\n"
# the script that writes, by whether totals are kept, and whether events expire
WRITE: Final = {
    (False, False): script(_NO_TOTALS + _EVER % 1 + _ENTER + _MERGE + _KEEP + _WRITE),
    (False, True): script(_NO_TOTALS + _A_TIME % (2, 2) + _ENTER + _MERGE + _CLEAR + NOW + _EXPIRE + _WRITE),
    (True, False): script(_TOTALS + _EVER % 2 + _ENTER + _MERGE + _KEEP + _WRITE),
    (True, True): script(_TOTALS + _A_TIME % (3, 3) + _ENTER + _MERGE + _CLEAR + NOW + _EXPIRE + _WRITE),
}
CREATE: Final = {
    False: script("local totals, ended\nlocal others = 1\n" + _CREATE.replace("PREPARE", "").replace("COUNT", "")),
    True: script(
        "local totals = KEYS[2]\nlocal others = 2\n" + _CREATE.replace("PREPARE", PREPARE).replace("COUNT", COUNT)
    ),
}
_CLEAR_EXPIRED: Final = {
    False: script(_NO_TOTALS + _CLEAR + NOW + "return clear(KEYS[1], KEYS[2], now)"),
    True: script(_TOTALS + _CLEAR + NOW + "local gone = clear(KEYS[1], KEYS[3], now)" + READ_EARLY),
}

# All keys are declared, so that a cluster refuses this while they are on the move, and loses sight of none: the index,
# expiries if there are any, and events. The members by session and name are left until nothing has one by its type:
# then no event is there. ARGV: how many keys are no events, the ends of the types' members, members of events.
_RESET: Final = script("""
local others = tonumber(ARGV[1])
for number = others + 1, #KEYS do
  redis.call('UNLINK', KEYS[number])
  redis.call('ZREM', KEYS[1], ARGV[#ARGV - #KEYS + number])
end
for number = 2, #ARGV - #KEYS + others, 2 do
  if redis.call('ZLEXCOUNT', KEYS[1], ARGV[number], ARGV[number + 1]) > 0 then return 1 end
end
redis.call('UNLINK', KEYS[1], KEYS[others])
return 0
""")
# ARGV: how many bytes are read, and whether the first event is read whatever its size. 0 is for one that is not read.
_READ: Final = script("""
local events, left = {}, tonumber(ARGV[1])
for number = 1, #KEYS do
  local size = tonumber(redis.call('HGET', KEYS[number], 's')) or redis.call('HSTRLEN', KEYS[number], 'e')
  left = left - size
  local is_read = left >= 0 or number == 1 and ARGV[2] == '1'
  events[number] = is_read and redis.call('HGETALL', KEYS[number]) or 0
end
return events
""")
# KEYS: the index, its totals where they are kept, events. ARGV: how many keys are no events, how many digests, the
# digests, and for each event what its members hold behind their digest.
_FORGET: Final = """
local gone, others, digests = 0, tonumber(ARGV[1]), tonumber(ARGV[2])
for number = others + 1, #KEYS do
  if redis.call('EXISTS', KEYS[number]) == 0 then
    local tail = ARGV[2 + digests + number - others]
    for at = 3, digests + 2 do gone = gone + redis.call('ZREM', KEYS[1], ARGV[at] .. tail) end
    retract(string.sub(tail, 17))
  end
end
return gone
"""
_FORGET_GONE: Final = {False: script(_NO_TOTALS + _FORGET), True: script(_TOTALS + _FORGET)}
_MERGED: Final = 2  # the reply of the script that writes to an event that was there
_TYPES: Final = [digest("event_type", name) for name in TYPES]
_BY_TYPE: Final = [(b"[" + each, b"(" + each + b"\xff" * 33) for each in _TYPES]  # the ends of their members


# ids of events, one in each bucket
_TRIED: Final = tuple(
    {crc32(event_id.encode()) % BUCKETS: event_id for event_id in (str(UUID(int=each)) for each in range(999))}.values()
)


class _Write(NamedTuple):
    """The arguments of the script for one event; without a place the event is not created."""

    event_id: str
    written: bytes
    place: bytes = b""
    share: bytes = b""


class RedisStore:
    """Events in Redis 6.2 or later, or Valkey: one server or a cluster."""

    kind = "redis"

    def __init__(self, url: str, options: StoreOptions) -> None:
        """Read the URL, without connecting.

        Raises:
            ValueError: the URL or an option cannot be used.
        """
        if set(options.prefix) & set("{}"):
            raise ValueError("the prefix of the store's keys cannot hold a brace: braces mark the hash tag")
        options.prefix.encode()  # a UnicodeEncodeError is a ValueError
        if options.ttl is not None and options.ttl > MAX_TTL:
            raise ValueError(f"a ttl of more than {MAX_TTL} seconds is not supported")
        self._client = client_for(url, options.timeout, options.wait)
        self.journal = RedisJournal(self._client, options.prefix, options.journal)
        self.plans = PlanTable()
        self.tenants = RedisTenants(self._client, keys_of(options.prefix)[1])
        self.counters = RedisCounters(self._client, options.prefix)
        self.hidden = RedisHiddenEvents(self._client, options.prefix)
        self.delayed = DelayedWrites()
        state = WorkerState(self.plans, self.tenants, self.delayed, self.journal.flush)
        self.barrier = RedisBarrier(self._client, options.prefix, state)
        self._trial = Tenant(f"check-{token_hex(8)}", b"")
        self._checking: asyncio.Task[Sequence[str] | StoreUnavailable] | None = None
        self._checked_until = 0.0
        self._clearing: asyncio.Task[None] | None = None
        self._timeout = options.timeout
        self._prefix = options.prefix
        self._wait = options.wait
        self._has_totals = options.aggregation
        self._arrival = 0
        self._spreading = asyncio.Lock()
        self._life = 0 if options.ttl is None else max(1, round(options.ttl * 1000))

    async def check(self) -> Sequence[str]:
        """Warnings of what could lose data, each once; tries what requests need, at most once a second."""
        now = asyncio.get_running_loop().time()
        if self._checking is None or now > self._checked_until:
            self._checking = asyncio.get_running_loop().create_task(self._check())
            self._checked_until = now + CHECKED_SECONDS
        outcome = await asyncio.shield(self._checking)
        if isinstance(outcome, StoreUnavailable):
            raise StoreUnavailable(outcome.message, reason=outcome.reason, is_refusal=outcome.is_refusal) from outcome
        return outcome

    async def _check(self) -> Sequence[str] | StoreUnavailable:
        try:
            infos = await self._client.read_each(("INFO",))
            warnings = [warning for info in infos for warning in self._warnings(_usable(info))]
            async with SilenceTimeout(self._timeout):
                await self._try()
        except StoreUnavailable as error:
            return error
        except TimeoutError:
            return StoreUnavailable(reason="Redis takes too long for what requests need")
        finally:
            self._clearing = asyncio.get_running_loop().create_task(self._clear_trial())
        return tuple(dict.fromkeys(warnings))

    async def _try(self) -> None:
        """Do what requests do, for a tenant of this process's own; nothing of it stays.

        Raises:
            StoreUnavailable: something of it is refused.
        """
        tenant, event = self._trial, EncodedEvent(b"{}", {b'm"a"': b"1"})
        await self.barrier.refresh()
        await self.journal.attempt(tenant)
        await self.counters.next_number(tenant.digest, "check")
        await self.hidden.find(tenant, _TRIED[0])
        ids = _TRIED if self._client.is_cluster else _TRIED[:1]
        entries = [IndexEntry(event_id, event_id, TYPES[0], "check", 0) for event_id in ids]
        await asyncio.gather(*(self.create_or_merge(tenant, entry, event) for entry in entries))
        await asyncio.gather(*(self.update(tenant, event_id, event.merged) for event_id in ids))
        await self.read_each(tenant, ids)
        await self.count(tenant, Selection())
        await self.find(tenant, Selection(), 1)

    async def _clear_trial(self) -> None:
        """Delete what `_try` has left, as far as Redis lets it."""
        ids = _TRIED if self._client.is_cluster else _TRIED[:1]
        indexes = {self._index_of(self._trial, event_id) for event_id in ids}
        left = (self.counters.forget(self._trial), self.journal.clear(self._trial), *map(self._empty, indexes))
        await asyncio.gather(*left, return_exceptions=True)

    async def create_or_merge(self, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        """Store the event, or merge it into the one that is there, each in one script."""
        write = self._write_of(entry, event)
        index = self._index_of(tenant, entry.event_id)
        (reply,) = await self._write(index, (write,), asked=True)
        return event if isinstance(reply, int) else _decode(reply)

    async def create_or_merge_each(self, tenant: Tenant, events: Sequence[tuple[IndexEntry, EncodedEvent]]) -> Written:
        """Store or merge the events: those of a bucket in one script, or in several if they are many or large."""
        buckets: dict[str, list[_Write]] = {}
        for entry, event in events:
            index = self._index_of(tenant, entry.event_id)
            buckets.setdefault(index, []).append(self._write_of(entry, event))
        steps = [(index, step) for index, writes in buckets.items() for step in _steps(writes)]
        outcomes = await asyncio.gather(*(self._write(*step) for step in steps), return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        for failure in failures:
            if len(failures) == len(outcomes) or not isinstance(failure, StoreUnavailable):
                raise failure
        number = 0
        repeated: set[str] = set()
        for (_, step), outcome in zip(steps, outcomes, strict=True):
            if not isinstance(outcome, BaseException):
                number += len(outcome)
                repeated.update(each.event_id for each, reply in zip(step, outcome, strict=True) if reply == _MERGED)
        return Written(number, repeated)

    async def update(self, tenant: Tenant, event_id: str, fields: Mapping[bytes, bytes]) -> bool:
        """Merge into the event with that id, if there is one, in one script."""
        share = change_argument(change_of(fields)) if self._has_totals else b""
        write = _Write(event_id, pack(EncodedEvent(b"", dict(fields))), share=share)
        return await self._write(self._index_of(tenant, event_id), [write]) == [_MERGED]

    async def read(self, tenant: Tenant, event_id: str) -> EncodedEvent | None:
        """The tenant's event of that id, or None."""
        key = f"{self._index_of(tenant, event_id)}:{event_id}"
        reply = await self._client.read(key, ("HGETALL", key))
        return _decode(reply) if reply else None

    async def read_each(self, tenant: Tenant, event_ids: Sequence[str]) -> Sequence[EncodedEvent | None]:
        """The tenant's events with the first of these ids: those of a bucket in one script, or in several."""
        buckets: dict[str, list[str]] = {}
        for event_id in event_ids:
            buckets.setdefault(self._index_of(tenant, event_id), []).append(event_id)
        events: dict[str, EncodedEvent | None] = {}

        async def read(index: str, ids: Sequence[str], share: int) -> None:
            keys = [f"{index}:{event_id}" for event_id in ids]
            replies = await self._client.run(_READ, keys, share, int(ids[0] == event_ids[0]), durable=False)
            for event_id, reply in zip(ids, replies, strict=True):
                if not isinstance(reply, int):
                    events[event_id] = _decode(reply) if reply else None

        steps = [
            (index, ids[at : at + EVENTS_PER_SCRIPT])
            for index, ids in buckets.items()
            for at in range(0, len(ids), EVENTS_PER_SCRIPT)
        ]
        await asyncio.gather(*(read(*step, READ_BYTES // len(steps)) for step in steps))
        return [events[event_id] for event_id in takewhile(events.__contains__, event_ids)]

    async def totals(self, tenant: Tenant, session_ids: Sequence[str]) -> Sequence[Totals | None]:
        """What the other events of each session add up to, from all buckets; None for a session without others."""
        if not self._has_totals or not session_ids:
            return [None] * len(session_ids)
        if self._life:
            await self._clear_expired(tenant)
        keys = [f"{index}:totals" for index in self._indexes(tenant)]
        steps = [[key] for key in keys] if self._client.is_cluster else [keys]
        fields = [b"t" + packed_id(session_id) for session_id in session_ids]
        replies = await asyncio.gather(*(self._client.run(READ_TOTALS, step, *fields, durable=False) for step in steps))
        buckets = [texts for reply in replies for texts in reply]
        return [totals_in(texts) for texts in zip(*buckets, strict=True)]

    async def count(self, tenant: Tenant, selection: Selection) -> int:
        """How many of the tenant's events are selected."""
        await self._clear_expired(tenant)
        return await count(self._client, ranges_of(self._indexes(tenant), selection))

    async def find(
        self, tenant: Tenant, selection: Selection, limit: int, *, before: Found | None = None, skip: int = 0
    ) -> Sequence[Found]:
        """At most `limit` of the selected events, last first."""
        await self._clear_expired(tenant)
        return await find(self._client, ranges_of(self._indexes(tenant), selection, before), limit, skip)

    async def forget(self, tenant: Tenant, selection: Selection, gone: Sequence[Found]) -> int:
        """Remove what a selection found and whose event is gone from the index: by the selection's value and its type.

        Its other members stay until a look at them finds the event gone, too.
        """
        digests = [*_TYPES, *(digest(selection.property, value) for value in selection.values)]
        buckets: dict[str, list[Found]] = {}
        for each in gone:
            buckets.setdefault(self._index_of(tenant, each.event_id), []).append(each)
        steps = [
            (index, found[at : at + EVENTS_PER_SCRIPT])
            for index, found in buckets.items()
            for at in range(0, len(found), EVENTS_PER_SCRIPT)
        ]

        async def remove(index: str, found: Sequence[Found]) -> int:
            others = self._others(index)
            keys = (*others, *(f"{index}:{each.event_id}" for each in found))
            arguments = len(others), len(digests), *digests, *map(tail_of, found)
            removed: int = await self._client.run(_FORGET_GONE[self._has_totals], keys, *arguments, durable=False)
            return removed

        try:
            return sum(await asyncio.gather(*(remove(*step) for step in steps)))
        except StoreUnavailable as error:
            if error.is_refusal:
                return 0  # it takes no writes, and can still be read
            raise

    async def reset(self, tenant: Tenant) -> None:
        """Delete everything of a tenant, its events in steps, bucket by bucket.

        What is written meanwhile may be deleted too, as if it had come before: neither was acknowledged when the
        other began.
        """
        await self.barrier.forget(tenant)
        await self.counters.forget(tenant)
        await self.hidden.forget(tenant)
        await self.journal.clear(tenant)
        buckets = (self._empty(index) for index in self._indexes(tenant))
        for failure in await asyncio.gather(*buckets, return_exceptions=True):  # none runs on after the response
            if failure is not None:
                raise failure

    async def close(self) -> None:
        """Write what is pending, and close all connections."""
        if self._clearing is not None:
            await asyncio.wait([self._clearing], timeout=self._timeout)
        await self.journal.close()
        await self.barrier.close()
        await self._client.close()

    async def _write(self, index: str, writes: Sequence[_Write], *, asked: bool = False) -> Sequence[Any]:
        """The script's reply for each of the writes, all to events of one bucket."""
        if self._life or not writes[0].place:
            return await self._write_or_merge(index, writes, asked=asked)
        keys, arguments, size = self._arguments(index, writes)
        replies: list[Any] = await self._client.run(CREATE[self._has_totals], keys, *arguments, size=size)
        if _THERE in replies:
            there = [number for number, reply in enumerate(replies) if reply == _THERE]
            merging = [await self._merging(writes[number]) for number in there]
            merged = await self._write_or_merge(index, merging, asked=asked)
            for number, reply in zip(there, merged, strict=True):
                replies[number] = reply
        return replies

    async def _merging(self, write: _Write) -> _Write:
        """The same, ready to be merged; one that is large takes its turn, as many may be found to be there at once."""
        if len(write.written) < LARGE:
            return write._replace(written=pack(spread(unpack(write.written))))
        async with self._spreading:
            await asyncio.sleep(0)
            return write._replace(written=pack(spread(unpack(write.written))))

    async def _write_or_merge(self, index: str, writes: Sequence[_Write], *, asked: bool) -> Sequence[Any]:
        """The same, whether they are to expire, and whether they are there already."""
        keys, arguments, size = self._arguments(index, writes)
        chosen = WRITE[self._has_totals, self._life > 0]
        replies: Sequence[Any] = await self._client.run(chosen, keys, self._life, int(asked), *arguments, size=size)
        if -1 in replies:
            raise too_large()
        return replies

    def _arguments(self, index: str, writes: Sequence[_Write]) -> tuple[list[str], list[bytes], int]:
        """The keys and arguments of a script for these writes, and how many bytes a client sent of them."""
        keys, size = [index], 0
        if self._has_totals:
            keys.append(f"{index}:totals")
        if self._life:
            keys.append(f"{index}:expiries")
        arguments: list[bytes] = []
        for event_id, written, place, share in writes:
            keys.append(f"{index}:{event_id}")
            arguments += bytes.fromhex(event_id.replace("-", "")), written, place, share
            size += len(written)
        return keys, arguments, size

    def _next_arrival(self) -> int:
        """A later time than any before, so that what came in one batch stays in order, on all servers of a cluster."""
        self._arrival = max(self._arrival + 1, time.time_ns() // 1000)
        return self._arrival

    async def _clear_expired(self, tenant: Tenant) -> None:
        """Clear expired events from the index, so that they are neither counted nor found.

        Another server, or an earlier one, may have let events expire where this one does not.
        """
        with suppress(StoreUnavailable):  # a Redis that takes no writes can still be read
            await asyncio.gather(*(self._clear(index) for index in self._indexes(tenant)))

    async def _clear(self, index: str) -> None:
        keys = (*self._others(index), f"{index}:expiries")
        if not self._has_totals:
            while await self._client.run(_CLEAR_EXPIRED[False], keys, durable=False):
                pass
            return
        gone = 1
        told: list[bytes] = []
        while gone or told:
            gone, *told = await self._client.run(_CLEAR_EXPIRED[True], keys, durable=False)
            if told:
                await self._place_early(index, told)

    async def _place_early(self, index: str, told: Sequence[bytes]) -> None:
        """Have sessions found by when the first of their events in this bucket began, if they began later."""
        buckets: dict[str, list[tuple[str, bytes, bytes]]] = {}
        for sid, first in zip(told[::2], told[1::2], strict=True):
            session_id = str(UUID(bytes=sid))
            place = f"{index[:-3]}{crc32(session_id.encode()) % BUCKETS:02x}}}"
            if first:
                buckets.setdefault(place, []).append((f"{place}:{session_id}", sid, first))
        await asyncio.gather(*(self._place(place, sessions) for place, sessions in buckets.items()))
        await self._client.run(FORGET_EARLY, self._others(index), *told, durable=False)

    async def _place(self, index: str, sessions: Sequence[tuple[str, bytes, bytes]]) -> None:
        others = (*self._others(index), f"{index}:expiries") if self._life else self._others(index)
        keys = (*others, *(key for key, _, _ in sessions))
        await self._client.run(
            PLACE_EARLY, keys, len(others), *(part for each in sessions for part in each[1:]), durable=False
        )

    def _others(self, index: str) -> tuple[str, ...]:
        return (index, f"{index}:totals") if self._has_totals else (index,)

    def _write_of(self, entry: IndexEntry, event: EncodedEvent) -> _Write:
        """What creates an event, or merges into the one that is there."""
        share = b""
        if self._has_totals:
            share = share_argument(entry.session_id, None if entry.is_session else share_of(entry))
        written = pack(spread(event) if self._life else event)
        return _Write(entry.event_id, written, place_of(entry, self._next_arrival()), share)

    async def _empty(self, index: str) -> None:
        left, expiries = True, f"{index}:expiries"
        while left:
            members = await self._by_type(index)
            beside = (f"{index}:totals", expiries)
            others = (index, *[key for key in beside if await self._client.read(key, ("EXISTS", key))])
            events = [f"{index}:{found_at(member).event_id}" for member in members]
            arguments = len(others), *chain.from_iterable(_BY_TYPE), *members
            left = await self._client.run(_RESET, (*others, *events), *arguments)

    async def _by_type(self, index: str) -> Sequence[bytes]:
        """Members of the index, one for each of some events."""
        commands = (("ZRANGEBYLEX", index, *ends, "LIMIT", 0, EVENTS_PER_SCRIPT) for ends in _BY_TYPE)
        replies = await asyncio.gather(*(self._client.read(index, command) for command in commands))
        return list(chain.from_iterable(replies))[:EVENTS_PER_SCRIPT]

    def _indexes(self, tenant: Tenant) -> Sequence[str]:
        return [f"{self._prefix}:{{{tenant.digest}:{bucket:02x}}}" for bucket in range(BUCKETS)]

    def _index_of(self, tenant: Tenant, event_id: str) -> str:
        return f"{self._prefix}:{{{tenant.digest}:{crc32(event_id.encode()) % BUCKETS:02x}}}"

    def _warnings(self, info: dict[bytes, bytes]) -> Iterable[str]:
        if info.get(b"aof_enabled") == b"0":
            yield "Redis has no append-only file (appendonly no): what it holds is lost when it ends unexpectedly"
        policy = info.get(b"maxmemory_policy", b"noeviction").decode()
        if policy.startswith("allkeys") or (self._life and policy != "noeviction"):
            yield f"Redis evicts events when its memory is full (maxmemory-policy {policy})"


def _steps(writes: Iterable[_Write]) -> Iterable[Sequence[_Write]]:
    """The writes in order, in steps that keep Redis busy only briefly."""
    step: list[_Write] = []
    size = 0
    for write in writes:
        size += len(write.written)
        if step and (len(step) == WRITES_PER_SCRIPT or size > MAX_WRITTEN):
            yield step
            step, size = [], len(write.written)
        step.append(write)
    if step:
        yield step


def _usable(reply: object) -> dict[bytes, bytes]:
    """The fields of an INFO reply, from a server that can be used.

    Raises:
        StoreUnavailable: it is older than 6.2, is loading its data, is a replica, or is no Redis.
    """
    lines = reply.splitlines() if isinstance(reply, bytes) else []
    info = {name: value for name, _, value in (line.partition(b":") for line in lines)}
    version = info.get(b"redis_version", b"").decode(errors="replace")
    if not version:
        raise StoreUnavailable("What responds is no Redis")
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < OLDEST_REDIS:
        raise StoreUnavailable(
            f"Redis {version} is too old, hivestand needs {'.'.join(map(str, OLDEST_REDIS))} or later"
        )
    if info.get(b"loading", b"0") != b"0":
        raise StoreUnavailable("Redis is loading its data")
    if info.get(b"role") == b"slave":
        raise StoreUnavailable("This Redis is a replica, and takes no writes")
    return info


def _decode(reply: list[bytes] | dict[bytes, bytes]) -> EncodedEvent:
    fields = fields_of(reply)
    del fields[b"i"]
    fields.pop(b"s", None)
    return merge(unpack(fields.pop(b"e")), fields)
