"""The report as JUnit's XML, of a run with hostile strings in it."""

from xml.etree import ElementTree as ET

from hostile import REPORT

from hivestand.conformance.reports.junit import to_junit


def test_junit_counts_what_fails() -> None:
    """What only reports passes, and what was not exercised is skipped."""
    suite = ET.fromstring(to_junit(REPORT))  # noqa: S314 - it was made here
    failed = [case for case in suite if case.find("failure") is not None]
    assert ("3", 3) == (suite.get("failures"), len(failed))
    assert "1" == suite.get("errors")
    assert len(suite) == len(REPORT.outcomes)
    assert 2 == sum(case.find("skipped") is not None for case in suite)
