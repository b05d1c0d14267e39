"""Hidden events in this process's memory."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final

from hivestand.handlers.tenant import Tenant

SHOWN_PER_EVENT: Final = 2  # events whose time is up that are dropped with each new one


class MemoryHiddenEvents:
    """Packed events by tenant and id, with the time at which each becomes visible."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Start without any; `now` returns seconds."""
        self._now = now
        self._events: dict[str, dict[str, tuple[float, bytes]]] = {}
        self._ends: list[tuple[float, str, str]] = []  # a heap: when, tenant, event

    async def hide(self, tenant: Tenant, event_id: str, packed: bytes, seconds: float) -> None:
        """Keep an event aside, and drop some of those whose time is up."""
        now = self._now()
        for _ in range(SHOWN_PER_EVENT):
            if self._ends and self._ends[0][0] <= now:
                self._drop(*heappop(self._ends))
        end = now + seconds
        self._events.setdefault(tenant.digest, {})[event_id] = end, packed
        heappush(self._ends, (end, tenant.digest, event_id))

    async def find(self, tenant: Tenant, event_id: str) -> bytes | None:
        """The packed event that is hidden under an id, or None."""
        end, packed = self._events.get(tenant.digest, {}).get(event_id, (0.0, b""))
        return packed if end > self._now() else None

    async def forget(self, tenant: Tenant) -> None:
        """Drop a tenant's hidden events."""
        self._events.pop(tenant.digest, None)

    def _drop(self, end: float, digest: str, event_id: str) -> None:
        """Drop an event that is still the one that was hidden until then."""
        events = self._events.get(digest, {})
        if event_id in events and events[event_id][0] == end:
            del events[event_id]
            if not events:
                del self._events[digest]
