"""A report as plain lines, for a terminal and for failing tests."""

from collections.abc import Iterator

from hivestand.conformance.api import MARK
from hivestand.conformance.outcome import Outcome, Status
from hivestand.conformance.reports.report import Report, shown, summary


def failures(report: Report) -> Iterator[str]:
    """What does not pass, each with its evidence, as plain lines."""
    for outcome in report.outcomes:
        if outcome.status is Status.FAILED:
            yield from failure(outcome, report.target)
        elif outcome.status is Status.ERROR:
            yield f"error   {_name(outcome)}: {outcome.reason}"


def sums(report: Report) -> Iterator[str]:
    """What was created, why the run ended early if it did, and the sums, as plain lines."""
    if report.marked:
        yield f"created {len(report.created)} sessions, each with {report.seed:x} as {MARK} in its metadata:"
        yield from (f"  {session_id}" for session_id in report.created)
    if report.inconclusive:
        yield f"inconclusive: {report.inconclusive}"
    counted = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in summary(report).items() if count)
    yield f"{counted}; {report.requests} requests in {report.seconds:.1f} s, seed {report.seed}"


def failure(outcome: Outcome, target: str) -> Iterator[str]:
    """A failing outcome with its evidence, as plain lines."""
    word = "FAILED " if outcome.fails else "differs"
    yield f"{word} {_name(outcome)}"
    yield f"        {outcome.requirement.source}"
    finding = outcome.finding
    if finding is not None:
        yield f"        expected {shown(finding.expected)}"
        yield f"        actual   {shown(finding.actual)}"
        yield from (f"        {exchange.request.curl(target)}" for exchange in finding.evidence)


def _name(outcome: Outcome) -> str:
    requirement = outcome.requirement
    return f"{requirement.id} {requirement.level} {outcome.operation}: {requirement.title}"
