"""Spans, in both encodings of OTLP."""

import json
from base64 import b64encode
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status
from otlp import request_of

from hivestand.handlers.errors import BadRequest
from hivestand.handlers.otlp.decoding import MAX_DEPTH, SpanEvent, read_json, read_protobuf

texts = st.text(st.characters(codec="utf-8"), max_size=8)
values = st.recursive(
    st.one_of(
        st.builds(AnyValue, string_value=texts),
        st.builds(AnyValue, bool_value=st.booleans()),
        st.builds(AnyValue, int_value=st.integers(-(2**63), 2**63 - 1)),
        st.builds(AnyValue, double_value=st.floats()),
        st.builds(AnyValue, bytes_value=st.binary(max_size=8)),
        st.just(AnyValue()),
    ),
    lambda inner: st.one_of(
        st.builds(AnyValue, array_value=st.builds(ArrayValue, values=st.lists(inner, max_size=3))),
        st.builds(
            AnyValue,
            kvlist_value=st.builds(
                KeyValueList, values=st.lists(st.builds(KeyValue, key=texts, value=inner), max_size=3)
            ),
        ),
    ),
    max_leaves=6,
)
attributes = st.lists(st.builds(KeyValue, key=texts, value=values), max_size=4)
times = st.integers(0, 2**64 - 1)
spans = st.builds(
    Span,
    trace_id=st.binary(max_size=17),
    span_id=st.binary(max_size=9),
    parent_span_id=st.binary(max_size=8),
    name=texts,
    start_time_unix_nano=times,
    end_time_unix_nano=times,
    attributes=attributes,
    events=st.lists(st.builds(Span.Event, name=texts, time_unix_nano=times, attributes=attributes), max_size=2),
    status=st.builds(Status, message=texts, code=st.sampled_from([0, 1, 2])),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)


def as_otlp_json(request: ExportTraceServiceRequest) -> Any:
    """In OTLP's JSON, which differs from protobuf's in its ids."""
    body = MessageToDict(request, use_integers_for_enums=True)
    for resource, told in zip(request.resource_spans, body.get("resourceSpans", []), strict=True):
        for scope, below in zip(resource.scope_spans, told.get("scopeSpans", []), strict=True):
            for span, sent in zip(scope.spans, below.get("spans", []), strict=True):
                for name, id_ in (("traceId", span.trace_id), ("spanId", span.span_id)):
                    sent[name] = id_.hex().upper()
                sent["parentSpanId"] = span.parent_span_id.hex() or None
    return json.loads(json.dumps(body))


@given(st.lists(spans, max_size=3))
def test_both_encodings_give_the_same_spans(sent: list[Span]) -> None:
    """Whatever is in them."""
    request = request_of(*sent)
    by_protobuf = list(read_protobuf(request.SerializeToString(), []))
    assert repr(by_protobuf) == repr(list(read_json(as_otlp_json(request), [])))  # NaN does not equal itself
    assert len(sent) == len(by_protobuf)


def test_a_span_is_read_whole() -> None:
    """Ids, times, values of every kind, events and a status that says that it failed."""
    values_ = {
        "string": AnyValue(string_value="s"),
        "large": AnyValue(int_value=2**63 - 1),
        "double": AnyValue(double_value=0.5),
        "bool": AnyValue(bool_value=False),
        "bytes": AnyValue(bytes_value=b"\xff"),
        "list": AnyValue(array_value=ArrayValue(values=[AnyValue(int_value=1), AnyValue()])),
        "none": AnyValue(),
    }
    sent = Span(
        trace_id=bytes(range(16)),
        span_id=bytes(range(8)),
        name="n",
        start_time_unix_nano=1,
        end_time_unix_nano=2,
        attributes=[KeyValue(key=key, value=value) for key, value in values_.items()],
        events=[Span.Event(name="exception", time_unix_nano=3)],
        status=Status(code=Status.STATUS_CODE_ERROR, message="m"),
    )
    (read,) = read_protobuf(request_of(sent).SerializeToString(), [])
    expected = {
        "string": "s",
        "large": 2**63 - 1,
        "double": 0.5,
        "bool": False,
        "bytes": b64encode(b"\xff").decode(),
        "list": [1, None],
        "none": None,
    }
    assert expected == read.attributes
    assert (bytes(range(16)).hex(), bytes(range(8)).hex(), "", "n", 1, 2) == read[:6]
    assert ([SpanEvent("exception", 3, {})], True, "m") == (read.events, read.is_failed, read.message)


@pytest.mark.parametrize("code", [2, "STATUS_CODE_ERROR"])
def test_the_name_of_a_status_is_read_too(code: Any) -> None:
    """As a released client writes it, with a parent that is null."""
    span = {
        "traceId": "AB",
        "parentSpanId": None,
        "kind": "SPAN_KIND_INTERNAL",
        "status": {"code": code, "message": "m"},
    }
    (read,) = read_json({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}, [])
    assert ("ab", "", True, "m") == (read.trace_id, read.parent_id, read.is_failed, read.message)


@pytest.mark.parametrize("body", [b"\xff", b"\x0a\x05abc", b"\x0a\xff\xff\xff\xff\x0f"])
def test_what_is_no_protobuf_is_refused(body: bytes) -> None:
    """As a bad request."""
    with pytest.raises(BadRequest):
        list(read_protobuf(body, []))


@pytest.mark.parametrize(
    ("span", "pointer"),
    [
        (7, ""),
        ({"traceId": 7}, "/traceId"),
        ({"traceId": "xyz"}, "/traceId"),
        ({"name": []}, "/name"),
        ({"startTimeUnixNano": "soon"}, "/startTimeUnixNano"),
        ({"startTimeUnixNano": "9" * 5000}, "/startTimeUnixNano"),
        ({"endTimeUnixNano": True}, "/endTimeUnixNano"),
        ({"status": 7}, "/status"),
        ({"attributes": {}}, "/attributes"),
        ({"attributes": [7]}, "/attributes/0"),
        ({"attributes": [{"key": 7}]}, "/attributes/0/key"),
        ({"attributes": [{"key": "a", "value": 7}]}, "/attributes/0/value"),
        ({"attributes": [{"key": "a", "value": {"intValue": 0.5}}]}, "/attributes/0/value/intValue"),
        ({"attributes": [{"key": "a", "value": {"doubleValue": "x"}}]}, "/attributes/0/value/doubleValue"),
        ({"attributes": [{"key": "a", "value": {"stringValue": 7}}]}, "/attributes/0/value/stringValue"),
        ({"attributes": [{"value": {"arrayValue": {"values": {}}}}]}, "/attributes/0/value/arrayValue/values"),
    ],
)
def test_what_is_malformed_is_said(span: Any, pointer: str) -> None:
    """By a JSON pointer."""
    with pytest.raises(BadRequest) as caught:
        list(read_json({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}, []))
    assert f"/resourceSpans/0/scopeSpans/0/spans/0{pointer}" == caught.value.details[0].pointer


@given(json_values)
def test_no_json_breaks(value: Any) -> None:
    """It is read, or refused."""
    for body in (
        {"resourceSpans": value},
        {"resourceSpans": [{"scopeSpans": value}]},
        {"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": value, "events": value}]}]}]},
        {"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": [{"key": "a", "value": value}]}]}]}]},
        {"resourceSpans": [{"scopeSpans": [{"spans": [{"status": value, "traceId": value, "name": value}]}]}]},
    ):
        try:
            list(read_json(body, []))
        except BadRequest as error:
            assert error.details  # noqa: PT017 - either will do


def test_a_value_nests_only_so_deep() -> None:
    """Else it could not be written."""
    value: Any = {"intValue": 1}
    for _ in range(MAX_DEPTH + 1):
        value = {"arrayValue": {"values": [value]}}
    with pytest.raises(BadRequest):
        list(
            read_json(
                {"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": [{"key": "a", "value": value}]}]}]}]}, []
            )
        )


def read_one(**members: Any) -> Any:
    """The span with these members."""
    (span,) = read_json({"resourceSpans": [None, {"scopeSpans": [None, {"spans": [None, members]}]}]}, [])
    return span


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (None, 0),
        (7, 7),
        ("7", 7),
        (-7, -7),
        ("-7", -7),
        (7.0, 7),
        ("7.0", 7),
        ("7e0", 7),
        ("1.5e1", 15),
        ("15e2", 1500),
        ("1500e-2", 15),
        ("18446744073709551615", 2**64 - 1),
        ("0e99", 0),
    ],
)
def test_an_integer_may_be_spelled_in_any_way(sent: Any, read: int) -> None:
    """As ProtoJSON has it: with an exponent or a fraction of zeros, as a number or as text."""
    span = read_one(startTimeUnixNano=sent, attributes=[{"key": "a", "value": {"intValue": sent}}])
    assert read == span.start
    assert (None if sent is None else read) == span.attributes["a"]


@pytest.mark.parametrize("sent", ["1.5", "1e-1", "1e99", "x", "", "1 ", "0x1", "9" * 21, 1.5, True, [], "1e", "."])
def test_what_is_no_integer_is_refused(sent: Any) -> None:
    """With the place."""
    with pytest.raises(BadRequest) as caught:
        read_one(startTimeUnixNano=sent)
    assert caught.value.details[0].pointer.endswith("/startTimeUnixNano")


def test_null_is_absent_everywhere() -> None:
    """As ProtoJSON has it."""
    names = ("traceId", "spanId", "parentSpanId", "name", "startTimeUnixNano", "endTimeUnixNano")
    nothing = read_one(**dict.fromkeys((*names, "attributes", "events", "status")))
    assert nothing == read_one()
    values = [
        {"key": "a", "value": None},
        None,
        {"key": "b", "value": {"stringValue": None, "arrayValue": {"values": None}}},
        {"key": "c", "value": {"kvlistValue": {"values": [None, {"key": "d", "value": None}]}}},
        {"key": None, "value": {"stringValue": "e"}},
    ]
    span = read_one(attributes=values, status={"code": None, "message": None}, events=[None, {"attributes": None}])
    assert {"a": None, "b": [], "c": {"d": None}, "": "e"} == span.attributes
    assert ("", [SpanEvent("", 0, {})]) == (span.message, list(span.events))


def test_resource_and_scope_are_read_with_each_span() -> None:
    """The resource's attributes win; those that have no span are told by their place."""
    body = {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": "a", "value": {"intValue": "1"}}]},
                "scopeSpans": [
                    {
                        "scope": {
                            "name": "s",
                            "attributes": [
                                {"key": "a", "value": {"intValue": "2"}},
                                {"key": "b", "value": {"intValue": "3"}},
                            ],
                        },
                        "spans": [{"name": "n", "links": [{"traceId": "AB", "spanId": "CD"}]}],
                    },
                    {"scope": {"name": "empty"}},
                ],
            },
            {"resource": {"attributes": [{"key": "c", "value": {"intValue": "1"}}]}},
        ]
    }
    unused: list[str] = []
    (read,) = read_json(body, unused)
    assert ({"a": 1, "b": 3}, {"name": "s"}) == (read.scope.attributes, read.scope.about)
    assert ["/resourceSpans/0/scopeSpans/1", "/resourceSpans/1"] == unused
    assert ({"trace_id": "AB", "span_id": "CD"},) == tuple(read.links)


def test_a_name_that_is_sent_twice_is_told() -> None:
    """The last value counts."""
    twice = [{"key": "a", "value": {"intValue": number}} for number in (1, 2)]
    read = read_one(attributes=twice)
    assert ({"a": 2}, ("a",)) == (read.attributes, read.repeated)


def test_what_resource_scope_and_events_lose_is_told() -> None:
    """A name that one of them has twice, and a value of the scope's where the resource has another."""
    a, twice = KeyValue(key="a", value=AnyValue(int_value=1)), KeyValue(key="b", value=AnyValue(int_value=2))
    other = KeyValue(key="a", value=AnyValue(int_value=3))
    happened = Span.Event(name="e", attributes=[twice, twice])
    sent = Span(trace_id=b"\1" * 16, span_id=b"\1" * 8, events=[happened])
    scope = ScopeSpans(spans=[sent], scope=InstrumentationScope(attributes=[other]))
    resource = Resource(attributes=[a, twice, twice])
    request = ExportTraceServiceRequest(resource_spans=[ResourceSpans(resource=resource, scope_spans=[scope])])
    (read,) = read_protobuf(request.SerializeToString(), [])
    assert ([("b", "repeated"), ("a", "overridden")], ("b",)) == (read.scope.told, read.repeated)
    (also,) = read_json(as_otlp_json(request), [])
    assert (read.scope, read.repeated) == (also.scope, also.repeated)
