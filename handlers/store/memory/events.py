"""The embedded store: this process's memory, gone when it ends."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hivestand.handlers.event.aggregation import Totals, share_of, updated_share_of
from hivestand.handlers.event.encoding import EncodedEvent, merge, pack, size_of, spread, unpack
from hivestand.handlers.event.index import Found, IndexEntry, Selection
from hivestand.handlers.store.delayed import DelayedWrites
from hivestand.handlers.store.memory.barrier import MemoryBarrier
from hivestand.handlers.store.memory.counters import MemoryCounters
from hivestand.handlers.store.memory.expiries import Expiries
from hivestand.handlers.store.memory.hidden import MemoryHiddenEvents
from hivestand.handlers.store.memory.index import MemoryIndex
from hivestand.handlers.store.memory.journal import MemoryJournal
from hivestand.handlers.store.memory.parted import PartedDict
from hivestand.handlers.store.memory.tenants import MemoryTenants
from hivestand.handlers.store.memory.totals import SessionTotals
from hivestand.handlers.store.plans import PlanTable
from hivestand.handlers.store.protocol import MAX_EVENT, MAX_FIELDS, READ_BYTES, StoreOptions, Written, too_large
from hivestand.handlers.tenant import Tenant
from hivestand.handlers.turns import Turns

EXPIRED_PER_WRITE: Final = 4  # expired events that a write deletes: more than it adds
_AT_ONCE: Final = 500  # events that are deleted between two turns


class MemoryStore:
    """Events in a dict for each tenant. Nothing awaits while a method works, so each is atomic in its event loop.

    An event is kept as one text, which takes less memory than its parts, and no time of the garbage collector.

    An event that has expired is not there any more for anybody. It is deleted by later writes, a few at a time, or by
    a look at the index.
    """

    kind = "memory"

    def __init__(self, options: StoreOptions, now: Callable[[], float] = time.monotonic) -> None:
        """Start empty; `now` returns seconds.

        Raises:
            ValueError: an option cannot be used.
        """
        if options.wait:
            raise ValueError("memory:// has no replicas to wait for")
        self.journal = MemoryJournal(options.journal)
        self.plans = PlanTable()
        self.tenants = MemoryTenants()
        self.counters = MemoryCounters()
        self.hidden = MemoryHiddenEvents(now)
        self.delayed = DelayedWrites()
        self.barrier = MemoryBarrier(self.plans, self.tenants, self.delayed)
        self._arrivals = 0
        self._events: dict[str, PartedDict[bytes]] = {}  # packed
        self._indexes: dict[str, MemoryIndex] = {}
        self._totals: dict[str, SessionTotals] | None = {} if options.aggregation else None
        self._expiries = None if options.ttl is None else Expiries(options.ttl, now)

    async def check(self) -> Sequence[str]:
        """No warnings: memory is always there, and ending with the process is what it is for."""
        return ()

    async def create_or_merge(self, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        """Store the event, or merge it into the one that is there; returns the event after that."""
        return self._create_or_merge(tenant, entry, event)

    async def create_or_merge_each(self, tenant: Tenant, events: Sequence[tuple[IndexEntry, EncodedEvent]]) -> Written:
        """Store or merge the events, one after the other; all of them are written."""
        repeated: set[str] = set()
        for entry, event in events:
            if self._create_or_merge(tenant, entry, event) is not event:
                repeated.add(entry.event_id)
        return Written(len(events), repeated)

    async def update(self, tenant: Tenant, event_id: str, fields: Mapping[bytes, bytes]) -> bool:
        """Merge into the event of that id; returns whether there is one."""
        self._expire_some()
        there = self._live(tenant.digest, event_id)
        if there is None:
            return False
        self._merge(tenant, event_id, there, fields)
        return True

    async def read(self, tenant: Tenant, event_id: str) -> EncodedEvent | None:
        """The tenant's event of that id, or None."""
        packed = self._live(tenant.digest, event_id)
        return None if packed is None else unpack(packed)

    async def read_each(self, tenant: Tenant, event_ids: Sequence[str]) -> Sequence[EncodedEvent | None]:
        """The tenant's events of the first of these ids, in their order; None for one that is not there."""
        events: list[EncodedEvent | None] = []
        size = 0
        for event_id in event_ids:
            packed = self._live(tenant.digest, event_id)
            size += 0 if packed is None else len(packed)
            if events and size > READ_BYTES:
                break
            events.append(None if packed is None else unpack(packed))
        return events

    async def totals(self, tenant: Tenant, session_ids: Sequence[str]) -> Sequence[Totals | None]:
        """What the other events of each session add up to; None for a session that has no others."""
        await self._expire_all()
        index = self._indexes.get(tenant.digest)
        totals = None if self._totals is None else self._totals.get(tenant.digest)
        if index is None or totals is None:
            return [None] * len(session_ids)
        firsts = [index.first_of(session_id) for session_id in session_ids]
        return [
            None if first is None else totals.of(session_id, first)
            for session_id, first in zip(session_ids, firsts, strict=True)
        ]

    async def count(self, tenant: Tenant, selection: Selection) -> int:
        """How many of the tenant's events are selected."""
        await self._expire_all()
        index = self._indexes.get(tenant.digest)
        return 0 if index is None else index.count(selection)

    async def find(
        self, tenant: Tenant, selection: Selection, limit: int, *, before: Found | None = None, skip: int = 0
    ) -> Sequence[Found]:
        """At most `limit` of the events selected, the last first."""
        await self._expire_all()
        index = self._indexes.get(tenant.digest)
        return [] if index is None else index.find(selection, limit, before, skip)

    async def forget(self, tenant: Tenant, selection: Selection, gone: Sequence[Found]) -> int:  # noqa: ARG002 - the protocol's
        """Do nothing: here the index never holds an event that is gone."""
        return 0

    async def reset(self, tenant: Tenant) -> None:
        """Delete all of the tenant."""
        await self.barrier.forget(tenant)
        await self.counters.forget(tenant)
        await self.hidden.forget(tenant)
        await self.journal.clear(tenant)
        self._indexes.pop(tenant.digest, None)
        if self._totals is not None:
            self._totals.pop(tenant.digest, None)
        events = self._events.pop(tenant.digest, PartedDict[bytes]())
        turns = Turns()
        while events:  # nobody reaches them any more; to free them all at once takes long
            for _ in range(min(_AT_ONCE, len(events))):
                events.popitem()
            await turns.give_way()

    async def close(self) -> None:
        """Cancel what was to be written later."""
        await self.barrier.close()

    def _create_or_merge(self, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        """Store or merge an event; returns it as it is then, the same object if it was not there."""
        self._expire_some()
        digest, event_id = tenant.digest, entry.event_id
        there = self._live(digest, event_id)
        if there is not None:
            return self._merge(tenant, event_id, there, spread(event).merged)
        events = self._events.get(digest)
        if events is None:
            events = self._events[digest] = PartedDict[bytes]()
        index = self._indexes.get(digest)
        if index is None:
            index = self._indexes[digest] = MemoryIndex()
        self._arrivals += 1
        has_others = index.enter(entry, self._arrivals)
        if self._totals is not None and (has_others or not entry.is_session):
            self._count(digest, index, entry)
        events[event_id] = pack(event)
        self._prolong(digest, event_id)
        return event

    def _merge(self, tenant: Tenant, event_id: str, packed: bytes, fields: Mapping[bytes, bytes]) -> EncodedEvent:
        """Merge into an event that is there; returns it as it is then.

        Raises:
            BadRequest: it would be too large.
        """
        before = unpack(packed)
        after = _bounded(merge(before, fields))
        self._change(tenant.digest, event_id, before, after)
        self._events[tenant.digest][event_id] = pack(after)
        self._prolong(tenant.digest, event_id)
        return after

    def _count(self, digest: str, index: MemoryIndex, entry: IndexEntry) -> None:
        """Add a new event to the totals of its session, which is found by when the first of its events began."""
        if entry.is_session:
            index.place(entry.session_id)
        elif self._totals is not None:
            totals = self._totals.get(digest) or self._totals.setdefault(digest, SessionTotals())
            totals.enter(entry.session_id, share_of(entry))
            if index.began(entry.session_id) > entry.start_time:
                index.place(entry.session_id)

    def _change(self, digest: str, event_id: str, before: EncodedEvent, after: EncodedEvent) -> None:
        """Bring the totals of an event's session up to date."""
        if self._totals is None:
            return
        entry = self._indexes[digest].entry(event_id)
        if not entry.is_session:
            shares = updated_share_of(entry, before), updated_share_of(entry, after)
            self._totals[digest].change(entry.session_id, *shares)

    def _live(self, digest: str, event_id: str) -> bytes | None:
        """The packed event of that id; one that has expired is deleted."""
        events = self._events.get(digest)
        packed = None if events is None else events.find(event_id)
        if self._expiries is None or packed is None or not self._expiries.has_passed((digest, event_id)):
            return packed
        self._expiries.remove((digest, event_id))
        self._delete(digest, event_id)
        return None

    def _prolong(self, digest: str, event_id: str) -> None:
        if self._expiries is not None:
            self._expiries.prolong((digest, event_id))

    def _expire_some(self) -> None:
        """Delete a few events that have expired."""
        if self._expiries is not None:
            for key in self._expiries.take(EXPIRED_PER_WRITE, parts=1):
                self._delete(*key)

    async def _expire_all(self) -> None:
        """Delete all events that have expired, in steps."""
        if self._expiries is not None:
            turns = Turns()
            while expired := self._expiries.take(_AT_ONCE):
                for key in expired:
                    self._delete(*key)
                await turns.give_way()

    def _delete(self, digest: str, event_id: str) -> None:
        """Delete an event, unless a reset already has."""
        events = self._events.get(digest)
        if events is None or event_id not in events:
            return
        packed = events.pop(event_id)
        entry = self._indexes[digest].remove(event_id)
        if self._totals is not None and not entry.is_session:
            self._totals[digest].remove(entry.session_id, updated_share_of(entry, unpack(packed)))
            self._indexes[digest].place(entry.session_id)
        if not events:
            del self._events[digest], self._indexes[digest]
            if self._totals is not None:
                self._totals.pop(digest, None)


def _bounded(event: EncodedEvent) -> EncodedEvent:
    """The event, if it is within the bounds of merges.

    Raises:
        BadRequest: it is not.
    """
    if len(event.merged) > MAX_FIELDS or size_of(event) > MAX_EVENT:
        raise too_large()
    return event
