"""Reading events as they are shown: a session with what its other events add up to."""

from collections.abc import Sequence

from hivestand.handlers.event.aggregation import is_session, shown
from hivestand.handlers.event.encoding import EncodedEvent, text
from hivestand.handlers.store.protocol import Store
from hivestand.handlers.tenant import Tenant


async def read_shown(store: Store, tenant: Tenant, event_id: str) -> bytes | None:
    """The JSON text of the tenant's event with that id, or None."""
    event = await store.read(tenant, event_id)
    return None if event is None else (await shown_each(store, tenant, [event]))[0]


async def shown_each(store: Store, tenant: Tenant, events: Sequence[EncodedEvent | None]) -> list[bytes | None]:
    """The JSON texts of a tenant's events, None for None."""
    sessions = [event.packed[13:49].decode() for event in events if event is not None and is_session(event)]
    totals = dict(zip(sessions, await store.totals(tenant, sessions) if sessions else (), strict=True))
    return [
        None
        if event is None
        else shown(event, tenant, totals.get(event.packed[13:49].decode()))
        if totals
        else text(event, tenant)
        for event in events
    ]
