"""The barrier of workers: a change of plans is acknowledged once every live worker has it."""

from collections.abc import Callable
from typing import Protocol

from hivestand.handlers.store.plans import Change, Plan
from hivestand.handlers.tenant import Tenant


class Barrier(Protocol):
    """Keeps the plans of all workers alike. Awaited methods raise `StoreUnavailable` where the store is away."""

    @property
    def is_fresh(self) -> bool:
        """Whether this worker has every change that was acknowledged; only then is the plan table current."""

    async def refresh(self) -> None:
        """Reload all plans from the store."""

    async def change(self, tenant: Tenant, change: Change) -> Plan:
        """Change a tenant's plan in one atomic step; returns the new one, once every live worker has it."""

    async def settle(self) -> None:
        """Return once every live worker has stored what it responded to before, its journal included."""

    def on_settle(self, write: Callable[[], None]) -> None:
        """Have this worker call `write` before it counts as settled."""

    async def forget(self, tenant: Tenant) -> None:
        """Drop a tenant's plan; once this returns, no worker writes anything for it that came before."""

    async def close(self) -> None:
        """Leave the barrier, so that no change waits for this worker."""
