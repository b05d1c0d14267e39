"""The documented weakness: an answer before the event is visible, and updates that are lost in that window."""

from skep.handlers.encoding import EncodedEvent, merge, pack, unpack
from skep.handlers.store import Store
from skep.handlers.tenant import Tenant


class Window:
    """A store in which what is created becomes visible only `seconds` after it was answered."""

    def __init__(self, store: Store, seconds: float) -> None:
        """Open windows of that length; 0 opens none, and minds those that are open."""
        self._store = store
        self._seconds = seconds

    async def create_or_merge(self, tenant: Tenant, event_id: str, event: EncodedEvent) -> EncodedEvent:
        """Answer as the store would, but write a new event later, and what comes until then not at all."""
        hidden = await self._store.plans.window(tenant, event_id)
        if hidden is not None:
            return merge(unpack(hidden), event.merged)
        if not self._seconds or await self._store.read(tenant, event_id) is not None:
            return await self._store.create_or_merge(tenant, event_id, event)
        await self._store.plans.open_window(tenant, event_id, pack(event), self._seconds)
        self._store.plans.later(tenant, self._seconds, lambda: self._store.create_or_merge(tenant, event_id, event))
        return event
