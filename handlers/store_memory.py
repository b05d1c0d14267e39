"""The embedded store: this process's memory, gone when it ends."""

import time
from collections.abc import Callable, Sequence
from itertools import islice

from skep.handlers.encoding import EncodedEvent, merge
from skep.handlers.journal_memory import MemoryJournal
from skep.handlers.plans_memory import MemoryPlans
from skep.handlers.store import Found, StoreOptions
from skep.handlers.tenant import Tenant


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
        self._writes = 0
        self._events: dict[str, dict[str, EncodedEvent]] = {}
        self._places: dict[str, dict[str, int]] = {}  # of a tenant's events, in the order of their last writes
        self._expiries: dict[tuple[str, str], float] = {}  # in the order of the last writes, and so of expiry

    async def check(self) -> Sequence[str]:
        """Memory is always there; that it ends with the process is what it is for."""
        return ()

    async def create_or_merge(self, tenant: Tenant, event_id: str, event: EncodedEvent) -> EncodedEvent:
        """Keep the event, or merge into the one that is there."""
        self._expire()
        events = self._events.setdefault(tenant.digest, {})
        there = events.get(event_id)
        if there is not None:
            event = merge(there, event.merged)
        events[event_id] = event
        places = self._places.setdefault(tenant.digest, {})
        places.pop(event_id, None)
        self._writes += 1
        places[event_id] = self._writes
        if self._ttl is not None:
            self._expiries.pop((tenant.digest, event_id), None)
            self._expiries[tenant.digest, event_id] = self._now() + self._ttl
        return event

    async def read(self, tenant: Tenant, event_id: str) -> EncodedEvent | None:
        """The tenant's event of that id, or None."""
        self._expire()
        return self._events.get(tenant.digest, {}).get(event_id)

    async def newest(self, tenant: Tenant, before: Found | None, count: int) -> Sequence[Found]:
        """The tenant's events that were written last, the newest first."""
        self._expire()
        places = self._places.get(tenant.digest, {})
        found = (Found(places[event_id], event_id) for event_id in reversed(places))
        return tuple(islice((each for each in found if before is None or each < before), count))

    async def reset(self, tenant: Tenant) -> None:
        """Delete all of the tenant."""
        await self.plans.forget(tenant)
        await self.journal.clear(tenant)
        for event_id in self._events.pop(tenant.digest, {}):
            self._expiries.pop((tenant.digest, event_id), None)
        self._places.pop(tenant.digest, None)

    async def close(self) -> None:
        """Let go of what was to be written later."""
        await self.plans.close()

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
        del self._places[digest][event_id]
        if not self._events[digest]:
            del self._events[digest]
            del self._places[digest]
