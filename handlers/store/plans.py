"""A tenant's plan: the faults that are armed for it, and the time and ids that it is given.

Each worker keeps all plans in memory (`Plans`), so that a request reads none.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import orjson

from hivestand.handlers.clock import Timing
from hivestand.handlers.tenant import Tenant

ALL_TENANTS = Tenant("everyone", b"")  # whose plan is that of all tenants
MAX_ARMED = 100  # faults of one plan
WINDOW_MARGIN = 1000  # milliseconds for which windows are taken to be open longer, as clocks of workers differ


class ArmedFault(NamedTuple):
    """A planned misbehaviour.

    `tenant` is the digest of whose plan it is in, `operation` the operationId that it is for (None: any), `times` how
    many of the next requests may get it (None: all), `share` how many of those do, chosen by `seed`. `effects` is what
    was armed: `status`, `example`, `retry_after`, `delay`, `kind`, `missing`, `null`, `window`, as in the document.
    """

    id: str
    tenant: str
    operation: str | None
    times: int | None
    share: float
    seed: int
    effects: Mapping[str, Any]


class Plan(NamedTuple):
    """What is planned for a tenant.

    `armed` is how many faults ever were, as they are numbered by it; `hidden_until` is when the last window is closed
    that a fault opened which is disarmed by now, Unix milliseconds.
    """

    faults: tuple[ArmedFault, ...] = ()
    timing: Timing = Timing()
    armed: int = 0
    hidden_until: int = 0

    @property
    def has_windows(self) -> bool:
        """Whether what is created may be invisible for a while, or something is that was created before."""
        return any("window" in fault.effects for fault in self.faults) or _now() < self.hidden_until

    def without(self, faults: Sequence[ArmedFault]) -> "Plan":
        """The plan once these faults are disarmed; what they hid stays hidden for as long as was planned."""
        longest = max((fault.effects.get("window", 0) for fault in faults), default=0)
        closed = _now() + round(longest) + WINDOW_MARGIN if longest else 0
        left = tuple(fault for fault in self.faults if fault not in faults)
        return self._replace(faults=left, hidden_until=max(self.hidden_until, closed))


NO_PLAN = Plan()
Change = Callable[[Plan], Plan]


class Plans(Protocol):
    """All plans, as this worker knows them. What is awaited raises `StoreUnavailable` where the store is away."""

    def plan_for(self, tenant: Tenant) -> Plan | None:
        """What is planned for a tenant, by itself or for everyone; None if nothing is.

        Notes that there is such a tenant. It may be asked only while `is_fresh`.
        """

    @property
    def is_fresh(self) -> bool:
        """Whether this worker knows of every change that was answered."""

    async def refresh(self) -> None:
        """Be fresh."""

    def all(self) -> Mapping[str, Plan]:
        """Every plan, by its tenant's digest."""

    async def change(self, tenant: Tenant, change: Change) -> Plan:
        """Change a plan in one atomic step; returns the new one, once every live worker has it."""

    async def settle(self) -> None:
        """Return once every live worker has written to the store what it answered before, its journal included."""

    def on_settle(self, leave: Callable[[], None]) -> None:
        """Have this worker do that, too, before it is settled."""

    async def next_number(self, digest: str, name: str) -> int:
        """How often this was called before for this digest and name, by any worker, since the last reset."""

    async def current_number(self, digest: str, name: str) -> int:
        """How often `count` was called; this is no call of it."""

    async def tenants(self) -> Sequence[Tenant]:
        """Every tenant that made a request, or has a plan, since its last reset."""

    def later(self, tenant: Tenant, seconds: float, write: Callable[[], Awaitable[object]]) -> None:
        """Write something later, if there is no reset until then."""

    async def open_window(self, tenant: Tenant, event_id: str, event: bytes, seconds: float) -> None:
        """Keep an event aside that is not to be visible for so long."""

    async def window(self, tenant: Tenant, event_id: str) -> bytes | None:
        """What is kept aside of that id, or None."""


def combine(own: Plan | None, everyones: Plan | None) -> Plan | None:
    """The plan that a tenant is served by: its own time comes before everyone's."""
    if own is None or everyones is None:
        return own or everyones
    timing = own.timing if own.timing.tenant else everyones.timing
    return Plan(own.faults + everyones.faults, timing, 0, max(own.hidden_until, everyones.hidden_until))


def encode_plan(plan: Plan) -> bytes:
    """The plan as JSON text."""
    faults = [fault._asdict() for fault in plan.faults]
    return orjson.dumps([faults, plan.timing._asdict(), plan.armed, plan.hidden_until])


def decode_plan(text: bytes) -> Plan:
    """The plan that a text of `encode_plan` stands for."""
    faults, timing, *rest = orjson.loads(text)
    return Plan(tuple(ArmedFault(**fault) for fault in faults), Timing(**timing), *rest)


def _now() -> int:
    return time.time_ns() // 1_000_000
