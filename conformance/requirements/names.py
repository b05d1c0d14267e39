"""What a session is called, and where it comes from: `event_name`, `session_name`, `source`."""

from hivestand.conformance.history import SessionPost
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import ABSENT, Expectations, Level
from hivestand.conformance.samples import AWKWARD

registry = Registry()
rule = registry.rule
FALLS_BACK = "event_name (string): Falls back to session_name when not provided; defaults to unknown if both are absent"


@rule("SES-NAME-01", Level.MUST, "event_name is kept", {"event_name": "a"}, {"event_name": AWKWARD}, source=FALLS_BACK)
def event_name_is_kept(step: SessionPost) -> Expectations:
    """`event_name` is kept: a string that is not empty, where it is the only name."""
    name = step.sent.get("event_name")
    if step.before is None and isinstance(name, str) and name and "session_name" not in step.sent:
        yield name, step.event.get("event_name", ABSENT)


@rule(
    "SES-NAME-02",
    Level.MUST,
    "Without event_name, session_name is used",
    {"session_name": "b"},
    {"session_name": AWKWARD},
    source=FALLS_BACK,
)
def falls_back_to_session_name(step: SessionPost) -> Expectations:
    """Without event_name, session_name is used: a string that is not empty."""
    name = step.sent.get("session_name")
    if step.before is None and "event_name" not in step.sent and isinstance(name, str) and name:
        yield name, step.event.get("event_name", ABSENT)


@rule("SES-NAME-03", Level.MUST, "Without either name the name is `unknown`", {}, {"source": "c"}, source=FALLS_BACK)
def falls_back_to_unknown(step: SessionPost) -> Expectations:
    """Without either name the name is `unknown`: in so many letters."""
    if step.before is None and not {"event_name", "session_name"} & step.sent.keys():
        yield "unknown", step.event.get("event_name", ABSENT)


@rule(
    "SES-NAME-04",
    Level.SHOULD,
    "If both names are sent, event_name wins",
    {"event_name": "first", "session_name": "second"},
    source="Falls back to session_name when not provided; but elsewhere: Fallback name if session_name is not provided",
)
def event_name_wins(step: SessionPost) -> Expectations:
    """If both names are sent, event_name wins.

    Two sentences disagree; the one that names the fallback first is followed.
    """
    names = step.sent.get("event_name"), step.sent.get("session_name")
    if step.before is None and all(isinstance(name, str) and name for name in names):
        yield names[0], step.event.get("event_name", ABSENT)


@rule(
    "SES-NAME-05",
    Level.INFO,
    "A name of the wrong type counts as absent",
    {"event_name": 7},
    {"event_name": None},
    {"session_name": ["a"]},
    source="open",
)
def wrong_name_is_absent(step: SessionPost) -> Expectations:
    """A name of the wrong type counts as absent: and so the next in line is used."""
    names = [step.sent[name] for name in ("event_name", "session_name") if name in step.sent]
    if step.before is None and any(not isinstance(name, str) for name in names):
        strings = [name for name in names if isinstance(name, str)]
        yield strings[0] if strings else "unknown", step.event.get("event_name", ABSENT)


@rule(
    "SES-NAME-06",
    Level.INFO,
    "An empty string is kept",
    {"event_name": ""},
    {"source": ""},
    source="open",
)
def empty_is_kept(step: SessionPost) -> Expectations:
    """An empty string is kept: it is kept, and does not fall back."""
    for name in ("event_name", "source"):
        if step.before is None and step.sent.get(name) == "":
            yield "", step.event.get(name, ABSENT)


@rule("SES-SRC-01", Level.MUST, "source is kept", {"source": "sdk"}, {"source": AWKWARD}, source="source (string)")
def source_is_kept(step: SessionPost) -> Expectations:
    """`source` is kept: a string that is not empty."""
    source = step.sent.get("source")
    if step.before is None and isinstance(source, str) and source:
        yield source, step.event.get("source", ABSENT)


@rule(
    "SES-SRC-02",
    Level.MUST,
    "Without source the source is `unknown`",
    {},
    source="source (string): Defaults to unknown",
)
def source_is_unknown(step: SessionPost) -> Expectations:
    """Without source the source is `unknown`: in so many letters."""
    if step.before is None and "source" not in step.sent:
        yield "unknown", step.event.get("source", ABSENT)


@rule(
    "SES-SRC-03",
    Level.INFO,
    "A source of the wrong type counts as absent",
    {"source": 7},
    {"source": None},
    source="open",
)
def wrong_source_is_absent(step: SessionPost) -> Expectations:
    """A source of the wrong type counts as absent: and so it is unknown."""
    if step.before is None and "source" in step.sent and not isinstance(step.sent["source"], str):
        yield "unknown", step.event.get("source", ABSENT)
