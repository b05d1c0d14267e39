"""What a run found, for people and for programs."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hivestand.conformance.api import MARK
from hivestand.conformance.exchange import Exchange
from hivestand.conformance.outcome import Outcome, Status
from hivestand.conformance.requirement import Finding, Matcher
from hivestand.conformance.run import Report

SCHEMA = Path(__file__).parent / "report.schema.json"  # of what `to_json` gives
SHOWN = 2000  # characters of a body or value that a report repeats


def summary(report: Report) -> dict[str, int]:
    """How many outcomes there are of each status."""
    counted = Counter(outcome.status for outcome in report.outcomes)
    return {status.value: counted[status] for status in Status}


def to_json(report: Report) -> dict[str, Any]:
    """The report as JSON values."""
    return {
        "target": report.target,
        "seed": report.seed,
        "requests": report.requests,
        "seconds": round(report.seconds, 3),
        "summary": summary(report),
        "inconclusive": report.inconclusive,
        "created": list(report.created),
        "requirements": [_outcome(outcome, report.target) for outcome in report.outcomes],
    }


def by_subject(report: Report) -> dict[str, Counter[Status]]:
    """How many outcomes of each status a subject has, such as SES-MERGE, in the order of the requirements."""
    subjects: dict[str, Counter[Status]] = {}
    for outcome in report.outcomes:
        subject = outcome.requirement.id.rpartition("-")[0]
        subjects.setdefault(subject, Counter())[outcome.status] += 1
    return subjects


def failures(report: Report) -> Iterator[str]:
    """What does not pass, each with its evidence, as plain lines."""
    for outcome in report.outcomes:
        if outcome.status is Status.FAILED:
            yield from failure(outcome, report.target)
        elif outcome.status is Status.ERROR:
            yield f"error   {_name(outcome)}: {outcome.reason}"


def sums(report: Report) -> Iterator[str]:
    """What was left behind, why the run ended early if it did, and the sums, as plain lines."""
    if report.marked:
        yield f"created {len(report.created)} sessions, each with {report.seed:x} as {MARK} in its metadata:"
        yield from (f"  {session_id}" for session_id in report.created)
    if report.inconclusive:
        yield f"inconclusive: {report.inconclusive}"
    counted = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in summary(report).items() if count)
    yield f"{counted}; {report.requests} requests in {report.seconds:.1f} s, seed {report.seed}"


def failure(outcome: Outcome, target: str) -> Iterator[str]:
    """What is broken, or differs where the contract is open, with its evidence, as plain lines."""
    word = "FAILED " if outcome.fails else "differs"
    yield f"{word} {_name(outcome)}"
    yield f"        {outcome.requirement.source}"
    finding = outcome.finding
    if finding is not None:
        yield f"        expected {shown(finding.expected)}"
        yield f"        actual   {shown(finding.actual)}"
        yield from (f"        {exchange.request.curl(target)}" for exchange in finding.evidence[-1:])


def _name(outcome: Outcome) -> str:
    requirement = outcome.requirement
    return f"{requirement.id} {requirement.level} {outcome.operation}: {requirement.title}"


def _outcome(outcome: Outcome, target: str) -> dict[str, Any]:
    requirement, finding = outcome.requirement, outcome.finding or Finding(None, None)
    return {
        "id": requirement.id,
        "level": requirement.level.value,
        "title": requirement.title,
        "source": requirement.source,
        "operation": outcome.operation,
        "status": outcome.status.value,
        "reason": outcome.reason,
        "expected": _plain(finding.expected),
        "actual": _plain(finding.actual),
        "evidence": [_evidence(exchange, target) for exchange in finding.evidence],
    }


def _evidence(exchange: Exchange, target: str) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    sent = {
        "method": request.method,
        "path": request.path,
        "headers": dict(request.headers),
        "body": _text(request.body),
    }
    received = {"status": response.status, "headers": dict(response.headers), "body": _text(response.body)}
    return {"request": sent, "response": received, "curl": request.curl(target)}


def _text(body: bytes | None) -> str | None:
    return None if body is None else body.decode(errors="replace")[:SHOWN]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Matcher) else value


def shown(value: Any) -> str:
    """A value in one line."""
    return (str(value) if isinstance(value, Matcher) else repr(value))[:SHOWN]
