"""Reports as documents, of a run with hostile strings in it."""

from html.parser import HTMLParser
from xml.etree import ElementTree as ET

from skep.conformance.documents import to_html, to_junit, to_markdown
from skep.conformance.exchange import Exchange, Request, Response
from skep.conformance.outcome import Outcome, Status, outcome_of
from skep.conformance.requirement import Finding, Level, Requirement
from skep.conformance.run import Report

HOSTILE = "<script>alert(1)</script>|\x00\n]]>\"'"
EXCHANGE = Exchange(
    Request("createSession", "/v1/sessions", HOSTILE.encode()), Response(200, {"a": HOSTILE}, HOSTILE.encode(), 0, 1)
)


def requirement(level: Level) -> Requirement:
    """One with a hostile title."""
    return Requirement(f"SES-{level}-01", level, HOSTILE, HOSTILE, ("createSession",))


BROKEN = [outcome_of(requirement(level), "createSession", [Finding("a", HOSTILE, (EXCHANGE,))]) for level in Level]
OTHERS = [Outcome(requirement(Level.MUST), "createSession", status, reason=HOSTILE) for status in Status]
REPORT = Report("http://127.0.0.1:1", 7, 3, 1.5, (*BROKEN, *OTHERS))


class Scripts(HTMLParser):
    """Collects the names of elements."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one, and that it fetches nothing."""
        self.names.add(tag)
        assert not {name for name, _ in attrs} & {"src", "href"}


def test_the_page_runs_and_fetches_nothing() -> None:
    """Whatever a target answered is text."""
    parser = Scripts()
    parser.feed(to_html(REPORT))
    assert "details" in parser.names
    assert not parser.names & {"script", "link", "img", "iframe"}


def test_junit_counts_what_fails() -> None:
    """What only reports passes, and what was not exercised is skipped."""
    suite = ET.fromstring(to_junit(REPORT))  # noqa: S314 - it was made here
    failed = [case for case in suite if case.find("failure") is not None]
    assert ("3", 3) == (suite.get("failures"), len(failed))
    assert "1" == suite.get("errors")
    assert len(suite) == len(REPORT.outcomes)
    assert 2 == sum(case.find("skipped") is not None for case in suite)


def test_the_table_has_a_row_for_each_that_does_not_pass() -> None:
    """And no cell breaks out of it."""
    lines = to_markdown(REPORT).splitlines()
    rows = [line for line in lines if line.startswith("| SES-")]
    assert len(rows) == len(BROKEN) + 2
    assert {7} == {row.replace("\\|", "").count("|") for row in rows}
