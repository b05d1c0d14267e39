"""The operation that takes spans, on all stores."""

import json
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from operation import TENANT, call, event, response_of
from otlp import request_of
from support import SESSION_ID, id_of

from hivestand.handlers.errors import BadRequest
from hivestand.handlers.event.index import Selection
from hivestand.handlers.store.protocol import Store

pytestmark = pytest.mark.anyio


def span(number: int, parent: int | None = None, trace: bytes = b"\x01" * 16, name: str | None = None) -> Span:
    """A span of the session, which has a name if one is given."""
    named = {"honeyhive.session_id": SESSION_ID, "honeyhive_event_type": "chain"}
    if name is not None:
        named["honeyhive.session_name"] = name
    return Span(
        trace_id=trace,
        span_id=number.to_bytes(8, "big"),
        parent_span_id=b"" if parent is None else parent.to_bytes(8, "big"),
        name=f"span {number}",
        start_time_unix_nano=(1000 + number) * 1_000_000,
        end_time_unix_nano=(2000 + number) * 1_000_000,
        attributes=[KeyValue(key=key, value=AnyValue(string_value=value)) for key, value in named.items()],
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


async def test_a_session_that_is_not_known_is_started(store: Store) -> None:
    """When its first span began, by the name that a span has for it; started later, it stays."""
    await export(store, span(2), span(1, name="auto"))
    held = await event(store, SESSION_ID)
    assert ("session", "auto", 1001) == (held["event_type"], held["event_name"], held["start_time"])
    again = await call(store, "createSession", {"session_id": SESSION_ID, "session_name": "late", "metadata": {"a": 1}})
    assert {**held, "metadata": {"a": 1}} == again


async def test_a_span_that_is_sent_twice_is_one_event(store: Store) -> None:
    """As an exporter sends again what was not answered."""
    await export(store, span(1))
    await export(store, span(1))
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


async def test_what_is_no_export_is_refused(store: Store) -> None:
    """Whole."""
    for body in (b"\xff", {"resourceSpans": 7}):
        with pytest.raises(BadRequest):
            await response_of(store, "exportTraces", body)
    assert {} == await call(store, "exportTraces", {})
    assert 0 == await store.count(TENANT, Selection())


async def test_a_time_that_cannot_be_kept_is_told(store: Store) -> None:
    """By the place of its span."""
    sent = {
        "traceId": "1" * 32,
        "spanId": "1" * 16,
        "attributes": [{"key": "honeyhive_duration_ms", "value": {"stringValue": "x"}}],
    }
    response = await response_of(store, "exportTraces", {"resourceSpans": [{"scopeSpans": [{"spans": [sent]}]}]})
    assert [("/spans/0/duration", "type")] == [tuple(each) for each in response.fallbacks]
    assert id_of("x") not in response.body.decode()
