"""The registry of tenants in this process's memory."""

from collections import OrderedDict
from collections.abc import Sequence

from hivestand.handlers.store.tenants import MAX_TENANTS
from hivestand.handlers.tenant import Tenant


class MemoryTenants:
    """Tenants by digest."""

    def __init__(self) -> None:
        """Start without any."""
        self.noted: OrderedDict[str, Tenant] = OrderedDict()

    def note(self, tenant: Tenant) -> None:
        """Register a tenant; forget the first of too many."""
        self.noted[tenant.digest] = tenant
        if len(self.noted) > MAX_TENANTS:
            self.noted.popitem(last=False)

    async def all(self) -> Sequence[Tenant]:
        """Every registered tenant, in the order in which they came."""
        return tuple(self.noted.values())

    def forget(self, tenant: Tenant) -> None:
        """Drop a tenant until its next request."""
        self.noted.pop(tenant.digest, None)
