"""The registry of tenants: whoever made a request, or has a plan."""

from collections.abc import Container, Sequence
from typing import Protocol

from hivestand.handlers.tenant import Tenant


class Tenants(Protocol):
    """The tenants that made a request since their last reset. Awaited methods raise `StoreUnavailable`."""

    @property
    def noted(self) -> Container[str]:
        """The digests of those that this worker has noted, so that a request can tell without a call."""

    def note(self, tenant: Tenant) -> None:
        """Register a tenant; other workers know of it once `Barrier.settle` has returned."""

    async def all(self) -> Sequence[Tenant]:
        """Every registered tenant that the workers have written down."""
