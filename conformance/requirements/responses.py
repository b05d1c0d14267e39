"""What the response to a started session looks like."""

from typing import Any

from hivestand.conformance.api import SAME
from hivestand.conformance.exchange import Exchange
from hivestand.conformance.history import SessionPost
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import ABSENT, Expectations, Level, Matcher

registry = Registry()
rule = registry.rule
SCHEMA = "response schema of 200"
STRING = Matcher("a string", lambda value: isinstance(value, str))
STRING_OR_NULL = Matcher("a string or null", lambda value: value is None or isinstance(value, str))
NUMBER = Matcher("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool))
NUMBER_OR_NULL = Matcher("a number or null", lambda value: value is None or NUMBER.holds(value))
STRINGS = Matcher(
    "an array of strings", lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value)
)
OLDER = frozenset({"error", "metrics", "feedback"})  # what an older reference has of a session that is started
FULL = {"session_name": "full", "start_time": 1767225600000, "end_time": 1767225600001, "duration": 1.5}


@registry.response("SES-ANS-01", Level.MUST, "The response is JSON", source="response 200: application/json")
def is_json(exchange: Exchange) -> Expectations:
    """The response is JSON: by its media type, and by itself."""
    if exchange.response.status == 200:  # noqa: PLR2004
        yield "application/json", exchange.response.media_type
        if exchange.response.json is None:
            yield "a JSON value (RFC 8259)", exchange.response.body.decode(errors="replace")[:200]


@registry.response("SES-ANS-02", Level.MUST, "The ids are strings", source=SCHEMA)
def has_ids(exchange: Exchange) -> Expectations:
    """The ids are strings: required, and never null."""
    if exchange.response.status == 200:  # noqa: PLR2004
        for name in ("event_id", "session_id", "org_id", "workspace_id", "project_id"):
            yield STRING, exchange.response.event.get(name)


@rule("SES-ANS-03", Level.MUST, "Each property has its documented type", {}, FULL, source=SCHEMA)
def has_types(step: SessionPost) -> Expectations:
    """Each property has its documented type: where it is there."""
    types = dict.fromkeys(("parent_id", "event_type", "event_name", "error", "source"), STRING_OR_NULL)
    types |= dict.fromkeys(("duration", "start_time", "end_time"), NUMBER_OR_NULL)
    types["children_ids"] = STRINGS
    for name, matcher in types.items():
        if name in step.event:
            yield matcher, step.event[name]


@rule(
    "SES-ANS-04",
    Level.SHOULD,
    "The session is an event of type session, and the event's id is the session's",
    {},
    {"session_id": SAME},
    source="The server creates a session event and returns it",
)
def is_session_event(step: SessionPost) -> Expectations:
    """The session is an event of type session, and the event's id is the session's: as clients take it to be."""
    yield "session", step.event.get("event_type")
    yield str(step.event.get("session_id")).lower(), str(step.event.get("event_id")).lower()


@rule(
    "SES-ANS-05",
    Level.SHOULD,
    "A session starts without parent, error, metrics and feedback",
    {},
    FULL,
    source="Full session event object returned; as released clients read it",
)
def starts_empty(step: SessionPost) -> Expectations:
    """A session starts without parent, error, metrics and feedback: all of them are there, and empty."""
    if step.before is None:
        empty: dict[str, Any] = {"parent_id": None, "error": None, "metrics": {}, "feedback": {}}
        taken = step.sent.keys() & OLDER if step.exchange.request.operation == "startSessionLegacy" else set()
        for name, value in empty.items():
            if name not in taken:
                yield value, step.event.get(name, ABSENT)


@rule(
    "SES-ANS-06",
    Level.SHOULD,
    "The response is the full event",
    {},
    FULL,
    source="Full session event object returned after starting a new session",
)
def is_full(step: SessionPost) -> Expectations:
    """The response is the full event: every property of the response schema is there."""
    names = {"event_id", "session_id", "parent_id", "children_ids", "event_type", "event_name", "config", "inputs"}
    names |= {"outputs", "error", "source", "duration", "user_properties", "metrics", "feedback", "metadata"}
    names |= {"start_time", "end_time", "org_id", "workspace_id", "project_id"}
    yield [], sorted(names - step.event.keys())
