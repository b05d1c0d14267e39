"""A traced program of the released Python SDK, in a process of its own: the store holds exactly its tree.

Only the environment tells the program where the server is. How spans travel is the SDK's affair: alone as each ends or
all at once, as JSON or as protobuf; what is held is the same.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from clients import Event, Noting, held, in_order, python_program, spans_sent, tree

from hivestand.testing import Hivestand

PROGRAM = Path(__file__).parent / "programs" / "traced.py"
SPANS = 12
CHECKED = (
    "the whole tree: names, types, inputs, outputs, errors, metrics, metadata, config, feedback, user properties, "
    "parents, durations"
)
NOTHING: dict[str, Any] = {
    "config": {},
    "inputs": {},
    "outputs": {},
    "error": None,
    "metrics": {},
    "feedback": {},
    "metadata": {},
    "user_properties": {},
    "source": "ci",
}


def node(name: str, kind: str, *below: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """An event of the tree."""
    return {**NOTHING, "event_name": name, "event_type": kind, **fields, "below": in_order(below)}


def decorated(name: str, kind: str, *below: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The event of a traced function that has a name, which the SDK repeats in the metadata with the type."""
    metadata = {"event_name": name, "event_type": kind, **fields.pop("metadata", {})}
    return node(name, kind, *below, metadata=metadata, **fields)


def square(n: int) -> dict[str, Any]:
    """The event of a traced function without a name of its own."""
    return node("__main__.square", "tool", inputs={"n": n}, outputs={"result": n * n}, metadata={"event_type": "tool"})


def expected(absent: Any) -> dict[str, Any]:
    """What `traced.py` does; `absent` is what the SDK's encoding makes of an argument that is None."""
    lookup = decorated(
        "lookup",
        "tool",
        inputs={"word": "why?", "limit": 2, "options": {"deep": [1, None]}, "hint": absent},
        outputs={"result": ["a", "b"]},
        metadata={"store": "books", "deep": {"list": [1, {"x": [True, "b"]}]}, "with space": "ü"},
        metrics={"hits": 2, "score": 0.5, "good": True},
        feedback={"rating": 5},
        config={"k": 1},
        user_properties={"plan": "free"},
    )
    completion = decorated(
        "completion",
        "model",
        inputs={"prompt": "yes", "n": 2, "chat_history": [{"role": "user", "content": "yes"}]},
        outputs={"text": "done", "result": {"role": "assistant", "content": "YES", "n": 2}},
        config={"model": "m", "temperature": 0.25},
        metadata={"tokens": 2**53 + 1},
        metrics={"cost": 1e-7},
    )
    breaks = decorated(
        "breaks",
        "tool",
        inputs={"reason": "no such word"},
        error="no such word",
        metadata={"status_message": "ValueError: no such word"},
    )
    said = {"honeyhive_error_type": "ValueError", "status_message": "ValueError: no such word"}
    breaks_error = node("breaks_error", "tool", error="no such word", metadata=said)
    gather = decorated(
        "gather",
        "chain",
        decorated("fetch", "tool", inputs={"n": 1}, outputs={"result": 0.5}),
        decorated("fetch", "tool", inputs={"n": 2}, outputs={"result": 1.0}),
        inputs={"numbers": [1, 2]},
        outputs={"result": [0.5, 1.0]},
    )
    # the SDK's own normalisation makes text of a list that is given as an attribute
    by_hand = node("by hand", "tool", error="handmade", metadata={"plain": 1, "parts": "['x', 'y']", "hand": True})
    pipeline = decorated(
        "pipeline",
        "chain",
        *(lookup, completion, breaks, breaks_error, square(3), gather, by_hand),
        inputs={"question": "why?"},
        outputs={"result": "because"},
    )
    return node(
        "a traced program",
        "session",
        pipeline,
        square(5),
        decorated("Greeter.greet", "tool", inputs={"name": "you"}, outputs={"result": "hello you"}),
        node("told", "tool", inputs={"i": 1}, outputs={"o": 2}, metadata={"m": 3}, error="oops"),
        inputs={"question": "why?"},
        outputs={"answer": 42},
        config={"c": [1]},
        metadata={"done": True, "count": 2},
        metrics={"spans": 13},
        feedback={"ok": True},
        user_properties={"user_id": "u1"},
    )


@pytest.mark.parametrize("mode", ["single", "batch"])
@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_the_store_holds_the_tree(tenant: Hivestand, noted: Noting, mode: str, encoding: str) -> None:
    """Exactly it, each event as often as it happened, and found by search, by id and through the admin API."""
    with noted(f"a traced program, disable_batch={mode == 'single'}, HH_OTLP_PROTOCOL=http/{encoding}", CHECKED):
        session_id = python_program(tenant, str(PROGRAM), mode, HH_OTLP_PROTOCOL=f"http/{encoding}").strip()
    check_exports(tenant, mode, encoding)
    events = held(tenant, session_id)
    assert len(events) == 14
    # an argument that is None has no value in protobuf, and Python's name of it in the SDK's JSON
    assert shown(expected("None" if encoding == "json" else None)) == shown(tree(events, session_id))
    check_times(tenant, events)


def check_exports(tenant: Hivestand, mode: str, encoding: str) -> None:
    """The spans travelled as was asked for; alone, each travels before its parent does."""
    exports = [entry for entry in tenant.requests if entry["operation"] == "exportTraces"]
    media_type = {"json": "application/json", "protobuf": "application/x-protobuf"}[encoding]
    assert {media_type} == {entry["request"]["headers"]["content-type"] for entry in exports}
    assert (len(exports) == SPANS) is (mode == "single")


def shown(root: Event) -> str:
    """A tree as text, whose differences can be read."""
    return json.dumps(root, indent=1, sort_keys=True, ensure_ascii=False)


def check_times(tenant: Hivestand, events: Mapping[str, Event]) -> None:
    """They are what was sent: the durations that the SDK measured, else those from the start to the end.

    And what is within something else starts and ends within it.
    """
    of_spans = [event for event in events.values() if event["end_time"] is not None and event["parent_id"]]
    assert sorted(map(measured, spans_sent(tenant))) == sorted(map(times, of_spans))
    for event in of_spans:
        parent = events[event["parent_id"]]
        assert event["duration"] >= 0
        assert parent["start_time"] <= event["start_time"] <= event["end_time"]
        assert parent["end_time"] is None or event["end_time"] <= parent["end_time"]


def measured(span: Mapping[str, Any]) -> tuple[int, int, float]:
    """The start and the end of a span that was sent, in Unix milliseconds, and its duration in milliseconds."""
    start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
    duration = span["attributes"].get("honeyhive_duration_ms", (end - start) / 1_000_000)
    return start // 1_000_000, end // 1_000_000, duration


def times(event: Event) -> tuple[int, int, float]:
    """The same of an event."""
    return event["start_time"], event["end_time"], event["duration"]
