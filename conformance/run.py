"""Run the requirements against a target."""

import copy
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from skep.conformance.api import Api
from skep.conformance.exchange import Exchange
from skep.conformance.generation import generate
from skep.conformance.outcome import Outcome, Status, outcome_of
from skep.conformance.requirement import Finding, Level, Requirement
from skep.conformance.target import Access, Inconclusive, Target
from skep.openapi import load

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Plan:
    """What to run: the requirements, the seed, and how many requests a phase of the generation makes up.

    A quick run generates nothing, and does not exercise again what an earlier answer has exercised. Where all sessions
    are to be marked, one that was posted without a mark is merged into for that.
    """

    requirements: tuple[Requirement, ...]
    seed: int
    examples: int = 30
    strict: bool = False
    quick: bool = False
    mark_all: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """What says by which profile the target is to judge."""
        return {"Prefer": "handling=strict"} if self.strict else {}


@dataclass(frozen=True)
class Report:
    """What a run found; `inconclusive` says why it could not be finished, if so. `created` lists session ids."""

    target: str
    seed: int
    requests: int
    seconds: float
    outcomes: tuple[Outcome, ...]
    created: tuple[str, ...] = ()
    inconclusive: str = ""


def run(access: Access, plan: Plan) -> Report:
    """Exercise each requirement, generate requests beside, and let every rule judge every answer that there was."""
    began = time.monotonic()
    dice = Random(f"{plan.seed} {time.time_ns()}")  # noqa: S311 - for ids, which are no secrets
    api = Api(Target(access), f"{plan.seed:x}", dice, plan.headers, quick=plan.quick)
    outcomes: list[Outcome] = []
    inconclusive = ""
    try:
        for requirement in plan.requirements:
            outcomes += _exercise(api, requirement, plan)
            if plan.mark_all:
                api.mark_rest()
        if plan.examples and not plan.quick:
            _generate(api, plan)
    except Inconclusive as error:
        inconclusive = str(error)
    judged = tuple(_judge_all(api, outcome) for outcome in outcomes)
    created = tuple(sorted({session_id for _, session_id in api.world.events} | api.world.blurred))
    seconds = time.monotonic() - began
    return Report(access.url, plan.seed, api.target.sent, seconds, judged, created, inconclusive)


def _exercise(api: Api, requirement: Requirement, plan: Plan) -> Iterator[Outcome]:
    operations = requirement.operations[:1] if requirement.scenario else requirement.operations
    for operation in operations:
        if plan.quick and _needs_no_requests(requirement, known := _known(api, requirement, operation)):
            yield known
            continue
        try:
            yield outcome_of(requirement, operation, requirement.check(api, operation))
        except Inconclusive:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of the suite's is no fault of the target's
            yield Outcome(requirement, operation, Status.ERROR, reason=f"{type(error).__name__}: {error}")


def _known(api: Api, requirement: Requirement, operation: str) -> Outcome:
    """The outcome by the answers so far."""
    return outcome_of(requirement, operation, _findings(api, requirement, operation))


def _needs_no_requests(requirement: Requirement, known: Outcome) -> bool:
    """Whether a quick run has seen enough: of what cannot fail, or what an answer has exercised already."""
    return requirement.level is Level.INFO or known.status is not Status.NOT_EXERCISED


def _generate(api: Api, plan: Plan) -> None:
    """Let each generated answer be judged at once, so that what breaks a requirement is shrunk."""
    ids: dict[str, str] = {}
    document = _fresh(_without_prefer(load("honeyhive")), lambda old: ids.setdefault(old, api.new_id()))

    def judge(exchange: Exchange) -> str | None:
        api.target.count()
        step = api.remember(exchange)
        for requirement in plan.requirements:
            for finding in requirement.judge(exchange, step):
                if not finding.holds and requirement.level != "INFO":
                    return requirement.id
        if plan.mark_all:
            api.mark_rest()
        return None

    access = replace(api.target.access, headers={**api.target.access.headers, **plan.headers})
    generate(document, access, judge, seed=plan.seed, examples=plan.examples)


def _judge_all(api: Api, outcome: Outcome) -> Outcome:
    """The outcome, with every answer of the run to its operation taken into account."""
    requirement = outcome.requirement
    if outcome.status in (Status.FAILED, Status.ERROR) or requirement.scenario is not None:
        return outcome
    return _known(api, requirement, outcome.operation)


def _findings(api: Api, requirement: Requirement, operation: str) -> Iterator[Finding]:
    """What a requirement says of every answer so far to an operation."""
    for place, exchange in enumerate(api.exchanges):
        if exchange.request.operation == operation:
            yield from requirement.judge(exchange, api.steps.get(place))


def _without_prefer(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without the profile's header: whether it is sent is the run's to say."""
    copied: dict[str, Any] = copy.deepcopy(dict(document))
    for path in copied["paths"].values():
        for operation in path.values():
            operation.pop("parameters", None)
    return copied


def _fresh(value: Any, new: Any) -> Any:
    """The document with a new id for each one in it, so that its examples are nobody's sessions yet."""
    if isinstance(value, dict):
        return {name: _fresh(each, new) for name, each in value.items()}
    if isinstance(value, list):
        return [_fresh(each, new) for each in value]
    return UUID.sub(lambda match: new(match[0]), value) if isinstance(value, str) else value
