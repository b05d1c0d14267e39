"""The operation that takes spans, on all stores."""

import json
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from operation import TENANT, call, event, response_of
from otlp import request_of
from support import SESSION_ID

from hivestand.handlers.errors import BadRequest, NotFound
from hivestand.handlers.event.index import Selection
from hivestand.handlers.event.normalise import Fallback
from hivestand.handlers.request import Options
from hivestand.handlers.store.protocol import Store

pytestmark = pytest.mark.anyio


def span(number: int, parent: int | None = None, trace: bytes = b"\x01" * 16, **said: Any) -> Span:
    """A span of the session; of what is said of it, `create` asks for the session to be created."""
    named: dict[str, AnyValue] = {
        "honeyhive.session_id": AnyValue(string_value=SESSION_ID),
        "honeyhive_event_type": AnyValue(string_value="chain"),
    }
    if "name" in said:
        named["honeyhive.session_name"] = AnyValue(string_value=said["name"])
    if "create" in said:
        named["honeyhive.session_auto_create"] = AnyValue(bool_value=said["create"])
    if "outputs" in said:
        named["honeyhive_outputs.result"] = AnyValue(string_value=said["outputs"])
    if "metrics" in said:
        named["honeyhive_metrics.score"] = AnyValue(int_value=said["metrics"])
    return Span(
        trace_id=trace,
        span_id=number.to_bytes(8, "big"),
        parent_span_id=b"" if parent is None else parent.to_bytes(8, "big"),
        name=f"span {number}",
        start_time_unix_nano=(1000 + number) * 1_000_000,
        end_time_unix_nano=(2000 + number) * 1_000_000,
        attributes=[KeyValue(key=key, value=value) for key, value in named.items()],
    )


async def export(store: Store, *spans: Span) -> bytes:
    """Export them as protobuf; gives what is answered."""
    response = await response_of(store, "exportTraces", request_of(*spans).SerializeToString())
    assert "application/x-protobuf" == response.media_type
    return response.body


async def test_spans_become_the_events_of_their_session(store: Store) -> None:
    """A tree, whose root is the session."""
    await call(store, "createSession", {"session_id": SESSION_ID, "session_name": "known"})
    assert b"" == await export(store, span(3, 2), span(2, 1))
    assert b"" == await export(store, span(1))
    found = await call(
        store, "searchEvents", {"filters": [{"field": "event_type", "operator": "is", "value": "chain"}]}
    )
    by_name = {each["event_name"]: each for each in found["events"]}
    parents = [by_name[f"span {number}"]["parent_id"] for number in (1, 2, 3)]
    assert [SESSION_ID, by_name["span 1"]["event_id"], by_name["span 2"]["event_id"]] == parents
    assert (1003, 2003, 1000.0) == tuple(by_name["span 3"][name] for name in ("start_time", "end_time", "duration"))
    assert "known" == (await event(store, SESSION_ID))["event_name"]


async def test_a_session_that_is_not_known_is_created_where_a_span_asks_for_it(store: Store) -> None:
    """From the times of all its spans, by the first name; started later, it stays."""
    await export(store, span(2), span(1, name="auto", create=True), span(3, name="late"))
    held = await event(store, SESSION_ID)
    assert ("session", "auto", "otlp", 1001, 2003) == tuple(
        held[name] for name in ("event_type", "event_name", "source", "start_time", "end_time")
    )
    again = await call(store, "createSession", {"session_id": SESSION_ID, "session_name": "late", "metadata": {"a": 1}})
    assert ("auto", {"a": 1}, None) == (again["event_name"], again["metadata"], again["duration"])


async def test_spans_of_an_unknown_session_are_found_without_it(store: Store) -> None:
    """Unless the server was told to create every session."""
    await export(store, span(1))
    with pytest.raises(NotFound):
        await event(store, SESSION_ID)
    assert 1 == await store.count(TENANT, Selection("session_id", (SESSION_ID,)))
    always = Options(otlp_session="always")
    await response_of(store, "exportTraces", request_of(span(1)).SerializeToString(), options=always)
    held = await event(store, SESSION_ID)
    assert ("Session", "otlp") == (held["event_name"], held["source"])


async def test_a_name_without_effect_is_told(store: Store) -> None:
    """Where the session is not created, or has another name already."""
    named = request_of(span(1, name="n")).SerializeToString()
    told = (await response_of(store, "exportTraces", named)).fallbacks
    assert [Fallback("honeyhive.session_name", "ignored")] == list(told)
    await call(store, "createSession", {"session_id": SESSION_ID, "session_name": "n"})
    assert [] == list((await response_of(store, "exportTraces", named)).fallbacks)
    other = request_of(span(1, name="other", create=True)).SerializeToString()
    told = (await response_of(store, "exportTraces", other)).fallbacks
    assert [Fallback("honeyhive.session_name", "exists")] == list(told)


async def test_each_attribute_that_names_a_session_otherwise_is_told(store: Store) -> None:
    """Of all spans of a request, whichever of its names the attribute has."""
    older = span(3)
    older.attributes.add(key="honeyhive_session_name", value=AnyValue(string_value="c"))
    sent = request_of(span(1, name="a", create=True), span(2, name="b"), older).SerializeToString()
    told = (await response_of(store, "exportTraces", sent)).fallbacks
    assert [Fallback(name, "ignored") for name in ("honeyhive.session_name", "honeyhive_session_name")] == list(told)
    assert "a" == (await event(store, SESSION_ID))["event_name"]


async def test_a_span_that_is_sent_again_brings_its_event_up_to_date(store: Store) -> None:
    """Everything but what the index holds; an update in between stays where the span says nothing of it."""
    first, again = span(1, outputs="a"), span(1, outputs="b", metrics=2)
    await export(store, first)
    (found,) = await store.find(TENANT, Selection(), 10)
    await call(store, "updateEvent", {"feedback": {"rating": 5}}, event_id=found.event_id)
    await export(store, again)
    held = await event(store, found.event_id)
    assert ({"result": "b"}, {"score": 2}, {"rating": 5}) == (held["outputs"], held["metrics"], held["feedback"])
    renamed = span(1)
    renamed.name = "other"
    told = (await response_of(store, "exportTraces", request_of(renamed).SerializeToString())).fallbacks
    assert [Fallback("event_name", "exists")] == list(told)


async def test_a_span_that_is_sent_twice_is_one_event(store: Store) -> None:
    """As an exporter sends again what was not answered."""
    await export(store, span(1, create=True))
    await export(store, span(1, create=True))
    assert 2 == await store.count(TENANT, Selection())


async def test_what_is_rejected_is_counted(store: Store) -> None:
    """In the encoding of the request."""
    broken, sound = span(1, trace=b""), span(2)
    response = ExportTraceServiceResponse.FromString(await export(store, broken, sound))
    assert (1, "a span has no valid trace id") == (
        response.partial_success.rejected_spans,
        response.partial_success.error_message,
    )
    body: dict[str, Any] = {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "a"}, {"name": "b"}]}]}]}
    told = await response_of(store, "exportTraces", body)
    assert "application/json" == told.media_type
    partly = {"rejectedSpans": "2", "errorMessage": "a span has no valid trace id"}
    assert {"partialSuccess": partly} == json.loads(told.body)
    places = [f"/resourceSpans/0/scopeSpans/0/spans/{number}" for number in (0, 1)]
    assert places == [each.name for each in told.fallbacks]


async def test_what_is_no_export_is_refused(store: Store) -> None:
    """Whole."""
    for body in (b"\xff", {"resourceSpans": 7}):
        with pytest.raises(BadRequest):
            await response_of(store, "exportTraces", body)
    assert {} == await call(store, "exportTraces", {})
    assert 0 == await store.count(TENANT, Selection())
