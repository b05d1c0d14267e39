"""The report as Markdown, of a run with hostile strings in it."""

from hostile import BROKEN, REPORT

from hivestand.conformance.reports.markdown import to_markdown


def test_the_table_has_a_row_for_each_that_does_not_pass() -> None:
    """No cell breaks out of the table."""
    lines = to_markdown(REPORT).splitlines()
    rows = [line for line in lines if line.startswith("| SES-")]
    assert len(rows) == len(BROKEN) + 2
    assert {7} == {row.replace("\\|", "").count("|") for row in rows}
