"""Run the suite on servers that have something, and see what fails."""

from unittest.mock import patch

from hivestand.conformance.operations import EVENTS, SESSIONS
from hivestand.conformance.outcome import Outcome, Status
from hivestand.conformance.reports.report import Report
from hivestand.conformance.requirement import Level, Requirement
from hivestand.conformance.requirements import REQUIREMENTS, times
from hivestand.conformance.run import RunPlan, run
from hivestand.conformance.target import TargetAccess
from mutants.mutant import Mutant
from mutants.serving import serving

SEED = 1
PATIENCE = 0.3  # seconds
APART = 0.01  # seconds between two sessions that are to differ in time: the clock of these servers has milliseconds
TOKENS = {"first": "one", "second": "two", "bad": "invalid"}


def plan_for(mutant: Mutant, requirements: tuple[Requirement, ...] = REQUIREMENTS, examples: int = 30) -> RunPlan:
    """A run by the profile, and of the operations, that the mutant's requirement is about."""
    operations = SESSIONS if mutant.kills.startswith("SES-") else EVENTS
    return RunPlan(requirements, SEED, examples, strict="-STRICT-" in mutant.kills, operations=operations)


def report_on(mutant: Mutant, plan: RunPlan) -> Report:
    """What a run finds of a mutant."""
    with mutant.apply(), patch.object(times, "APART", APART), serving() as url:
        return run(TargetAccess(url, TOKENS, patience=PATIENCE), plan)


def false_alarms(report: Report) -> list[Outcome]:
    """What fails the run at the default level, or the suite itself, of a server that has no defect."""
    musts = [each for each in report.outcomes if each.fails and each.requirement.level is Level.MUST]
    return [*musts, *(each for each in report.outcomes if each.status is Status.ERROR)]


def failing(report: Report) -> set[str]:
    """The ids of the requirements that a run found broken."""
    return {outcome.requirement.id for outcome in report.outcomes if outcome.fails}
