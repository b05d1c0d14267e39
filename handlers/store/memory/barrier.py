"""The barrier of a server that is one process: there is nobody to wait for."""

from collections.abc import Callable

from hivestand.handlers.store.delayed import DelayedWrites
from hivestand.handlers.store.memory.tenants import MemoryTenants
from hivestand.handlers.store.plans import Change, Plan, PlanTable
from hivestand.handlers.tenant import Tenant


class MemoryBarrier:
    """Changes plans in place. Nothing awaits in `change`, so it is atomic in its event loop."""

    is_fresh = True

    def __init__(self, plans: PlanTable, tenants: MemoryTenants, delayed: DelayedWrites) -> None:
        """Change these plans; register tenants that get one; cancel the delayed writes of those that are forgotten."""
        self._plans = plans
        self._tenants = tenants
        self._delayed = delayed

    async def refresh(self) -> None:
        """Do nothing: one process always knows of every change."""

    async def change(self, tenant: Tenant, change: Change) -> Plan:
        """Change a tenant's plan; returns the new one."""
        if tenant.ids:
            self._tenants.note(tenant)
        plan = change(self._plans.own_plan(tenant))
        self._plans.put(tenant.digest, plan)
        return plan

    async def settle(self) -> None:
        """Do nothing: what was acknowledged is written."""

    def on_settle(self, write: Callable[[], None]) -> None:
        """Do nothing: no other process would read what is written."""

    async def forget(self, tenant: Tenant) -> None:
        """Drop a tenant's plan, registration and delayed writes."""
        self._plans.put(tenant.digest, None)
        self._tenants.forget(tenant)
        await self._delayed.drop(tenant.digest)

    async def close(self) -> None:
        """Cancel all delayed writes."""
        await self._delayed.close()
