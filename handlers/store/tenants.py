"""The registry of tenants: whoever made a request, or has a plan."""

from collections.abc import Container, Sequence
from typing import Final, Protocol

from hivestand.handlers.tenant import Tenant

MAX_TENANTS: Final = 10_000  # registered; one more, and the one that was registered first is forgotten


class Tenants(Protocol):
    """The tenants that made a request since their last reset. Awaited methods raise `StoreUnavailable`.

    Of more than `MAX_TENANTS` those are kept that were registered last. A forgotten one loses nothing but its place in
    the lists of the admin API, until its next request.
    """

    @property
    def noted(self) -> Container[str]:
        """The digests of those that this worker has noted, so that a request can tell without a call."""

    def note(self, tenant: Tenant) -> None:
        """Register a tenant; other workers know of it once `Barrier.settle` has returned."""

    async def all(self) -> Sequence[Tenant]:
        """Every registered tenant that the workers have written down."""
