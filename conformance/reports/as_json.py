"""A report as JSON values, for programs; their schema is `report.schema.json`."""

from pathlib import Path
from typing import Any

from hivestand.conformance.exchange import Exchange
from hivestand.conformance.outcome import Outcome
from hivestand.conformance.reports.report import MAX_SHOWN, Report, summary
from hivestand.conformance.requirement import Finding, Matcher

SCHEMA = Path(__file__).parent / "report.schema.json"  # of what `to_json` returns


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
    return None if body is None else body.decode(errors="replace")[:MAX_SHOWN]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Matcher) else value
