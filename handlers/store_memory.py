"""The embedded store: this process's memory, gone when it ends."""

from skep.handlers.encoding import EncodedEvent, merge
from skep.handlers.tenant import Tenant


class MemoryStore:
    """Events in a dict. Nothing awaits between look-up and write, so each operation is atomic in its event loop."""

    kind = "memory"

    def __init__(self) -> None:
        """Start empty."""
        self._events: dict[tuple[str, str], EncodedEvent] = {}

    async def open(self) -> None:
        """There is nothing to connect to."""

    async def check(self) -> None:
        """Memory is always there."""

    async def create_or_merge(self, tenant: Tenant, event_id: str, event: EncodedEvent) -> EncodedEvent:
        """Keep the event, or merge into the one that is there."""
        key = (tenant.digest, event_id)
        there = self._events.get(key)
        if there is not None:
            event = merge(there, event.merged)
        self._events[key] = event
        return event

    async def read(self, tenant: Tenant, event_id: str) -> EncodedEvent | None:
        """The tenant's event of that id, or None."""
        return self._events.get((tenant.digest, event_id))

    async def close(self) -> None:
        """There is nothing to let go of."""
