"""The embedded store: this process's memory, gone when it ends."""

import time
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Final, get_args

from hivestand.handlers.event.encoding import EncodedEvent, compact, merge
from hivestand.handlers.event.index import Found, IndexEntry, Property, Selection
from hivestand.handlers.store.memory.journal import MemoryJournal
from hivestand.handlers.store.memory.plans import MemoryPlans
from hivestand.handlers.store.protocol import StoreOptions
from hivestand.handlers.tenant import Tenant

_PROPERTIES: Final[tuple[Property, ...]] = get_args(Property)


class MemoryStore:
    """Events in a dict for each tenant. Nothing awaits in a method, so each is atomic in its event loop."""

    kind = "memory"

    def __init__(self, options: StoreOptions, now: Callable[[], float] = time.monotonic) -> None:
        """Start empty; `now` gives seconds.

        Raises:
            ValueError: an option cannot be used.
        """
        if options.wait:
            raise ValueError("memory:// has no replicas to wait for")
        self.journal = MemoryJournal(options.journal)
        self.plans = MemoryPlans(now)
        self._ttl = options.ttl
        self._now = now
        self._arrivals = 0
        self._events: dict[str, dict[str, EncodedEvent]] = {}
        self._entries: dict[str, dict[str, tuple[IndexEntry, Found]]] = {}
        self._index: dict[str, dict[tuple[str, str], list[Found]]] = {}  # by property and value, in order
        self._expiries: dict[tuple[str, str], float] = {}  # in the order of the last writes, and so of expiry

    async def check(self) -> Sequence[str]:
        """Memory is always there; that it ends with the process is what it is for."""
        return ()

    async def create_or_merge(self, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        """Keep the event, or merge into the one that is there."""
        self._expire()
        events = self._events.setdefault(tenant.digest, {})
        there = events.get(entry.event_id)
        if there is None:
            self._enter(tenant.digest, entry)
            event = compact(event)
        else:
            event = merge(there, compact(event).merged)
        events[entry.event_id] = event
        self._prolong(tenant.digest, entry.event_id)
        return event

    async def create_or_merge_each(self, tenant: Tenant, events: Sequence[tuple[IndexEntry, EncodedEvent]]) -> int:
        """Keep or merge the events, one after the other."""
        for entry, event in events:
            await self.create_or_merge(tenant, entry, event)
        return len(events)

    async def update(self, tenant: Tenant, event_id: str, fields: Mapping[bytes, bytes]) -> bool:
        """Merge into the event of that id, if there is one."""
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
        """The tenant's events of these ids."""
        self._expire()
        events = self._events.get(tenant.digest, {})
        return [events.get(event_id) for event_id in event_ids]

    async def count(self, tenant: Tenant, selection: Selection) -> int:
        """How many of the tenant's events are selected."""
        self._expire()
        return sum(end - start for _, start, end in self._ranges(tenant, selection))

    async def find(
        self, tenant: Tenant, selection: Selection, limit: int, *, before: Found | None = None, skip: int = 0
    ) -> Sequence[Found]:
        """At most so many of those selected, the last first."""
        self._expire()
        last = skip + limit
        ranges = self._ranges(tenant, selection, before)
        found = chain.from_iterable(entries[max(start, end - last) : end] for entries, start, end in ranges)
        return sorted(found, reverse=True)[skip:last]

    async def reset(self, tenant: Tenant) -> None:
        """Delete all of the tenant."""
        await self.plans.forget(tenant)
        await self.journal.clear(tenant)
        for event_id in self._events.get(tenant.digest, {}):
            self._expiries.pop((tenant.digest, event_id), None)
        self._forget(tenant.digest)

    async def close(self) -> None:
        """Let go of what was to be written later."""
        await self.plans.close()

    def _enter(self, digest: str, entry: IndexEntry) -> None:
        self._arrivals += 1
        found = Found(entry.start_time, self._arrivals, entry.event_id)
        self._entries.setdefault(digest, {})[entry.event_id] = entry, found
        index = self._index.setdefault(digest, {})
        for name, value in zip(_PROPERTIES, (entry.session_id, entry.event_type, entry.event_name), strict=True):
            entries = index.setdefault((name, value), [])
            if not entries or entries[-1] < found:
                entries.append(found)  # as it mostly is
            else:
                insort(entries, found)

    def _ranges(
        self, tenant: Tenant, selection: Selection, before: Found | None = None
    ) -> Iterable[tuple[list[Found], int, int]]:
        """Each list of the index that is selected from, and the ends of what is."""
        index = self._index.get(tenant.digest, {})
        for value in selection.values:
            entries = index.get((selection.property, value), [])
            start = bisect_left(entries, (selection.since,))
            end = bisect_left(entries, (selection.until + 1,))
            yield entries, start, max(start, end if before is None else min(end, bisect_left(entries, before)))

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
        entry, found = self._entries[digest].pop(event_id)
        index = self._index[digest]
        for name in _PROPERTIES:
            key = name, getattr(entry, name)
            entries = index[key]
            del entries[bisect_left(entries, found)]
            if not entries:
                del index[key]
        if not self._events[digest]:
            self._forget(digest)

    def _forget(self, digest: str) -> None:
        for each in (self._events, self._entries, self._index):
            each.pop(digest, None)
