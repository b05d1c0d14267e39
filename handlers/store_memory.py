"""The embedded store: this process's memory, gone when it ends."""

import time
from collections.abc import Callable, Sequence

from skep.handlers.encoding import EncodedEvent, merge
from skep.handlers.store import StoreOptions
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
        self._ttl = options.ttl
        self._now = now
        self._events: dict[str, dict[str, EncodedEvent]] = {}
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
        if self._ttl is not None:
            self._expiries.pop((tenant.digest, event_id), None)
            self._expiries[tenant.digest, event_id] = self._now() + self._ttl
        return event

    async def read(self, tenant: Tenant, event_id: str) -> EncodedEvent | None:
        """The tenant's event of that id, or None."""
        self._expire()
        return self._events.get(tenant.digest, {}).get(event_id)

    async def reset(self, tenant: Tenant) -> None:
        """Delete all of the tenant's events."""
        for event_id in self._events.pop(tenant.digest, {}):
            self._expiries.pop((tenant.digest, event_id), None)

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _expire(self) -> None:
        """Delete what has expired."""
        while self._expiries:
            key, expiry = next(iter(self._expiries.items()))
            if expiry > self._now():
                return
            del self._expiries[key]
            self._delete(*key)

    def _delete(self, digest: str, event_id: str) -> None:
        events = self._events[digest]
        del events[event_id]
        if not events:
            del self._events[digest]
