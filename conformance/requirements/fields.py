"""What a session carries: its objects and `children_ids`; and what is no field of it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hivestand.conformance.api import SAME, Api
from hivestand.conformance.history import SessionPost
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import ABSENT, Expectations, Finding, Level, same
from hivestand.conformance.requirements.responses import OLDER
from hivestand.conformance.samples import AWKWARD, WHOLE, is_int64

registry = Registry()
rule = registry.rule
PACKED = ("config", "inputs", "outputs")
MERGED = ("metadata", "user_properties")
OBJECTS = (*PACKED, *MERGED)
TENANT = ("org_id", "workspace_id", "project_id")
CHILDREN = "children_ids (array of strings): IDs of child events"
OF_THE_SERVER = ("event_id", "parent_id", "event_type", "error", "metrics", "feedback", *TENANT)
LONG = 150_000  # characters, as a prompt with its documents has
DEPTH = 60
NESTED: dict[str, Any] = {
    "a": {"b": [1, 2.5, None, True, False, 0, -1, 1e-7, 2**53 - 1, "1", "", "null", {"c": [[], {}]}]},
    "": {"": ""},
    "a.b": "a dot is no path",
    "$a": None,
    "0": [None, {"x": None}, [], {}, [2, 1, 2, "b", "a", "b"]],
    "list": list(range(150)),
    "many": {f"k{number}": number for number in range(120)},
    "numbers": [0.1234567891, 123456.789, 5e-324, 1.7976931348623157e308, 2**64, -(2**31) - 1],
    "words": ["true", "false", "None", "0x1F", "1e3", "+1", "NaN"],
    "_private": "",
    "password": "secret",
    "api_key": "secret",
    "Key with SPACE": AWKWARD,
    "camelCase": {"innerCase": "2026-01-01T00:00:00Z"},
    "arrays": json.loads("[" * DEPTH + "]" * DEPTH),
    "deep": json.loads('{"n":' * DEPTH + "0" + "}" * DEPTH),
    AWKWARD: 1,
}


@registry.scenario("SES-BODY-01", Level.MUST, "An empty object starts a session", source="No required properties")
def empty_is_enough(api: Api, operation: str) -> Iterator[Finding]:
    """An empty object starts a session: not even a mark is in it."""
    exchange = api.start({}, operation)
    yield Finding(200, exchange.response.status, (exchange,))


@rule(
    "SES-BODY-02",
    Level.MUST,
    "A session inside a wrapper is not read",
    {"session": {"event_name": "wrapped", "source": "wrapped"}, "source": "bare"},
    {"session": {"event_name": "wrapped", "source": "wrapped"}},
    source="The request body is a bare session object (no session wrapper)",
)
def bare(step: SessionPost) -> Expectations:
    """A session inside a wrapper is not read: the object itself is."""
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
        {_name: {"long": "x" * LONG}},
        source=f"{_name} (object)",
    )
    def object_is_kept(step: SessionPost, name: str = _name) -> Expectations:
        """As it was sent, at any depth."""
        if step.before is None and isinstance(step.sent.get(name), dict):
            yield step.sent[name], kept_of(step, name)


for _number, _name in enumerate(("metadata", "user_properties"), start=4):

    @rule(
        f"SES-OBJ-{_number:02}",
        Level.MUST,
        f"{_name} is kept",
        {_name: {"key": "value", "n": 1}},
        {_name: NESTED},
        {_name: {}},
        source=f"{_name} (object)",
    )
    def merged_object_is_kept(step: SessionPost, name: str = _name) -> Expectations:
        """As it was sent, at any depth."""
        if step.before is None and isinstance(step.sent.get(name), dict):
            yield step.sent[name], kept_of(step, name)


def kept_of(step: SessionPost, name: str) -> Any:
    """What the response has of an object or array that was sent; one that was sent empty may be missing there."""
    sent = step.sent[name]
    return step.event.get(name, ABSENT if sent else sent)


@rule(
    "SES-OBJ-06",
    Level.SHOULD,
    "A missing object is empty",
    {},
    source="No required properties: every field has a server-side fallback",
)
def objects_are_empty(step: SessionPost) -> Expectations:
    """A missing object is empty, and is in the response."""
    for name in OBJECTS:
        if step.before is None and name not in step.sent:
            yield {}, step.event.get(name, ABSENT)


@rule(
    "SES-OBJ-07",
    Level.INFO,
    "A value that is not an object counts as absent",
    *({name: wrong} for name in OBJECTS for wrong in ("text", 7, [1])),
    *({name: None} for name in OBJECTS),
    source="open",
)
def wrong_object_is_empty(step: SessionPost) -> Expectations:
    """A value that is not an object counts as absent: and so it is empty."""
    for name in OBJECTS:
        if step.before is None and name in step.sent and not isinstance(step.sent[name], dict):
            yield {}, step.event.get(name, ABSENT)


@rule(
    "SES-OBJ-08",
    Level.SHOULD,
    "A 64-bit integer inside an object is kept exactly",
    {name: {"id": 9007199254740993} for name in OBJECTS},
    source="Arbitrary metadata: ids of other systems are such numbers",
)
def int64_is_kept(step: SessionPost) -> Expectations:
    """A 64-bit integer inside an object is kept exactly.

    Beyond what a double can tell apart; a merge keeps those that were there, and those that come to them.
    """
    for name in OBJECTS:
        held = object_of(step.event, name)
        for key, value in _whole(step, name, held):
            yield str(value), str(held.get(key, ABSENT))


def _whole(step: SessionPost, name: str, held: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The large integers that are to be in the object `name`."""
    due = object_of(step.sent, name)
    if step.before is not None:
        before, new = object_of(step.before, name), due if name in MERGED else {}
        # either value may win for a key in both; another requirement says that keys are kept
        due = {key: {**before, **new}[key] for key in (before.keys() ^ new.keys()) & held.keys()}
    yield from ((key, value) for key, value in due.items() if is_int64(value) and abs(value) > WHOLE)


def object_of(event: object, name: str) -> Mapping[str, Any]:
    """A property that is an object; empty where it is none."""
    value = event.get(name) if isinstance(event, Mapping) else None
    return value if isinstance(value, dict) else {}


@rule(
    "SES-CHILD-01",
    Level.MUST,
    "children_ids are kept",
    {"children_ids": ["a", "b", "a"]},
    {"children_ids": []},
    {"children_ids": [f"child-{number}" for number in range(300)]},
    {"children_ids": ["z", "", AWKWARD, "a", "1"]},
    source=CHILDREN,
)
def children_are_kept(step: SessionPost) -> Expectations:
    """children_ids are kept: in their order."""
    if step.before is None and _is_strings(step.sent.get("children_ids")):
        yield step.sent["children_ids"], kept_of(step, "children_ids")


@rule("SES-CHILD-02", Level.SHOULD, "Missing children_ids are an empty list", {}, source="every field has a fallback")
def no_children(step: SessionPost) -> Expectations:
    """Missing children_ids are an empty list: an empty array."""
    if step.before is None and "children_ids" not in step.sent:
        yield [], step.event.get("children_ids", ABSENT)


@rule(
    "SES-CHILD-03",
    Level.INFO,
    "A value that is not an array of strings counts as absent",
    {"children_ids": "a"},
    {"children_ids": ["a", 1]},
    {"children_ids": None},
    {"children_ids": {}},
    source="open",
)
def wrong_children_are_none(step: SessionPost) -> Expectations:
    """A value that is not an array of strings counts as absent: not even its strings are kept."""
    if step.before is None and "children_ids" in step.sent and not _is_strings(step.sent["children_ids"]):
        yield [], step.event.get("children_ids", ABSENT)


@rule("SES-BODY-03", Level.INFO, "An unknown field is ignored", {"colour": "blue"}, source="open")
def unknown_is_ignored(step: SessionPost) -> Expectations:
    """An unknown field is ignored: it is no error, and the response does not have it."""
    if step.before is None and "colour" in step.sent:
        yield ABSENT, step.event.get("colour", ABSENT)


@rule(
    "SES-BODY-04",
    Level.SHOULD,
    "Properties that the server sets cannot be sent",
    {
        "event_id": "mine",
        "event_type": "model",
        "parent_id": "mine",
        "error": "mine",
        "metrics": {"a": 1},
        "feedback": {"a": 1},
        "org_id": "mine",
        "workspace_id": "mine",
        "project_id": "mine",
    },
    {"event_id": SAME},
    source="Full session event object; session, and no other event",
)
def response_only_is_not_taken(step: SessionPost) -> Expectations:
    """Properties that the server sets cannot be sent.

    The event stays a session's, under the session's id, in the token's organisation.
    """
    if step.before is None:
        own: tuple[Any, ...] = ("session", step.sent.get("session_id"), None, {})
        older = OLDER if step.exchange.request.operation == "startSessionLegacy" else ()
        names = [name for name in OF_THE_SERVER if name in step.sent and name not in older]
        sent = [name for name in names if step.sent[name] not in own]
        if sent:
            yield [], [name for name in sent if same(step.sent[name], step.event.get(name, ABSENT))]


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
