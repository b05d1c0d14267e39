"""The report as an HTML page: the contract's sentences, and behind each the requests and responses."""

import json
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from hivestand.conformance.exchange import Exchange
from hivestand.conformance.outcome import Outcome, Status
from hivestand.conformance.reports.report import MAX_SHOWN, Report, shown, summary

STYLE: Final = """
:root { color-scheme: light dark; --line: #8883; --soft: #8881; --dim: light-dark(#666, #aaa);
  --passed: light-dark(#1b7a32, #5fce78); --failed: light-dark(#b3261e, #ff8a80);
  --differs: light-dark(#8a5a00, #f0b84a); --other: light-dark(#666, #aaa) }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 }
header { padding: 1.5rem; border-bottom: 1px solid var(--line) }
h1 { font-size: 1.35rem; margin: 0 0 .25rem } h2 { font-size: 1.05rem; margin: 2.5rem 0 .5rem; scroll-margin: 1rem }
h1 code { font-size: 1em; word-break: break-all }
.verdict { font-size: 1.15rem; font-weight: 600; margin: 0 } .dim { color: var(--dim); margin: 0 }
main { display: grid; grid-template-columns: minmax(15rem, 22rem) minmax(0, 1fr) }
nav { border-right: 1px solid var(--line); height: 100vh; overflow-y: auto; padding: 1rem; position: sticky; top: 0 }
nav ol { list-style: none; margin: 0; padding: 0 }
nav a { color: inherit; display: block; font-size: .875rem; padding: .3rem .5rem; text-decoration: none }
nav a:hover, nav a:focus-visible { background: var(--soft); text-decoration: underline }
article { padding: 0 1.5rem 3rem; max-width: 60rem }
details { border-top: 1px solid var(--line) } summary { cursor: pointer; padding: .45rem 0 }
summary code, .level { color: var(--dim); font-size: .875rem }
.passed { color: var(--passed) } .failed { color: var(--failed) } .differs { color: var(--differs) }
.error, .skipped, .not_exercised { color: var(--other) }
dl { display: grid; gap: .25rem 1rem; grid-template-columns: max-content minmax(0, 1fr); margin: .25rem 0 }
dt { color: var(--dim) } dd { margin: 0 }
pre, dd code { font: .8125rem/1.45 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap }
pre { background: var(--soft); border-radius: .25rem; margin: .5rem 0; padding: .75rem }
@media (max-width: 48rem) { main { display: block } nav { border: 0; height: auto; position: static } }
@media print { nav { display: none } main { display: block } }
"""
SIGNS: Final = {"passed": "✓", "failed": "✗", "differs": "≠", "error": "!", "skipped": "-", "not_exercised": "·"}
WORST: Final = tuple(SIGNS)[1:] + tuple(SIGNS)[:1]


def to_html(report: Report) -> str:
    """The report as one self-contained page; everything that a target sent is text on it."""
    sentences: dict[str, list[Outcome]] = {}
    for outcome in report.outcomes:
        sentences.setdefault(outcome.requirement.source, []).append(outcome)
    listed = list(enumerate(sentences.items(), start=1))
    links = "".join(_link(number, source, outcomes) for number, (source, outcomes) in listed)
    sections = "".join(_section(number, source, outcomes, report) for number, (source, outcomes) in listed)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(report.target)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head><body>'
        f'{_header(report)}<main><nav aria-label="Sentences of the contract"><ol>{links}</ol></nav>'
        f"<article>{sections}</article></main></body></html>\n"
    )


def _header(report: Report) -> str:
    broken = len({outcome.requirement.id for outcome in report.outcomes if outcome.fails})
    verdict = f"{broken} requirements are broken" if broken else "It keeps what was tried"
    if report.inconclusive:
        verdict += f"; inconclusive: {report.inconclusive}"
    sums = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in summary(report).items() if count)
    return (
        f"<header><h1>Does <code>{escape(report.target)}</code> keep the contract?</h1>"
        f'<p class="verdict {"failed" if broken or report.inconclusive else "passed"}">{escape(verdict)}</p>'
        f'<p class="dim">{sums}; {report.requests} requests in {report.seconds:.1f} s, seed {report.seed}</p></header>'
    )


def _link(number: int, source: str, outcomes: Sequence[Outcome]) -> str:
    status = min((_status(outcome) for outcome in outcomes), key=WORST.index)
    return f'<li><a href="#s{number}">{_sign(status)} {escape(source)}</a></li>'


def _section(number: int, source: str, outcomes: Sequence[Outcome], report: Report) -> str:
    items = "".join(_item(outcome, report.target) for outcome in outcomes)
    return f'<section><h2 id="s{number}">{escape(source)}</h2>{items}</section>'


def _item(outcome: Outcome, target: str) -> str:
    requirement, status = outcome.requirement, _status(outcome)
    head = (
        f'{_sign(status)} {escape(requirement.title)} <span class="level">{requirement.level}</span> '
        f"<code>{requirement.id} {escape(outcome.operation)}</code>"
    )
    is_open = " open" if status == "failed" else ""
    return f"<details{is_open}><summary>{head}</summary>{''.join(_shown(outcome, target))}</details>"


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
