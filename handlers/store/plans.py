"""A tenant's plan: the faults armed for it, and the time and ids that it is given.

Each worker holds all plans in memory (`PlanTable`), so that no request has to read one from the store.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from hivestand.handlers.clock import Timing
from hivestand.handlers.tenant import Tenant

_log = logging.getLogger(__name__)

ALL_TENANTS = Tenant("everyone", b"")  # its plan holds for all tenants
MAX_ARMED = 100  # faults of one plan
MAX_PLAN = 16 * 1024  # bytes of one plan as JSON text
MAX_PLANS = 10_000  # tenants with a plan of their own
WINDOW_MARGIN = 1000  # milliseconds added to a window, as workers' clocks differ


class ArmedFault(NamedTuple):
    """A planned misbehaviour.

    Attributes:
        id: its number within the plan.
        tenant: the digest of whose plan it is in.
        operation: the operationId that it is for; None for any.
        times: how many of the next requests may get it; None for all.
        share: how many of those do, from 0 to 1.
        seed: decides which.
        effects: what was armed: `status`, `example`, `retry_after`, `delay`, `kind`, `missing`, `null`, `window`, as in
            the document.
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

    Attributes:
        faults: the armed faults, in order.
        timing: time and ids.
        armed: how many faults were ever armed, which numbers them.
        hidden_until: when the last window closes that a disarmed fault opened, Unix milliseconds.
    """

    faults: tuple[ArmedFault, ...] = ()
    timing: Timing = Timing()
    armed: int = 0
    hidden_until: int = 0

    @property
    def has_windows(self) -> bool:
        """Whether new events may stay invisible for a while, or earlier ones still are."""
        return any("window" in fault.effects for fault in self.faults) or _now() < self.hidden_until

    def without(self, faults: Sequence[ArmedFault]) -> "Plan":
        """The plan once these faults are disarmed; what they hid stays hidden for as long as planned."""
        longest = max((fault.effects.get("window", 0) for fault in faults), default=0)
        closed = _now() + round(longest) + WINDOW_MARGIN if longest else 0
        left = tuple(fault for fault in self.faults if fault not in faults)
        return self._replace(faults=left, hidden_until=max(self.hidden_until, closed))


NO_PLAN = Plan()
Change = Callable[[Plan], Plan]


class PlanTable:
    """Every plan that this worker knows, by its tenant's digest. Reading one never changes anything.

    It is current while the store's barrier is fresh; only the barrier writes to it.
    """

    def __init__(self) -> None:
        """Start without a plan."""
        self._plans: dict[str, Plan] = {}
        self.is_empty = True

    def plan_for(self, tenant: Tenant) -> Plan | None:
        """The plan that a tenant's requests are served by: its own and the one for all tenants; None without either."""
        return combine(self._plans.get(tenant.digest), self._plans.get(ALL_TENANTS.digest))

    def own_plan(self, tenant: Tenant) -> Plan:
        """The plan that was made for this tenant alone."""
        return self._plans.get(tenant.digest, NO_PLAN)

    def all(self) -> Mapping[str, Plan]:
        """Every plan, by its tenant's digest."""
        return self._plans

    def replace(self, plans: Mapping[str, Plan]) -> None:
        """Hold these plans and no others."""
        self._plans = dict(plans)
        self.is_empty = not self._plans

    def put(self, digest: str, plan: Plan | None) -> None:
        """Hold a tenant's new plan; None drops the one it had."""
        if plan is None:
            self._plans.pop(digest, None)
        else:
            self._plans[digest] = plan
        self.is_empty = not self._plans


def combine(own: Plan | None, everyones: Plan | None) -> Plan | None:
    """The plan that a tenant's requests are served by: its own clock comes before that for all tenants."""
    if own is None or everyones is None:
        return own or everyones
    timing = own.timing if own.timing.tenant else everyones.timing
    return Plan(own.faults + everyones.faults, timing, 0, max(own.hidden_until, everyones.hidden_until))


def encode_plan(plan: Plan) -> bytes:
    """The plan as JSON text."""
    faults = [fault._asdict() for fault in plan.faults]
    return orjson.dumps([faults, plan.timing._asdict(), plan.armed, plan.hidden_until])


def decode_plan(text: bytes) -> Plan:
    """The plan that `encode_plan` turned into this text; what a newer version has added to it is ignored, and logged.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is no plan.
    """
    faults, timing, armed, hidden_until, *newer = orjson.loads(text)
    unknown = timing.keys() - Timing._fields
    unknown |= {name for fault in faults for name in fault.keys() - ArmedFault._fields}
    if unknown or newer:
        _log.warning("a plan has parts that this version does not know, and ignores: %s", ", ".join(sorted(unknown)))
    armed_faults = tuple(ArmedFault(**_known(fault, ArmedFault._fields)) for fault in faults)
    return Plan(armed_faults, Timing(**_known(timing, Timing._fields)), armed, hidden_until)


def _known(members: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name in names}


def _now() -> int:
    return time.time_ns() // 1_000_000
