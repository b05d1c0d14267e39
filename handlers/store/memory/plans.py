"""The plans of a server that is one process."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from hivestand.handlers.store.later import Later
from hivestand.handlers.store.plans import ALL_TENANTS, NO_PLAN, Change, Plan, combine
from hivestand.handlers.tenant import Tenant


class MemoryPlans:
    """Plans in a dict. Nothing awaits in a method, so each is atomic in its event loop."""

    is_fresh = True

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Start without a plan; `now` gives seconds."""
        self._now = now
        self._plans: dict[str, Plan] = {}
        self._tenants: dict[str, Tenant] = {}
        self._counts: dict[str, dict[str, int]] = {}
        self._windows: dict[tuple[str, str], tuple[float, bytes]] = {}
        self._later = Later()

    def plan_for(self, tenant: Tenant) -> Plan | None:
        """What is planned for a tenant."""
        self._tenants.setdefault(tenant.digest, tenant)
        if not self._plans:
            return None
        return combine(self._plans.get(tenant.digest), self._plans.get(ALL_TENANTS.digest))

    async def refresh(self) -> None:
        """One process always knows of all there is."""

    def all(self) -> Mapping[str, Plan]:
        """Every plan, by its tenant's digest."""
        return self._plans

    async def change(self, tenant: Tenant, change: Change) -> Plan:
        """Change a plan."""
        if tenant.ids:
            self._tenants.setdefault(tenant.digest, tenant)
        plan = self._plans[tenant.digest] = change(self._plans.get(tenant.digest, NO_PLAN))
        return plan

    async def settle(self) -> None:
        """There is nothing on its way."""

    def on_settle(self, leave: Callable[[], None]) -> None:
        """Nobody else would find it."""

    async def next_number(self, digest: str, name: str) -> int:
        """How often this was called before."""
        counts = self._counts.setdefault(digest, {})
        before = counts.get(name, 0)
        counts[name] = before + 1
        return before

    async def current_number(self, digest: str, name: str) -> int:
        """How often it was counted."""
        return self._counts.get(digest, {}).get(name, 0)

    async def tenants(self) -> Sequence[Tenant]:
        """Every tenant that made a request since its last reset."""
        return tuple(self._tenants.values())

    def later(self, tenant: Tenant, seconds: float, write: Callable[[], Awaitable[object]]) -> None:
        """Write something later."""
        self._later.add(tenant.digest, seconds, write)

    async def open_window(self, tenant: Tenant, event_id: str, event: bytes, seconds: float) -> None:
        """Keep an event aside."""
        now = self._now()
        self._windows = {key: kept for key, kept in self._windows.items() if kept[0] > now}
        self._windows[tenant.digest, event_id] = now + seconds, event

    async def window(self, tenant: Tenant, event_id: str) -> bytes | None:
        """What is kept aside of that id, or None."""
        end, event = self._windows.get((tenant.digest, event_id), (0.0, b""))
        return event if end > self._now() else None

    async def forget(self, tenant: Tenant) -> None:
        """Drop all of a tenant: afterwards nothing is written for it that was planned before."""
        for kept in (self._plans, self._tenants, self._counts):
            kept.pop(tenant.digest, None)
        for key in [key for key in self._windows if key[0] == tenant.digest]:
            del self._windows[key]
        await self._later.drop(tenant.digest)

    async def close(self) -> None:
        """Drop what is to be written later."""
        await self._later.close()
