"""A report of a target whose every text tries to be more than text."""

from hivestand.conformance.exchange import Exchange, ReceivedResponse, SentRequest
from hivestand.conformance.outcome import Outcome, Status, outcome_of
from hivestand.conformance.reports.report import Report
from hivestand.conformance.requirement import Finding, Level, Requirement

HOSTILE = "<script>alert(1)</script>|\x00\n]]>\"'"
EXCHANGE = Exchange(
    SentRequest("createSession", "/v1/sessions", HOSTILE.encode()),
    ReceivedResponse(200, {"a": HOSTILE}, HOSTILE.encode(), 0, 1),
)


def requirement(level: Level) -> Requirement:
    """One with a hostile title."""
    return Requirement(f"SES-{level}-01", level, HOSTILE, HOSTILE, ("createSession",))


BROKEN = [outcome_of(requirement(level), "createSession", [Finding("a", HOSTILE, (EXCHANGE,))]) for level in Level]
OTHERS = [Outcome(requirement(Level.MUST), "createSession", status, reason=HOSTILE) for status in Status]
REPORT = Report("http://127.0.0.1:1", 7, 3, 1.5, (*BROKEN, *OTHERS))
