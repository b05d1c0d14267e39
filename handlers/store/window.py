"""The documented weakness of the real API: a response before the event is visible, and updates lost until then."""

from collections.abc import Mapping, Sequence

from hivestand.handlers.errors import StoreUnavailable
from hivestand.handlers.event.encoding import EncodedEvent, merge, pack, spread, unpack
from hivestand.handlers.event.index import IndexEntry
from hivestand.handlers.store.protocol import Store, Written
from hivestand.handlers.tenant import Tenant


class Window:
    """A store in which new events become visible only `seconds` after the response."""

    def __init__(self, store: Store, seconds: float) -> None:
        """Hide new events for that long; 0 hides none, but respects those that are hidden."""
        self._store = store
        self._seconds = seconds

    async def create_or_merge(self, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        """Return what the store would; a new event is written later, and merges until then are lost."""
        hidden = await self._store.hidden.find(tenant, entry.event_id)
        if hidden is not None:
            return merge(unpack(hidden), spread(event).merged)
        if not self._seconds or await self._store.read(tenant, entry.event_id) is not None:
            return await self._store.create_or_merge(tenant, entry, event)
        await self._store.hidden.hide(tenant, entry.event_id, pack(event), self._seconds)
        self._store.delayed.add(tenant.digest, self._seconds, lambda: self._store.create_or_merge(tenant, entry, event))
        return event

    async def create_or_merge_each(self, tenant: Tenant, events: Sequence[tuple[IndexEntry, EncodedEvent]]) -> Written:
        """Store or merge the events; fewer are written if the store became unavailable in the middle."""
        repeated: set[str] = set()
        for stored, (entry, event) in enumerate(events):
            try:
                is_there = await self._store.read(tenant, entry.event_id) is not None
                await self.create_or_merge(tenant, entry, event)
            except StoreUnavailable:
                if not stored:
                    raise
                return Written(stored, repeated)
            if is_there:
                repeated.add(entry.event_id)
        return Written(len(events), repeated)

    async def update(self, tenant: Tenant, event_id: str, fields: Mapping[bytes, bytes]) -> bool:
        """Update the event; an update of a hidden event is lost, and reported as done."""
        hidden = await self._store.hidden.find(tenant, event_id)
        return hidden is not None or await self._store.update(tenant, event_id, fields)
