"""A report as Markdown, for a pull request."""

from hivestand.conformance.outcome import Status
from hivestand.conformance.reports.report import Report, shown, summary


def to_markdown(report: Report) -> str:
    """The report as Markdown: a heading, the sums, and a table of what does not pass."""
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
