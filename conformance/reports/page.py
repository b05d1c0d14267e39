"""The report as an HTML page: the failures first, then every subject, and behind each the requests and responses."""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Final

from hivestand.conformance.exchange import Exchange
from hivestand.conformance.outcome import Outcome, Status
from hivestand.conformance.reports.report import MAX_SHOWN, Report, shown, summary
from hivestand.conformance.reports.subjects import subject_of
from hivestand.conformance.requirement import Level

STYLE: Final = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
SIGNS: Final = {"passed": "✓", "failed": "✗", "differs": "≠", "error": "!", "skipped": "-", "not_exercised": "·"}
WORST: Final = tuple(SIGNS)[1:] + tuple(SIGNS)[:1]
LEVELS: Final = (Level.MUST, Level.SHOULD, Level.INFO)
SCRIPT: Final = (Path(__file__).parent / "page.js").read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


_POLICY: Final = f"default-src 'none'; script-src 'sha256-{_digest(SCRIPT)}'; style-src 'sha256-{_digest(STYLE)}'"


def to_html(report: Report) -> str:
    """The report as one self-contained page; everything that a target sent is text on it."""
    failures = _causes([outcome for outcome in report.outcomes if outcome.fails])
    subjects: dict[str, list[Outcome]] = {}
    for outcome in sorted(report.outcomes, key=lambda each: WORST.index(_status(each))):
        subjects.setdefault(subject_of(outcome.requirement.id), []).append(outcome)
    listed = list(enumerate(sorted(subjects.items(), key=lambda each: WORST.index(_status(each[1][0]))), start=1))
    links = "".join(_link(number, subject, outcomes) for number, (subject, outcomes) in listed)
    sections = "".join(_section(number, subject, outcomes, report) for number, (subject, outcomes) in listed)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(report.target)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head><body>'
        f"{_header(report)}{_filters(report)}"
        f'<main><nav aria-label="Subjects"><ol>{links}</ol></nav>'
        f"<article>{_failures(failures, report)}{sections}</article></main><script>{SCRIPT}</script></body></html>\n"
    )


def verdict_of(report: Report) -> str:
    """Whether the target keeps the contract, in one line: what is broken at MUST, fails at SHOULD, and was not tried.

    It is broken at MUST exactly if `hivestand check` fails at its default level.
    """
    broken = {
        level: len({each.requirement.id for each in report.outcomes if each.fails and each.requirement.level is level})
        for level in (Level.MUST, Level.SHOULD)
    }
    not_tried = sum(not outcome.is_judged for outcome in report.outcomes)
    must = f"broken at MUST: {broken[Level.MUST]} of its requirements" if broken[Level.MUST] else "kept at MUST"
    parts = [must, f"{broken[Level.SHOULD]} SHOULD fail", f"{not_tried} not tried"]
    if report.inconclusive:
        parts.append(f"inconclusive: {report.inconclusive}")
    return "; ".join(parts)


def _header(report: Report) -> str:
    is_broken = any(each.fails and each.requirement.level is Level.MUST for each in report.outcomes)
    state = "failed" if is_broken or report.inconclusive else "passed"
    sums = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in summary(report).items() if count)
    return (
        f"<header><h1>Does <code>{escape(report.target)}</code> keep the contract?</h1>"
        f'<p class="verdict {state}">{escape(verdict_of(report))}</p>'
        f'<p class="dim">{sums}; {report.requests} requests in {report.seconds:.1f} s, seed {report.seed}</p></header>'
    )


def _filters(report: Report) -> str:
    operations = sorted({outcome.operation for outcome in report.outcomes})
    statuses = sorted({_status(outcome) for outcome in report.outcomes}, key=WORST.index)
    choices = (("status", statuses), ("level", [str(level) for level in Level]), ("operation", operations))
    selects = (
        f'<label>{name.capitalize()} <select data-filter="{name}"><option value="">any</option>'
        + "".join(f'<option value="{escape(each)}">{escape(each.replace("_", " "))}</option>' for each in values)
        + "</select></label>"
        for name, values in choices
    )
    return f'<div class="filters" role="search">{"".join(selects)}<output></output></div>'


def _causes(failing: Sequence[Outcome]) -> Sequence[Sequence[Outcome]]:
    """The failures, those of one cause together: the same requirement with the same finding, whatever the operation."""
    causes: dict[tuple[str, str, str], list[Outcome]] = {}
    for outcome in failing:
        finding = outcome.finding
        found = ("", outcome.reason) if finding is None else (shown(finding.expected), shown(finding.actual))
        causes.setdefault((outcome.requirement.id, *found), []).append(outcome)
    return sorted(causes.values(), key=lambda each: LEVELS.index(each[0].requirement.level))


def _failures(causes: Sequence[Sequence[Outcome]], report: Report) -> str:
    if not causes:
        return ""
    items = "".join(
        _item(cause[0], report.target, [each.operation for each in cause], is_open=True) for cause in causes
    )
    return f'<section class="failures"><h2 id="failures">Failures</h2>{items}</section>'


def _link(number: int, subject: str, outcomes: Sequence[Outcome]) -> str:
    return f'<li><a href="#s{number}">{_sign(_status(outcomes[0]))} {escape(subject)}</a></li>'


def _section(number: int, subject: str, outcomes: Sequence[Outcome], report: Report) -> str:
    items = "".join(_item(outcome, report.target, [outcome.operation]) for outcome in outcomes)
    return f'<section><h2 id="s{number}">{escape(subject)}</h2>{items}</section>'


def _item(outcome: Outcome, target: str, operations: Sequence[str], *, is_open: bool = False) -> str:
    requirement, status = outcome.requirement, _status(outcome)
    head = (
        f'{_sign(status)} {escape(requirement.title)} <span class="level">{requirement.level}</span> '
        f"<code>{requirement.id} {escape(', '.join(operations))}</code>"
    )
    about = (
        f'data-status="{status}" data-level="{requirement.level}" data-operation="{escape(" ".join(operations))}"'
        f"{' open' if is_open else ''}"
    )
    source = f'<p class="dim">{escape(requirement.source)}</p>'
    return f"<details {about}><summary>{head}</summary>{source}{''.join(_shown(outcome, target))}</details>"


def _shown(outcome: Outcome, target: str) -> Iterator[str]:
    if outcome.reason:
        yield f'<p class="dim">{escape(outcome.reason)}</p>'
    finding = outcome.finding
    if finding is None:
        return
    values = (("expected", shown(finding.expected)), ("actual", shown(finding.actual)))
    yield f"<dl>{''.join(f'<dt>{name}</dt><dd><code>{escape(value)}</code></dd>' for name, value in values)}</dl>"
    for exchange in finding.evidence:
        yield f"<pre>{escape(exchange.request.curl(target)[:MAX_SHOWN])}</pre><pre>{escape(_text(exchange))}</pre>"


def _text(exchange: Exchange) -> str:
    """An exchange as HTTP, with bodies indented."""
    request, response = exchange.request, exchange.response
    sent = [f"{request.method} {request.path}", *(f"{name}: {value}" for name, value in request.headers.items())]
    came = [str(response.status), *(f"{name}: {value}" for name, value in response.headers.items())]
    bodies = _laid_out(request.body or b"", request.json), _laid_out(response.body, response.json)
    return "\n\n".join(("\n".join(sent), bodies[0], "\n".join(came), bodies[1]))


def _laid_out(body: bytes, value: object) -> str:
    text = body.decode(errors="replace") if value is None else json.dumps(value, indent=2, ensure_ascii=False)
    return text[:MAX_SHOWN]


def _status(outcome: Outcome) -> str:
    """The status; `differs` where the contract is open and the target does something else."""
    return "differs" if outcome.status is Status.FAILED and not outcome.fails else outcome.status.value


def _sign(status: str) -> str:
    return f'<span class="{status}" title="{status.replace("_", " ")}">{SIGNS[status]}</span>'
