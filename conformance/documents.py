"""Reports as documents: JUnit for CI, Markdown for a pull request, HTML for a person."""

import json
from html import escape
from itertools import groupby
from typing import Any
from xml.etree import ElementTree as ET

from skep.conformance.outcome import Outcome, Status
from skep.conformance.report import shown, summary, to_json
from skep.conformance.run import Report

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bad: #c62828; --good: #2e7d32; --dim: #777 }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1.5rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem }
details { border-top: 1px solid var(--line); padding: .5rem 0 } summary { cursor: pointer }
.failed { color: var(--bad) } .passed { color: var(--good) } .dim { color: var(--dim) }
pre { background: #8881; overflow-x: auto; padding: .75rem; white-space: pre-wrap; word-break: break-all }
q { font-style: italic }
"""


def to_junit(report: Report) -> str:
    """JUnit's XML: a test case for each requirement and operation; what only reports does not fail."""
    counted = summary(report)
    failures = [outcome for outcome in report.outcomes if outcome.fails]
    totals = {"tests": len(report.outcomes), "failures": len(failures), "errors": counted["error"]}
    suite = ET.Element("testsuite", {"name": report.target, **{name: str(count) for name, count in totals.items()}})
    for outcome in report.outcomes:
        requirement = outcome.requirement
        names = {"classname": outcome.operation, "name": f"{requirement.id} {requirement.title}"}
        case = ET.SubElement(suite, "testcase", names)
        if outcome.fails:
            ET.SubElement(case, "failure", {"message": requirement.source}).text = _evidence(outcome, report)
        elif outcome.status is Status.ERROR:
            ET.SubElement(case, "error", {"message": outcome.reason})
        elif outcome.status in {Status.SKIPPED, Status.NOT_EXERCISED}:
            ET.SubElement(case, "skipped", {"message": outcome.reason or "not exercised"})
    if report.inconclusive:
        ET.SubElement(ET.SubElement(suite, "testcase", {"name": "the run"}), "error", {"message": report.inconclusive})
    return _printable(ET.tostring(suite, encoding="unicode", xml_declaration=True)) + "\n"


def to_markdown(report: Report) -> str:
    """A heading, the sums, and a table of what does not pass."""
    counted = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in summary(report).items() if count)
    lines = [f"# {report.target}", "", f"{counted}; {report.requests} requests, seed {report.seed}.", ""]
    if report.inconclusive:
        lines += [f"**Inconclusive**: {report.inconclusive}", ""]
    broken = [outcome for outcome in report.outcomes if outcome.status in {Status.FAILED, Status.ERROR}]
    if broken:
        lines += ["| requirement | level | operation | sentence | expected | actual |", "|---|---|---|---|---|---|"]
    for outcome in broken:
        requirement, finding = outcome.requirement, outcome.finding
        expected, actual = (shown(finding.expected), shown(finding.actual)) if finding else ("", outcome.reason)
        cells = (requirement.id, requirement.level, outcome.operation, requirement.title, expected, actual)
        lines.append("| " + " | ".join(str(cell)[:200].replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def to_html(report: Report) -> str:
    """One page that needs nothing else: the sentences, and behind each what was sent and what came."""
    sums = "".join(f"<li>{count} {escape(name.replace('_', ' '))}</li>" for name, count in summary(report).items())
    groups = groupby(to_json(report)["requirements"], key=lambda each: each["source"])
    sections = "".join(f"<h2><q>{escape(source)}</q></h2>{''.join(map(_section, each))}" for source, each in groups)
    inconclusive = f'<p class="failed">Inconclusive: {escape(report.inconclusive)}</p>' if report.inconclusive else ""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(report.target)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>Does {escape(report.target)} keep the contract?</h1><ul>{sums}</ul>{inconclusive}"
        f'<p class="dim">{report.requests} requests in {report.seconds:.1f} s, seed {report.seed}</p>'
        f"{sections}</html>\n"
    )


def _section(outcome: dict[str, Any]) -> str:
    head = f"{outcome['id']} {outcome['level']} {outcome['operation']}: {outcome['title']}"
    status = f'<span class="{outcome["status"]}">{escape(outcome["status"].replace("_", " "))}</span>'
    body = ""
    if outcome["status"] in {"failed", "error"}:
        values = f"expected {shown(outcome['expected'])}\nactual   {shown(outcome['actual'])}\n{outcome['reason']}"
        body = f"<pre>{escape(values)}</pre>"
    for each in outcome["evidence"]:
        shown_exchange = json.dumps({key: each[key] for key in ("request", "response")}, indent=1, ensure_ascii=False)
        body += f"<pre>{escape(each['curl'])}</pre><pre>{escape(shown_exchange)}</pre>"
    is_open = " open" if outcome["status"] == "failed" else ""
    return f"<details{is_open}><summary>{status} {escape(head)}</summary>{body}</details>"


def _evidence(outcome: Outcome, report: Report) -> str:
    finding = outcome.finding
    if finding is None:
        return outcome.reason
    commands = [exchange.request.curl(report.target) for exchange in finding.evidence[-1:]]
    return "\n".join([f"expected {shown(finding.expected)}", f"actual   {shown(finding.actual)}", *commands])


def _printable(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "�" for letter in text)
