"""The requirements as tests, one for each: `pytest --pyargs hivestand.conformance --hivestand-url URL`."""

import pytest

from hivestand.conformance.outcome import Outcome, Status
from hivestand.conformance.reports.report import Report
from hivestand.conformance.reports.text import failure
from hivestand.conformance.requirement import Level


def test_requirement(hivestand_outcomes: list[Outcome], hivestand_report: Report, pytestconfig: pytest.Config) -> None:
    """The requirement holds on each of its operations."""
    lowest = pytestconfig.getoption("--hivestand-level")
    for outcome in hivestand_outcomes:
        if outcome.fails:
            said = "\n".join(failure(outcome, hivestand_report.target))
            if outcome.requirement.level is Level.SHOULD and lowest != "SHOULD":
                pytest.xfail(said)
            pytest.fail(said, pytrace=False)
    for outcome in hivestand_outcomes:
        if outcome.status is Status.ERROR or (outcome.status is Status.NOT_EXERCISED and hivestand_report.inconclusive):
            pytest.fail(outcome.reason or f"inconclusive: {hivestand_report.inconclusive}", pytrace=False)
    if not any(outcome.is_judged for outcome in hivestand_outcomes):
        pytest.skip(hivestand_outcomes[0].reason or "not exercised")
