"""What a second post of a session does: idempotent on `session_id`."""

from collections.abc import Iterator
from typing import Any

from hivestand.conformance.api import SAME, Api, Id
from hivestand.conformance.history import SessionPost, canonical
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import ABSENT, BOTH, Expectations, Finding, Level
from hivestand.conformance.requirements.fields import MERGED, OF_THE_SERVER, object_of

registry = Registry()
rule = registry.rule
IDEMPOTENT = "Idempotent on session_id: posting twice with the same session_id merges metadata/user_properties"
EXISTING = f"{IDEMPOTENT} into the existing session and returns the existing event"
FIRST = {
    "session_id": SAME,
    "event_name": "first",
    "source": "first",
    "start_time": 1767225600001,
    "end_time": 1767225600002,
    "duration": 3.5,
    "config": {"n": 1},
    "inputs": {"n": 1},
    "outputs": {"n": 1},
    "children_ids": ["first"],
    "metadata": {"kept": {"a": 1}, "nothing": None, "empty": {}, "both": "old", "id": 2**53 + 1},
    "user_properties": {"kept": [1], "nothing": None, "false": False, "both": "old", "id": 2**53 + 3},
}
SECOND = {
    "session_id": SAME,
    "event_name": "second",
    "session_name": "second",
    "source": "second",
    "start_time": 1767225600003,
    "end_time": 1767225600004,
    "duration": 4.5,
    "config": {"m": 2},
    "inputs": {"m": 2},
    "outputs": {"m": 2},
    "children_ids": ["second"],
    "metadata": {
        "new": {"a": [1, None, {"b": 1.25}]},
        "": "",
        "a.b": {"c": 1},
        "KEPT": [],
        "$n": 0.5,
        "both": "new",
        "i": 2**53 + 5,
    },
    "user_properties": {"new": [[], {}], "": 0, "a.b": False, "KEPT": {}, "both": "new", "i": 2**53 + 7},
}
THIRD = {"session_id": SAME, "metadata": {"third": 3}, "user_properties": {"third": 3}}
EMPTY = {"session_id": SAME, "metadata": {}, "user_properties": {}}
NULL = {"session_id": SAME, "metadata": None, "user_properties": None}
MANY, MORE = (
    {"session_id": SAME, **{name: {f"{half}-{number}": number for number in range(60)} for name in MERGED}}
    for half in ("first", "second")
)
CASES = (
    (FIRST, SECOND, THIRD),
    ({"session_id": SAME}, SECOND),
    (FIRST, {"session_id": SAME}, EMPTY, NULL),
    (FIRST, SECOND, FIRST),
)
MERGES = (*CASES, (MANY, MORE))


@rule("SES-MERGE-01", Level.MUST, "A second post returns the same session", *CASES, source=EXISTING)
def same_session(step: SessionPost) -> Expectations:
    """A second post returns the same session: 200, and the id that was sent."""
    if step.before is not None:
        yield canonical(step.sent["session_id"]), canonical(step.event.get("session_id"))


@rule("SES-MERGE-02", Level.MUST, "A second post adds to metadata and keeps what is there", *MERGES, source=IDEMPOTENT)
def metadata_merges(step: SessionPost) -> Expectations:
    """A second post adds to metadata and keeps what is there.

    Key by key; whose value wins where both have a key is another requirement's.
    """
    yield from _merges(step, "metadata")


@rule(
    "SES-MERGE-03",
    Level.MUST,
    "A second post adds to user_properties and keeps what is there",
    *MERGES,
    source=IDEMPOTENT,
)
def user_properties_merge(step: SessionPost) -> Expectations:
    """A second post adds to user_properties and keeps what is there.

    Key by key; whose value wins where both have a key is another requirement's.
    """
    yield from _merges(step, "user_properties")


@rule("SES-MERGE-04", Level.INFO, "If both posts have a key, the new value replaces the old", *CASES, source="open")
def new_value_wins(step: SessionPost) -> Expectations:
    """If both posts have a key, the new value replaces the old: the merge is one level deep."""
    for name in MERGED:
        sent = step.sent.get(name)
        if step.before is not None and isinstance(sent, dict) and isinstance(step.before.get(name), dict):
            for key in sent.keys() & step.before[name].keys():
                yield sent[key], object_of(step.event, name).get(key, ABSENT)


for _number, _name in enumerate(
    ("event_name", "source", "start_time", "end_time", "duration", "config", "inputs", "outputs", "children_ids"), 5
):

    @rule(
        f"SES-MERGE-{_number:02}",
        Level.MUST,
        f"A second post leaves {_name} as it is",
        *CASES,
        source=EXISTING,
    )
    def stays(step: SessionPost, name: str = _name) -> Expectations:
        """The existing event is returned."""
        if step.before is not None:
            yield step.before.get(name, ABSENT), step.event.get(name, ABSENT)


@rule(
    "SES-MERGE-14", Level.MUST, "A second post leaves every other documented property as it is", *CASES, source=EXISTING
)
def all_else_stays(step: SessionPost) -> Expectations:
    """A second post leaves every other documented property as it is.

    What the server adds of its own, such as when it last wrote, is its own affair, and so are the letters of an id.
    """
    if step.before is not None:
        others = [name for name in OF_THE_SERVER if name in step.before]
        for name in others:
            yield _plain(name, step.before[name]), _plain(name, step.event.get(name, ABSENT))


def _plain(name: str, value: Any) -> Any:
    """A property; an id in lower case."""
    return value.lower() if name.endswith("_id") and isinstance(value, str) else value


@rule(
    "SES-MERGE-15",
    Level.SHOULD,
    "A UUID in another letter case is the same session",
    (FIRST, {**SECOND, "session_id": Id(upper=True)}),
    ({**FIRST, "session_id": Id(upper=True)}, SECOND),
    source="RFC 9562: UUIDs are the same in either case",
)
def case_is_no_difference(step: SessionPost) -> Expectations:
    """A UUID in another letter case is the same session: the response has what was posted first."""
    if step.before is not None:
        yield step.before.get("event_name"), step.event.get("event_name")


@registry.scenario(
    "SES-MERGE-16",
    Level.MUST,
    "Either operation merges into a session that the other started",
    source="Both start the same session",
    costly=True,
    needs="both operations",
)
def across_operations(api: Api, operation: str) -> Iterator[Finding]:
    """Either operation merges into a session that the other started: whichever came first."""
    session_id = api.new_id()
    first = next(other for other in BOTH if other != operation)
    created = api.start(api.marked({"session_id": session_id, "metadata": {"a": 1}, "source": "one"}), first)
    merged = api.start(api.marked({"session_id": session_id, "metadata": {"b": 2}, "source": "two"}), operation)
    expected = {**object_of(created.response.event, "metadata"), "b": 2}
    yield Finding(expected, merged.response.event.get("metadata"), (created, merged))
    yield Finding("one", merged.response.event.get("source"), (created, merged))


@registry.scenario("SES-MERGE-17", Level.MUST, "A merge is stored", source=IDEMPOTENT, costly=True)
def merge_lasts(api: Api, operation: str) -> Iterator[Finding]:
    """A merge is stored: it is stored, not only in the response."""
    session_id = api.new_id()
    for name in ("first", "second"):
        keys = {"metadata": {name: 1}, "user_properties": {name: 1}}
        api.start(api.marked({"session_id": session_id, **keys}), operation)
    last = api.start(api.marked({"session_id": session_id}), operation)
    for name in MERGED:
        seen = object_of(last.response.event, name)
        yield Finding([1, 1], [seen.get("first"), seen.get("second")], (last,))


def _merges(step: SessionPost, name: str) -> Expectations:
    if step.before is None:
        return
    before, sent = object_of(step.before, name), object_of(step.sent, name)
    seen = object_of(step.event, name)
    yield sorted(before.keys() | sent.keys()), sorted(seen)
    for key in before.keys() ^ sent.keys():
        yield {**before, **sent}[key], seen.get(key, ABSENT)
