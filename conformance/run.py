"""Run the requirements against a target."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from hivestand.conformance.api import Api, CannotTest, Id
from hivestand.conformance.defaults import EXAMPLES
from hivestand.conformance.evidence import Record
from hivestand.conformance.exchange import Exchange
from hivestand.conformance.generation import Cases, generate
from hivestand.conformance.history import canonical
from hivestand.conformance.operations import ALL, EVENTS, SESSIONS
from hivestand.conformance.outcome import Outcome, Status, outcome_of
from hivestand.conformance.packing import chains, packed
from hivestand.conformance.probe import probe
from hivestand.conformance.reports.report import Report, Watch
from hivestand.conformance.requirement import Finding, Level, Requirement, exhaust
from hivestand.conformance.schema import violations
from hivestand.conformance.target import TOO_MANY, Inconclusive, Target, TargetAccess, Unanswered
from hivestand.conformance.verdicts import Verdicts

EVENT_EXAMPLES_DIVISOR: Final = 10  # an operation on events gets this part of the examples
UNMARKED: Final = ("exportTraces",)  # generated requests to it cannot carry the mark
GENERATION_SHARE: Final = 0.5  # the share of the progress bar that generation takes


@dataclass(frozen=True)
class RunPlan:
    """What to run.

    Attributes:
        requirements: the requirements.
        seed: the seed of chance.
        examples: requests in a phase of the generation; 0 generates none.
        strict: whether to ask for the strict profile.
        quick: whether to generate nothing, pack many cases into one post, and exercise nothing twice.
        mark_all: whether every created session gets the run's mark.
        operations: the operations to test.
    """

    requirements: tuple[Requirement, ...]
    seed: int
    examples: int = EXAMPLES
    strict: bool = False
    quick: bool = False
    mark_all: bool = False
    operations: tuple[str, ...] = ALL

    def operations_of(self, requirement: Requirement) -> tuple[str, ...]:
        """The operations to exercise a requirement on; a quick run takes one if it costs much."""
        asked = tuple(operation for operation in requirement.operations if operation in self.operations)
        costs = requirement.scenario is not None and (requirement.costly or requirement.level is not Level.MUST)
        return asked[:1] if self.quick and costs else asked

    @property
    def headers(self) -> dict[str, str]:
        """The headers that ask for the profile."""
        return {"Prefer": "handling=strict"} if self.strict else {}


def run(access: TargetAccess, plan: RunPlan, watch: Watch = lambda *_: None) -> Report:
    """Exercise each requirement, generate requests, and judge every exchange once.

    `watch` is told the share of the run that is done, and what comes next.
    """
    began = time.monotonic()
    dice = Random(f"{plan.seed} {time.time_ns()}")  # noqa: S311 - for ids, which are no secrets
    api = Api(Target(access), f"{plan.seed:x}", dice, plan.headers, quick=plan.quick)
    verdicts = Verdicts(api, plan.requirements)
    settled: dict[tuple[str, str], Outcome] = {}  # outcomes that need no verdict
    inconclusive = ""
    try:
        probe(api, next((operation for operation in plan.operations if operation in SESSIONS), SESSIONS[0]))
        for outcome in _exercise_all(api, plan, verdicts, watch):
            settled[outcome.requirement.id, outcome.operation] = outcome
        if plan.examples and not plan.quick and api.steps:  # otherwise nothing was started
            watch(1 - GENERATION_SHARE, "generated requests")
            _generate(api, plan, verdicts)
    except Inconclusive as error:
        inconclusive = str(error)
    verdicts.judge_new()
    record = Record(api.exchanges)
    outcomes = tuple(
        _reproducible(settled.get((requirement.id, operation)) or verdicts.outcome(requirement, operation), record)
        for requirement in plan.requirements
        for operation in plan.operations_of(requirement)
    )
    named = {canonical(exchange.response.event.get("session_id")) for exchange in api.exchanges}
    created = tuple(sorted(session_id for session_id in named | api.history.unordered | api.started if session_id))
    seconds = time.monotonic() - began
    return Report(access.url, plan.seed, api.target.sent, seconds, outcomes, created, inconclusive, plan.mark_all)


def _reproducible(outcome: Outcome, record: Record) -> Outcome:
    """The outcome; if it failed, with every request that it takes to see that again."""
    if outcome.status is not Status.FAILED or outcome.finding is None:
        return outcome
    return replace(outcome, finding=record.with_all(outcome.finding))


def _exercise_all(api: Api, plan: RunPlan, verdicts: Verdicts, watch: Watch) -> Iterator[Outcome]:
    """Exercise each requirement on each operation; yields the outcomes that need no verdict."""
    if plan.quick:
        _post_packed(api, plan)
    share = 1 / len(plan.requirements) * (1 if plan.quick else 1 - GENERATION_SHARE)
    for number, requirement in enumerate(plan.requirements):
        watch(number * share, requirement.title)
        for operation in plan.operations_of(requirement):
            outcome = _exercise(api, requirement, operation, plan, verdicts)
            if outcome is not None:
                yield outcome
        if plan.mark_all:
            api.mark_rest()


def _post_packed(api: Api, plan: RunPlan) -> None:
    """Post the cases of all rules in few posts, shared out between the operations."""
    operations = [operation for operation in plan.operations if operation in SESSIONS and not api.lacking(operation)]
    for place, operation in enumerate(operations):
        requirements = [each for each in plan.requirements if operation in each.operations]
        packs = packed(requirements, _keeps_the_schema if plan.strict else lambda _: True)
        mine = slice(place, None, len(operations))
        for sessions in (({},), *((pack,) for pack in packs[mine]), *chains(requirements)[mine]):
            try:
                exhaust(api.posts(sessions, operation))
            except Unanswered as error:
                raise Inconclusive(str(error)) from error


def _keeps_the_schema(case: Mapping[str, Any]) -> bool:
    return not violations(
        "createSession", {name: "" if isinstance(value, Id) else value for name, value in case.items()}
    )


def _exercise(api: Api, requirement: Requirement, operation: str, plan: RunPlan, verdicts: Verdicts) -> Outcome | None:
    """Exercise a requirement; returns its outcome, or None if the verdicts decide."""
    if reason := _why_not(api, requirement, operation, plan):
        return Outcome(requirement, operation, Status.SKIPPED, reason=reason)
    if plan.quick and _is_known(requirement, operation, verdicts):
        return None
    found: list[Finding] = []
    try:
        for finding in requirement.exercise(api, operation):
            found.append(finding)  # noqa: PERF402 - what there was before it cannot go on is kept
    except Inconclusive:
        raise
    except CannotTest as error:
        verdicts.judge_new()
        is_broken = verdicts.outcome(requirement, operation).status is Status.FAILED
        if not is_broken and all(finding.holds for finding in found):
            return Outcome(requirement, operation, Status.SKIPPED, reason=str(error))
    except Unanswered as error:
        status = Status.NOT_EXERCISED if requirement.level is Level.INFO else Status.ERROR
        return Outcome(requirement, operation, status, reason=str(error))
    except Exception as error:  # noqa: BLE001 - a bug of the suite's is never blamed on the target
        return Outcome(requirement, operation, Status.ERROR, reason=f"{type(error).__name__}: {error}")
    return None if requirement.scenario is None else outcome_of(requirement, operation, found)


def _why_not(api: Api, requirement: Requirement, operation: str, plan: RunPlan) -> str:
    """Why a requirement is not exercised, or an empty string."""
    if lacking := _lacking(requirement, api.target.access, plan):
        return f"needs {lacking}"
    if requirement.needs == "both operations":
        return next(filter(None, map(api.lacking, SESSIONS)), "")
    return "" if requirement.is_of_presence else api.lacking(operation)


def _lacking(requirement: Requirement, access: TargetAccess, plan: RunPlan) -> str:
    """The flag that a requirement needs and that was not given, or an empty string."""
    given = {
        "": True,
        "--strict": plan.strict,
        "--second-token": "second" in access.tokens,
        "both operations": set(plan.operations) >= set(SESSIONS),
    }
    return "" if given[requirement.needs] else requirement.needs


def _is_known(requirement: Requirement, operation: str, verdicts: Verdicts) -> bool:
    """Whether a quick run needs no more exchanges for a rule: it cannot fail, or earlier exchanges exercised it."""
    if requirement.level is Level.INFO:
        return True
    verdicts.judge_new()
    return verdicts.outcome(requirement, operation).status is not Status.NOT_EXERCISED


def _generate(api: Api, plan: RunPlan, verdicts: Verdicts) -> None:
    """Send generated requests, each judged at once, so that what breaks a requirement is shrunk."""

    def judge(exchange: Exchange) -> str | None:
        api.target.count()
        if exchange.response.status == TOO_MANY:
            time.sleep(api.target.slow_down(exchange.response))
            return None
        api.remember(exchange)
        api.target.note(exchange.response.status)
        objection = verdicts.judge_new()
        if plan.mark_all and objection is None:
            api.mark_rest()
        return objection

    access = replace(api.target.access, headers={**api.target.access.headers, **plan.headers})
    sessions = tuple(each for each in plan.operations if each in SESSIONS and not api.lacking(each))
    if sessions:
        generate(access, judge, Cases(api.new_id, sessions, plan.seed, plan.examples))
    unmarked = UNMARKED if plan.mark_all else ()
    events = tuple(
        each for each in plan.operations if each in EVENTS and each not in unmarked and not api.lacking(each)
    )
    if events:
        few = Cases(api.new_id, events, plan.seed, max(1, plan.examples // EVENT_EXAMPLES_DIVISOR), sessions)
        is_brief = plan.mark_all or plan.examples < EXAMPLES
        generate(access, judge, few._replace(is_brief=is_brief, mark=api.with_marks if plan.mark_all else None))
