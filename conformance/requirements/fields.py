"""What a session carries: its objects and `children_ids`; and what is no field of it."""

from typing import Any

from skep.conformance.registry import Registry
from skep.conformance.requirement import Expectations, Level
from skep.conformance.world import Step

registry = Registry()
rule = registry.rule
PACKED = ("config", "inputs", "outputs")
OBJECTS = (*PACKED, "metadata", "user_properties")
CHILDREN = "children_ids (array of strings): IDs of child events"
ABSENT = "(absent)"
NESTED = {"a": {"b": [1, 2.5, None, True, "ü", {"c": []}]}, "": "", "long": "x" * 300}


@rule("SES-BODY-01", Level.MUST, "An empty object starts a session", {}, source="No required properties")
def empty_is_enough(step: Step) -> Expectations:
    """Whatever else is said of it."""
    yield 200, step.exchange.response.status


@rule(
    "SES-BODY-02",
    Level.MUST,
    "What is in a wrapper is not the session",
    {"session": {"event_name": "wrapped", "source": "wrapped"}, "source": "bare"},
    source="The request body is a bare session object (no session wrapper)",
    operations=("createSession",),
)
def bare(step: Step) -> Expectations:
    """The object itself is."""
    inner = step.sent.get("session")
    if step.before is None and isinstance(inner, dict):
        for name in ("event_name", "source"):
            if isinstance(inner.get(name), str) and inner[name] not in (step.sent.get(name), "unknown"):
                yield False, step.event.get(name) == inner[name]


for _number, _name in enumerate(PACKED, start=1):

    @rule(
        f"SES-OBJ-{_number:02}",
        Level.MUST,
        f"{_name} is kept",
        {_name: {"key": "value", "n": 1}},
        {_name: NESTED},
        {_name: {}},
        source=f"{_name} (object)",
    )
    def object_is_kept(step: Step, name: str = _name) -> Expectations:
        """As it was sent, at any depth."""
        if step.before is None and isinstance(step.sent.get(name), dict):
            yield step.sent[name], step.event.get(name, ABSENT)


for _number, _name in enumerate(("metadata", "user_properties"), start=4):

    @rule(
        f"SES-OBJ-{_number:02}",
        Level.MUST,
        f"{_name} is kept",
        {_name: {"key": "value", "n": 1}},
        {_name: NESTED},
        source=f"{_name} (object)",
    )
    def merged_object_is_kept(step: Step, name: str = _name) -> Expectations:
        """As it was sent, at any depth."""
        if step.before is None and isinstance(step.sent.get(name), dict):
            yield step.sent[name], step.event.get(name, ABSENT)


@rule(
    "SES-OBJ-06",
    Level.SHOULD,
    "An object that is not sent is empty",
    {},
    source="No required properties: every field has a server-side fallback",
)
def objects_are_empty(step: Step) -> Expectations:
    """And is in the answer."""
    for name in OBJECTS:
        if step.before is None and name not in step.sent:
            yield {}, step.event.get(name, ABSENT)


@rule(
    "SES-OBJ-07",
    Level.INFO,
    "What is no object counts as absent",
    *({name: wrong} for name in OBJECTS for wrong in ("text", 7, [1])),
    *({name: None} for name in OBJECTS),
    source="open",
)
def wrong_object_is_empty(step: Step) -> Expectations:
    """And so it is empty."""
    for name in OBJECTS:
        if step.before is None and name in step.sent and not isinstance(step.sent[name], dict):
            yield {}, step.event.get(name, ABSENT)


@rule(
    "SES-CHILD-01",
    Level.MUST,
    "children_ids are kept",
    {"children_ids": ["a", "b", "a"]},
    {"children_ids": []},
    {"children_ids": ["", "ü"]},
    source=CHILDREN,
)
def children_are_kept(step: Step) -> Expectations:
    """In their order."""
    if step.before is None and _is_strings(step.sent.get("children_ids")):
        yield step.sent["children_ids"], step.event.get("children_ids", ABSENT)


@rule("SES-CHILD-02", Level.SHOULD, "Without children_ids there are none", {}, source="every field has a fallback")
def no_children(step: Step) -> Expectations:
    """An empty array."""
    if step.before is None and "children_ids" not in step.sent:
        yield [], step.event.get("children_ids", ABSENT)


@rule(
    "SES-CHILD-03",
    Level.INFO,
    "What is no array of strings counts as absent",
    {"children_ids": "a"},
    {"children_ids": ["a", 1]},
    {"children_ids": None},
    {"children_ids": {}},
    source="open",
)
def wrong_children_are_none(step: Step) -> Expectations:
    """Not even its strings are kept."""
    if step.before is None and "children_ids" in step.sent and not _is_strings(step.sent["children_ids"]):
        yield [], step.event.get("children_ids", ABSENT)


@rule("SES-BODY-03", Level.INFO, "An unknown field is ignored", {"colour": "blue"}, source="open")
def unknown_is_ignored(step: Step) -> Expectations:
    """It is no error, and no property of the answer."""
    if step.before is None and "colour" in step.sent:
        yield ABSENT, step.event.get("colour", ABSENT)


@rule(
    "SES-BODY-04",
    Level.SHOULD,
    "What the server sets cannot be sent",
    {"event_id": "mine", "event_type": "model", "metrics": {"a": 1}, "error": "none of yours", "parent_id": "mine"},
    source="Full session event object; session, and no other event",
)
def answer_only_is_not_taken(step: Step) -> Expectations:
    """The event stays a session's, under the session's id."""
    if step.before is None and {"event_id", "event_type"} & step.sent.keys():
        yield "session", step.event.get("event_type")
        yield step.event.get("session_id"), step.event.get("event_id")


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
