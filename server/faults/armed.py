"""The armed faults that a request gets."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from hivestand.handlers.store.counters import Counters
from hivestand.handlers.store.plans import ArmedFault, Plan
from hivestand.server.faults.effects import EFFECTS, Effect, delayed, edited, retried


class Armed(NamedTuple):
    """The faults that apply to one request.

    Attributes:
        code: the status of an example to respond with.
        example: the name of an example to respond with.
        effects: what is done to the response, in order.
        window: seconds for which what the request creates stays invisible.
        names: the applied faults, for the journal.
    """

    code: int | None = None
    example: str | None = None
    effects: Sequence[Effect] = ()
    window: float = 0.0
    names: Sequence[str] = ()

    @property
    def is_replaced(self) -> bool:
        """Whether an example is the response, and nothing is carried out."""
        return self.code is not None or self.example is not None


async def armed_for(plan: Plan, counters: Counters, operation: str) -> Armed:
    """The armed faults that the next request to an operation gets; counts the request."""
    armed = Armed()
    for fault in plan.faults:
        if fault.operation not in {None, operation}:
            continue
        number = await counters.next_number(fault.tenant, f"fault:{fault.id}")
        draw = random.Random(f"{fault.seed}:{number}")  # noqa: S311 - to repeat, not to hide
        if (fault.times is None or number < fault.times) and draw.random() < fault.share:
            armed = _joined(armed, fault, draw)
    return armed


def _joined(armed: Armed, fault: ArmedFault, draw: random.Random) -> Armed:
    effects = fault.effects
    return Armed(
        armed.code if armed.is_replaced else effects.get("status"),
        armed.example if armed.is_replaced else effects.get("example"),
        (*armed.effects, *_effects(effects, draw)),
        max(armed.window, effects.get("window", 0) / 1000),
        (*armed.names, f"{fault.id}: {' '.join(sorted(effects))}"),
    )


def _effects(effects: Mapping[str, Any], draw: random.Random) -> Iterator[Effect]:
    if "retry_after" in effects:
        yield retried(effects["retry_after"])
    if "missing" in effects or "null" in effects:
        yield edited(effects.get("missing", ()), effects.get("null", ()))
    if "delay" in effects:
        yield delayed(_milliseconds(effects["delay"], draw) / 1000)
    if "kind" in effects:
        yield EFFECTS[effects["kind"]]


_MAX_DELAY: Final = 600_000.0  # milliseconds

_DISTRIBUTIONS: Final[Mapping[str, Callable[[Mapping[str, float], random.Random], float]]] = {
    "fixed": lambda delay, _draw: delay["milliseconds"],
    "uniform": lambda delay, draw: draw.uniform(delay["from"], delay["to"]),
    "lognormal": lambda delay, draw: delay["median"] * draw.lognormvariate(0, delay["sigma"]),
}


def _milliseconds(delay: Mapping[str, Any], draw: random.Random) -> float:
    return min(_MAX_DELAY, _DISTRIBUTIONS[delay["distribution"]](delay, draw))
