"""Run the requirements against a target."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from hivestand.conformance.api import Api, CannotTest, Id
from hivestand.conformance.defaults import EXAMPLES
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

FEWER: Final = 10  # the part of the examples that an operation on events has
UNMARKED: Final = ("exportTraces",)  # what is made up there cannot bear a mark
GENERATED: Final = 0.5  # the share of a run's work that generation is, as the progress bar has it


@dataclass(frozen=True)
class RunPlan:
    """What to run: the requirements, the seed, and how many requests a phase of the generation makes up.

    A quick run generates nothing, tries many cases in one post, and does not exercise again what an earlier answer has
    exercised. Where all sessions are to be marked, one that was posted without a mark is merged into for that.
    """

    requirements: tuple[Requirement, ...]
    seed: int
    examples: int = EXAMPLES
    strict: bool = False
    quick: bool = False
    mark_all: bool = False
    operations: tuple[str, ...] = ALL

    def operations_of(self, requirement: Requirement) -> tuple[str, ...]:
        """Those that a requirement is tried on: all that are asked for, or one in a quick run that it costs much."""
        asked = tuple(operation for operation in requirement.operations if operation in self.operations)
        costs = requirement.scenario is not None and (requirement.costly or requirement.level is not Level.MUST)
        return asked[:1] if self.quick and costs else asked

    @property
    def headers(self) -> dict[str, str]:
        """What says by which profile the target is to judge."""
        return {"Prefer": "handling=strict"} if self.strict else {}


def run(access: TargetAccess, plan: RunPlan, watch: Watch = lambda *_: None) -> Report:
    """Exercise each requirement, generate requests beside, and let every rule judge every answer that there was.

    `watch` is told what share of the run is done, and what is done next.
    """
    began = time.monotonic()
    dice = Random(f"{plan.seed} {time.time_ns()}")  # noqa: S311 - for ids, which are no secrets
    api = Api(Target(access), f"{plan.seed:x}", dice, plan.headers, quick=plan.quick)
    verdicts = Verdicts(api, plan.requirements)
    settled: dict[tuple[str, str], Outcome] = {}  # what exercising says by itself
    inconclusive = ""
    try:
        probe(api, next((operation for operation in plan.operations if operation in SESSIONS), SESSIONS[0]))
        for outcome in _exercise_all(api, plan, verdicts, watch):
            settled[outcome.requirement.id, outcome.operation] = outcome
        if plan.examples and not plan.quick and api.steps:  # else there is nothing that could be judged
            watch(1 - GENERATED, "generated requests")
            _generate(api, plan, verdicts)
    except Inconclusive as error:
        inconclusive = str(error)
    verdicts.judge_new()
    outcomes = tuple(
        settled.get((requirement.id, operation)) or verdicts.outcome(requirement, operation)
        for requirement in plan.requirements
        for operation in plan.operations_of(requirement)
    )
    named = {canonical(exchange.response.event.get("session_id")) for exchange in api.exchanges}
    created = tuple(sorted(session_id for session_id in named | api.history.unordered | api.started if session_id))
    seconds = time.monotonic() - began
    return Report(access.url, plan.seed, api.target.sent, seconds, outcomes, created, inconclusive, plan.mark_all)


def _exercise_all(api: Api, plan: RunPlan, verdicts: Verdicts, watch: Watch) -> Iterator[Outcome]:
    """Exercise each requirement on each operation; gives the outcomes that need no verdict."""
    if plan.quick:
        _post_packed(api, plan)
    share = 1 / len(plan.requirements) * (1 if plan.quick else 1 - GENERATED)
    for number, requirement in enumerate(plan.requirements):
        watch(number * share, requirement.title)
        for operation in plan.operations_of(requirement):
            outcome = _exercise(api, requirement, operation, plan, verdicts)
            if outcome is not None:
                yield outcome
        if plan.mark_all:
            api.mark_rest()


def _post_packed(api: Api, plan: RunPlan) -> None:
    """Let many rules see all of their cases in few posts, of which each operation gets its part."""
    operations = [operation for operation in plan.operations if operation in SESSIONS]
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
    """Exercise a requirement; its outcome, or None where that is for the verdicts to say."""
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
    """Why a requirement is not tried, or nothing."""
    if lacking := _lacking(requirement, api.target.access, plan):
        return f"needs {lacking}"
    return "" if requirement.is_of_presence else api.lacking(operation)


def _lacking(requirement: Requirement, access: TargetAccess, plan: RunPlan) -> str:
    """The flag that a requirement needs, unless it was given."""
    given = {
        "": True,
        "--strict": plan.strict,
        "--second-token": "second" in access.tokens,
        "both operations": set(plan.operations) >= set(SESSIONS),
    }
    return "" if given[requirement.needs] else requirement.needs


def _is_known(requirement: Requirement, operation: str, verdicts: Verdicts) -> bool:
    """Whether a quick run has seen enough of a rule: one that cannot fail, or that earlier exchanges have exercised."""
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
    sessions = tuple(operation for operation in plan.operations if operation in SESSIONS)
    if sessions:
        generate(access, judge, Cases(api.new_id, sessions, plan.seed, plan.examples))
    unmarked = UNMARKED if plan.mark_all else ()
    events = tuple(
        each for each in plan.operations if each in EVENTS and each not in unmarked and not api.lacking(each)
    )
    if events:
        few = Cases(api.new_id, events, plan.seed, max(1, plan.examples // FEWER), sessions)
        is_brief = plan.mark_all or plan.examples < EXAMPLES
        generate(access, judge, few._replace(is_brief=is_brief, mark=api.with_marks if plan.mark_all else None))
