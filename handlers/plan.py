"""A tenant's plan: the faults that are armed for it, and the time and ids that it is given.

Each worker keeps all plans in memory (`Plans`), so that a request reads none.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import orjson

from skep.handlers.clock import Timing
from skep.handlers.tenant import Tenant

EVERYONE = Tenant("everyone", b"")  # whose plan is that of all tenants
MOST_ARMED = 100  # faults of one plan


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
    """What is planned for a tenant; `armed` is how many faults ever were, as they are numbered by it."""

    faults: tuple[ArmedFault, ...] = ()
    timing: Timing = Timing()
    armed: int = 0

    @property
    def has_windows(self) -> bool:
        """Whether what is created may be invisible for a while."""
        return any("window" in fault.effects for fault in self.faults)


NO_PLAN = Plan()
Change = Callable[[Plan], Plan]


class Plans(Protocol):
    """All plans, as this worker knows them. What is awaited raises `StoreUnavailable` where the store is away."""

    def of(self, tenant: Tenant) -> Plan | None:
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

    async def count(self, digest: str, name: str) -> int:
        """How often this was called before for this digest and name, by any worker, since the last reset."""

    async def tenants(self) -> Sequence[Tenant]:
        """Every tenant that made a request since its last reset."""

    def later(self, tenant: Tenant, seconds: float, write: Callable[[], Awaitable[object]]) -> None:
        """Write something later, if there is no reset until then."""

    async def open_window(self, tenant: Tenant, event_id: str, event: bytes, seconds: float) -> None:
        """Keep an event aside that is not to be visible for so long."""

    async def window(self, tenant: Tenant, event_id: str) -> bytes | None:
        """What is kept aside of that id, or None."""


def combined(own: Plan | None, everyones: Plan | None) -> Plan | None:
    """The plan that a tenant is served by: its own time comes before everyone's."""
    if own is None or everyones is None:
        return own or everyones
    return Plan(own.faults + everyones.faults, own.timing if own.timing.tenant else everyones.timing)


def encode_plan(plan: Plan) -> bytes:
    """The plan as JSON text."""
    return orjson.dumps([[fault._asdict() for fault in plan.faults], plan.timing._asdict(), plan.armed])


def decode_plan(text: bytes) -> Plan:
    """The plan that a text of `encode_plan` stands for."""
    faults, timing, armed = orjson.loads(text)
    return Plan(tuple(ArmedFault(**fault) for fault in faults), Timing(**timing), armed)
