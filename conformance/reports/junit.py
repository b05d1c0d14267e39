"""A report as JUnit XML, for CI."""

from xml.etree import ElementTree as ET

from hivestand.conformance.outcome import Outcome, Status
from hivestand.conformance.reports.report import Report, shown, summary


def to_junit(report: Report) -> str:
    """The report as JUnit XML: one test case for each requirement and operation; INFO never fails."""
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


def _evidence(outcome: Outcome, report: Report) -> str:
    finding = outcome.finding
    if finding is None:
        return outcome.reason
    commands = [exchange.request.curl(report.target) for exchange in finding.evidence]
    return "\n".join([f"expected {shown(finding.expected)}", f"actual   {shown(finding.actual)}", *commands])


def _printable(text: str) -> str:
    """The text without characters that XML 1.0 cannot hold."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "�" for letter in text)
