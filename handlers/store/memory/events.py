"""The embedded store: this process's memory, gone when it ends."""

import time
from collections.abc import Callable, Mapping, Sequence

from hivestand.handlers.event.encoding import EncodedEvent, compact, merge
from hivestand.handlers.event.index import Found, IndexEntry, Selection
from hivestand.handlers.store.delayed import DelayedWrites
from hivestand.handlers.store.memory.barrier import MemoryBarrier
from hivestand.handlers.store.memory.counters import MemoryCounters
from hivestand.handlers.store.memory.hidden import MemoryHiddenEvents
from hivestand.handlers.store.memory.index import MemoryIndex
from hivestand.handlers.store.memory.journal import MemoryJournal
from hivestand.handlers.store.memory.tenants import MemoryTenants
from hivestand.handlers.store.plans import PlanTable
from hivestand.handlers.store.protocol import StoreOptions
from hivestand.handlers.tenant import Tenant


class MemoryStore:
    """Events in a dict for each tenant. Nothing awaits in a method, so each is atomic in its event loop."""

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
        self._ttl = options.ttl
        self._now = now
        self._arrivals = 0
        self._events: dict[str, dict[str, EncodedEvent]] = {}
        self._indexes: dict[str, MemoryIndex] = {}
        self._expiries: dict[tuple[str, str], float] = {}  # in the order of the last writes, and so of expiry

    async def check(self) -> Sequence[str]:
        """No warnings: memory is always there, and ending with the process is what it is for."""
        return ()

    async def create_or_merge(self, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        """Store the event, or merge it into the one that is there; returns the event after that."""
        self._expire()
        events = self._events.setdefault(tenant.digest, {})
        there = events.get(entry.event_id)
        if there is None:
            self._arrivals += 1
            index = self._indexes.get(tenant.digest) or self._indexes.setdefault(tenant.digest, MemoryIndex())
            index.enter(entry, self._arrivals)
            event = compact(event)
        else:
            event = merge(there, compact(event).merged)
        events[entry.event_id] = event
        self._prolong(tenant.digest, entry.event_id)
        return event

    async def create_or_merge_each(self, tenant: Tenant, events: Sequence[tuple[IndexEntry, EncodedEvent]]) -> int:
        """Store or merge the events, one after the other; returns how many that were."""
        for entry, event in events:
            await self.create_or_merge(tenant, entry, event)
        return len(events)

    async def update(self, tenant: Tenant, event_id: str, fields: Mapping[bytes, bytes]) -> bool:
        """Merge into the event of that id; returns whether there is one."""
        self._expire()
        events = self._events.get(tenant.digest, {})
        there = events.get(event_id)
        if there is None:
            return False
        events[event_id] = merge(there, compact(EncodedEvent(b"", dict(fields))).merged)
        self._prolong(tenant.digest, event_id)
        return True

    async def read(self, tenant: Tenant, event_id: str) -> EncodedEvent | None:
        """The tenant's event of that id, or None."""
        self._expire()
        return self._events.get(tenant.digest, {}).get(event_id)

    async def read_each(self, tenant: Tenant, event_ids: Sequence[str]) -> Sequence[EncodedEvent | None]:
        """The tenant's events of these ids, in their order; None for one that is not there."""
        self._expire()
        events = self._events.get(tenant.digest, {})
        return [events.get(event_id) for event_id in event_ids]

    async def count(self, tenant: Tenant, selection: Selection) -> int:
        """How many of the tenant's events are selected."""
        self._expire()
        index = self._indexes.get(tenant.digest)
        return 0 if index is None else index.count(selection)

    async def find(
        self, tenant: Tenant, selection: Selection, limit: int, *, before: Found | None = None, skip: int = 0
    ) -> Sequence[Found]:
        """At most `limit` of the events selected, the last first."""
        self._expire()
        index = self._indexes.get(tenant.digest)
        return [] if index is None else index.find(selection, limit, before, skip)

    async def reset(self, tenant: Tenant) -> None:
        """Delete all of the tenant."""
        await self.barrier.forget(tenant)
        await self.counters.forget(tenant)
        await self.hidden.forget(tenant)
        await self.journal.clear(tenant)
        for event_id in self._events.get(tenant.digest, {}):
            self._expiries.pop((tenant.digest, event_id), None)
        self._drop(tenant.digest)

    async def close(self) -> None:
        """Cancel what was to be written later."""
        await self.barrier.close()

    def _prolong(self, digest: str, event_id: str) -> None:
        if self._ttl is not None:
            self._expiries.pop((digest, event_id), None)
            self._expiries[digest, event_id] = self._now() + self._ttl

    def _expire(self) -> None:
        """Delete what has expired."""
        while self._expiries:
            key, expiry = next(iter(self._expiries.items()))
            if expiry > self._now():
                return
            del self._expiries[key]
            self._delete(*key)

    def _delete(self, digest: str, event_id: str) -> None:
        del self._events[digest][event_id]
        self._indexes[digest].remove(event_id)
        if not self._events[digest]:
            self._drop(digest)

    def _drop(self, digest: str) -> None:
        self._events.pop(digest, None)
        self._indexes.pop(digest, None)
