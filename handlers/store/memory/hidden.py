"""Hidden events in this process's memory."""

from collections.abc import Callable

from hivestand.handlers.tenant import Tenant


class MemoryHiddenEvents:
    """Packed events by tenant and id, with the time at which each becomes visible."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Start without any; `now` returns seconds."""
        self._now = now
        self._events: dict[tuple[str, str], tuple[float, bytes]] = {}

    async def hide(self, tenant: Tenant, event_id: str, packed: bytes, seconds: float) -> None:
        """Keep an event aside, and drop those whose time is up."""
        now = self._now()
        self._events = {key: kept for key, kept in self._events.items() if kept[0] > now}
        self._events[tenant.digest, event_id] = now + seconds, packed

    async def find(self, tenant: Tenant, event_id: str) -> bytes | None:
        """The packed event that is hidden under an id, or None."""
        end, packed = self._events.get((tenant.digest, event_id), (0.0, b""))
        return packed if end > self._now() else None

    async def forget(self, tenant: Tenant) -> None:
        """Drop a tenant's hidden events."""
        for key in [key for key in self._events if key[0] == tenant.digest]:
            del self._events[key]
