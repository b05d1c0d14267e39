"""Events of spans, by what released clients send."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import SESSION_ID, StoppedClock, id_of

from hivestand.handlers.event.normalise import EVENT_FIELDS, normalise_event
from hivestand.handlers.otlp.decoding import Span, SpanEvent
from hivestand.handlers.otlp.mapping import SessionsOfSpans, event_of, own_ids_of, unusable

TRACE, SPAN_ID = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
MS = 1_000_000
EXCEPTION = SpanEvent("exception", 1, {"exception.type": "ValueError", "exception.message": "bad", "x": 1})


def span(attributes: dict[str, Any] | None = None, **changes: Any) -> Span:
    """A span of a session that took 1.5 ms."""
    named = {"honeyhive.session_id": SESSION_ID, **(attributes or {})}
    return Span(TRACE, SPAN_ID, "", "span", 5 * MS, 6_500_000, named, [], None)._replace(**changes)


def test_a_span_of_the_python_sdk() -> None:
    """As it was recorded: flattened objects and lists are what they were, arguments that were made JSON too."""
    event = event_of(
        span(
            {
                "traceloop.association.properties.session_id": SESSION_ID,
                "honeyhive.project": "p",
                "honeyhive.source": "dev",
                "honeyhive_event_type": "model",
                "honeyhive_event_name": "named",
                "honeyhive_inputs.x": 1,
                "honeyhive_inputs.options": '{"deep": [1, {"a": null}]}',
                "honeyhive_inputs.text": "{not json}",
                "honeyhive_inputs.extra.a": 1,
                "honeyhive_outputs.result.list.0": 1,
                "honeyhive_outputs.result.list.1.b": "2",
                "honeyhive_outputs.result.text": '{"not": "parsed"}',
                "honeyhive_metadata.n": 3,
                "honeyhive_metrics.score": 0.5,
                "honeyhive_feedback.rating": 5,
                "honeyhive_config.temperature": 0.2,
                "honeyhive_user_properties.user_id": "u",
                "honeyhive_duration_ms": 1.24,
                "custom": True,
            }
        )
    )
    assert {
        "event_id": event["event_id"],
        "session_id": SESSION_ID,
        "parent_id": SESSION_ID,
        "event_type": "model",
        "event_name": "named",
        "source": "dev",
        "error": None,
        "inputs": {"x": 1, "options": {"deep": [1, {"a": None}]}, "text": "{not json}", "extra": {"a": 1}},
        "outputs": {"result": {"list": [1, {"b": "2"}], "text": '{"not": "parsed"}'}},
        "metadata": {"n": 3, "custom": True},
        "metrics": {"score": 0.5},
        "feedback": {"rating": 5},
        "config": {"temperature": 0.2},
        "user_properties": {"user_id": "u"},
        "duration": 1.24,
        "start_time": 5,
        "end_time": 6,
    } == event


def test_a_span_of_the_typescript_sdk() -> None:
    """Which names its session by the association alone, and sends arguments and result as JSON."""
    event = event_of(
        span(
            {
                "honeyhive.session_id": None,
                "traceloop.association.properties.session_id": SESSION_ID.upper(),
                "traceloop.entity.name": "lookup",
                "traceloop.entity.input": '{"args":["why?"],"kwargs":{}}',
                "traceloop.entity.output": "7",
                "traceloop.span.kind": "workflow",
            },
            name="lookup.workflow",
        )
    )
    assert ("lookup", "chain", SESSION_ID) == (event["event_name"], event["event_type"], event["session_id"])
    assert ({"args": ["why?"], "kwargs": {}}, {"result": 7}) == (event["inputs"], event["outputs"])


def test_a_span_of_neither() -> None:
    """Is in a session of its trace, is a tool, and keeps its attributes."""
    event = event_of(span(name="GET /")._replace(attributes={"http.method": "GET"}))
    assert str(UUID(hex=TRACE)) == event["session_id"] == event["parent_id"]
    assert ("GET /", "tool", {"http.method": "GET"}, 1.5) == (
        event["event_name"],
        event["event_type"],
        event["metadata"],
        event["duration"],
    )
    assert "source" not in event


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"honeyhive_event_type": "chain", "openinference.span.kind": "LLM"}, "chain"),
        ({"honeyhive_event_type": "generic"}, "tool"),
        ({"openinference.span.kind": "LLM"}, "model"),
        ({"openinference.span.kind": "AGENT"}, "chain"),
        ({"gen_ai.operation.name": "chat"}, "model"),
        ({"llm.request.type": "chat"}, "model"),
        ({"traceloop.span.kind": "task"}, "tool"),
        ({"openinference.span.kind": 7}, "tool"),
    ],
)
def test_the_type_is_what_is_said_of_it(attributes: dict[str, Any], expected: str) -> None:
    """By the SDK, else by other instrumentations."""
    assert expected == event_of(span(attributes))["event_type"]


def test_parents_are_found_by_trace_and_span() -> None:
    """Whichever comes first, in whatever request; the first of a trace is within the session, or where it says."""
    child, parent = span(span_id="1" * 16, parent_id=SPAN_ID), span()
    assert event_of(parent)["event_id"] == event_of(child)["parent_id"]
    assert event_of(parent) == event_of(parent)
    assert SESSION_ID == event_of(span(parent_id="0" * 16))["parent_id"]
    assert id_of("p") == event_of(span({"honeyhive.parent_id": id_of("p")}))["parent_id"]
    named = span({"honeyhive_event_id": id_of("own")})
    own = own_ids_of([child, named])
    assert [id_of("own")] * 2 == [event_of(child, own)["parent_id"], event_of(named, own)["event_id"]]


def test_an_error_is_what_the_sdk_says_or_the_exception() -> None:
    """Or the status; its type is in the metadata."""
    said = event_of(
        span({"honeyhive_error": "said", "honeyhive_error_type": "KeyError"}, events=[EXCEPTION], failure="s")
    )
    assert ("said", "KeyError") == (said["error"], said["metadata"]["error_type"])
    assert "bad" == event_of(span(events=[EXCEPTION], failure="ValueError: bad"))["error"]
    assert "status" == event_of(span(failure="status"))["error"]
    assert "error" == event_of(span(failure=""))["error"]
    assert event_of(span(events=[EXCEPTION]))["error"] is None
    assert "KeyError" == event_of(span({"honeyhive_error_type": "KeyError"}))["metadata"]["error_type"]


def test_what_happened_in_a_span_is_kept() -> None:
    """In its metadata."""
    happened = SpanEvent("retry", 7, {"n": 1})
    event = event_of(span(events=[happened, EXCEPTION]))
    assert [{"name": "retry", "time": 7, "attributes": {"n": 1}}] == event["metadata"]["span_events"]


@pytest.mark.parametrize(
    ("flat", "expected"),
    [
        ({"a.0": 1, "a.2": 3}, {"a": [1, None, 3]}),
        ({"a.1": 1}, {"a": {"1": 1}}),
        ({"a.0": 1, "a.x": 2}, {"a": {"0": 1, "x": 2}}),
        ({"a.0": 1, "a.99999": 2}, {"a": {"0": 1, "99999": 2}}),
        ({"a.0": 1, f"a.{'9' * 5000}": 2}, {"a": {"0": 1, "9" * 5000: 2}}),
        ({"a": 1, "a.b": 2}, {"a": 1, "a.b": 2}),
        ({"": 1}, {"value": 1}),
    ],
)
def test_what_was_flattened_is_made_whole(flat: dict[str, Any], expected: dict[str, Any]) -> None:
    """Lists with what was null in them; what is in the way of something stays."""
    sent = {f"honeyhive_outputs.{path}" if path else "honeyhive_outputs": value for path, value in flat.items()}
    assert expected == event_of(span(sent))["outputs"]


def test_a_span_that_cannot_be_used_is_counted() -> None:
    """Without ids, or with ids that are none."""
    no_trace, no_span = "a span has no valid trace id", "a span has no valid span id"
    assert [no_trace, no_trace] == [unusable(span(trace_id=trace_id)) for trace_id in ("", "0" * 32)]
    assert [no_span, no_span] == [unusable(span(span_id=span_id)) for span_id in ("1", "0" * 16)]
    assert "" == unusable(span())


def test_sessions_are_those_that_spans_name() -> None:
    """Each as it would be started: with the first time, and the name and source that a span has for it."""
    late = span({"honeyhive.session_name": "n", "honeyhive_source": "s"}, start=9 * MS)
    started = SessionsOfSpans()
    for each in (late, span(), span({"honeyhive.session_id": "x"}, start=0)):
        started.note(each, event_of(each))
    assert {
        SESSION_ID: {"session_id": SESSION_ID, "start_time": 5, "session_name": "n", "source": "s"},
        str(UUID(hex=TRACE)): {"session_id": str(UUID(hex=TRACE))},
    } == started.sessions


names = st.sampled_from(["honeyhive_inputs", "honeyhive_outputs", "honeyhive_metadata", "traceloop.entity.input", "x"])
paths = st.lists(st.sampled_from(["a", "0", "1", "", "9" * 9]), max_size=60).map(
    lambda parts: "".join(f".{part}" for part in parts)
)
values = st.one_of(st.text(), st.integers(), st.none(), st.just("{"), st.just("[1]"), st.just("[" * 5000))


@given(st.dictionaries(st.builds(lambda name, path: name + path, names, paths), values, max_size=6))
def test_any_attributes_make_an_event(attributes: dict[str, Any]) -> None:
    """Which can be created."""
    event, told = normalise_event(event_of(span(attributes)), StoppedClock())
    assert event.keys() <= EVENT_FIELDS
    assert [] == told


def test_of_a_span_full_of_json_texts_some_stay_texts() -> None:
    """Nothing else runs while a span is mapped; what is not read as a value is kept as it was sent."""
    small, large = '{"a": [1, 2]}', f"[{', '.join(['[]'] * 40_000)}]"
    sent = {"honeyhive_inputs.a": small, "honeyhive_inputs.b": large, "honeyhive_inputs.c": small}
    inputs = event_of(span(sent))["inputs"]
    assert {"a": [1, 2]} == inputs["a"]
    assert large == inputs["b"]
    assert {"a": [1, 2]} == inputs["c"]
    many = {f"honeyhive_inputs.{number}": '{"a": [[], []]}' for number in range(10_000)}
    kept = event_of(span(many))["inputs"]
    assert 10_000 == len(kept)
    assert {"a": [[], []]} == kept["0"]
    assert '{"a": [[], []]}' == kept["9999"]
