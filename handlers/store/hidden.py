"""Events that were acknowledged and are not visible yet: the weak-consistency window."""

from typing import Protocol

from hivestand.handlers.tenant import Tenant


class HiddenEvents(Protocol):
    """Packed events by tenant and id, each for a time. Methods raise `StoreUnavailable` where the store is away."""

    async def hide(self, tenant: Tenant, event_id: str, packed: bytes, seconds: float) -> None:
        """Keep an event aside for that many seconds."""

    async def find(self, tenant: Tenant, event_id: str) -> bytes | None:
        """The packed event that is hidden under an id, or None."""

    async def forget(self, tenant: Tenant) -> None:
        """Drop a tenant's hidden events."""
