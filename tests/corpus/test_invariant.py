"""Whatever a client sends, by any operation that stores: nothing is lost in silence."""

import json
import os
from base64 import b64encode
from collections.abc import Iterator
from importlib.resources import files
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml
from google.protobuf.json_format import ParseDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from support import Running

import hivestand.handlers.otlp
from corpus.leaves import leaves_of, lost
from hivestand.handlers.event.normalise import EVENT_FIELDS

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "25"))  # of each operation
SESSION = "0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d10"
IDS = ("traceId", "spanId", "parentSpanId")
SEEDED = {"event_id": SESSION, "event_type": "tool", "inputs": {}}

words = st.text("abcdefgh", min_size=3, max_size=8)
texts = words | st.text(min_size=2, max_size=9) | st.sampled_from(['{"abc": 17}', "[1, 2", "\ud83d", "null", "a;b,c=d"])
numbers = st.integers(min_value=-(2**70), max_value=2**70) | st.floats(allow_nan=False, allow_infinity=False)
single = st.none() | st.booleans() | numbers | texts
names = words | st.text(min_size=1, max_size=5) | st.sampled_from(["__proto__", "a.b", "a/b", "~", "value", "content"])
values = st.recursive(single, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))
objects = st.dictionaries(names, values, max_size=3)

OBJECTS = ("inputs", "outputs", "metadata", "user_properties", "config", "metrics", "feedback", "children_ids")
OTHERS = ("project", "project_id", "source", "event_name", "session_name", "error", "duration", "user_id")
OF_MODELS = ("model", "provider", "hyperparameters", "usage", "cost", "template_inputs")
ids = st.sampled_from([SESSION, SESSION.upper(), "e1", "my run", 17]) | st.uuids().map(str) | single
times = st.integers(min_value=0, max_value=2**53) | st.sampled_from(["2026-01-01T00:00:00Z", "17", 1.5e15]) | single
kinds = st.sampled_from(["model", "tool", "chain", "session", "generic"]) | single
fields = (
    st.tuples(st.sampled_from(OBJECTS), objects | values)
    | st.tuples(st.sampled_from(OTHERS), values)
    | st.tuples(st.sampled_from(["start_time", "end_time"]), times)
    | st.tuples(st.sampled_from(["event_id", "session_id", "parent_id"]), ids)
    | st.tuples(st.just("event_type"), kinds)
    | st.tuples(names, values)
)
bodies = st.lists(fields, max_size=7).map(dict)
events = st.builds(lambda body: {"event_type": "chain", "inputs": {}, **body}, bodies)
said = st.tuples(st.sampled_from(["messages", "response"]), objects | st.lists(objects, min_size=1, max_size=2))
calls = st.lists(fields | said | st.tuples(st.sampled_from(OF_MODELS), objects | values), max_size=7).map(dict)
# of a session with events, whose times are those of the first and the last of all
whole = bodies.map(lambda body: {name: value for name, value in body.items() if name not in {"start_time", "end_time"}})

# without what that operation refuses
strict = events.map(lambda body: {name: value for name, value in body.items() if name in EVENT_FIELDS - {"project"}})


def some(each: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """One to three of them."""
    return st.lists(each, min_size=1, max_size=3)


def around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Events that hold others."""
    return st.builds(lambda outer, below: {**outer, "children": below}, events, st.lists(inner, max_size=3))


nested = st.recursive(events, around, max_leaves=4)
sharing = {"is_single_session": st.booleans(), "session_properties": whole, "session": whole}
OPERATIONS: dict[str, st.SearchStrategy[Any]] = {
    "POST /v1/sessions": bodies,
    "POST /session/start": st.fixed_dictionaries({"session": bodies}),
    "POST /v1/events": events,
    "POST /events": st.fixed_dictionaries({"event": events}),
    f"POST /session/{SESSION}/event": nested,
    "POST /events/model": st.fixed_dictionaries({"model_event": calls}),
    "POST /v1/events/batch": st.fixed_dictionaries({"events": some(events)}),
    "POST /events/batch": st.fixed_dictionaries({"events": some(events)}, optional=sharing),
    "POST /events/model/batch": st.fixed_dictionaries({"model_events": some(calls)}, optional=sharing),
    f"POST /v1/sessions/{SESSION}/events/batch": st.fixed_dictionaries({"events": some(strict)}),
    f"POST /session/{SESSION}/traces": st.fixed_dictionaries({"logs": some(nested)}),
    f"PUT /v1/events/{SESSION}": bodies,
    "PUT /events": bodies.map(lambda body: {**body, "event_id": SESSION}),
}

MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool"])},
    optional={
        "content": words | st.none(),
        "parts": st.lists(st.fixed_dictionaries({"type": st.just("text"), "content": words}), max_size=2),
        "name": words,
    },
)


@st.composite
def attribute_names(draw: st.DrawFn) -> str:
    """Names that the mapping table knows, with something for what it leaves open, and others."""
    table = files(hivestand.handlers.otlp) / "mapping.yaml"
    rows = yaml.safe_load(table.read_text(encoding="utf-8"))["attributes"]  # by the parser that every build has
    rests = st.sampled_from(["role", "content", "a", ".a.b", "_0", "tool_calls.0.tool_call.function.name"]) | words
    name: str = draw(st.sampled_from(rows))["from"]
    return name.replace("<N>", str(draw(st.integers(0, 2)))).replace("*", draw(rests))


def any_values() -> st.SearchStrategy[Any]:
    """Values of attributes, as OTLP's JSON has them."""
    text = st.text(st.characters(codec="utf-8"), min_size=2, max_size=9) | words
    messages = st.lists(MESSAGE, max_size=2).map(json.dumps)
    whole = st.integers(min_value=-(2**63), max_value=2**63 - 1).map(str)
    finite = st.floats(allow_nan=False, allow_infinity=False)
    kinds = {"stringValue": text | messages, "intValue": whole, "doubleValue": finite, "boolValue": st.booleans()}
    single = st.one_of([st.fixed_dictionaries({kind: held}) for kind, held in kinds.items()])

    def around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        listed = st.fixed_dictionaries({"values": st.lists(inner, max_size=3)})
        named = st.dictionaries(words, inner, max_size=3).map(
            lambda held: {"values": [{"key": key, "value": value} for key, value in held.items()]}
        )
        return st.fixed_dictionaries({"arrayValue": listed}) | st.fixed_dictionaries({"kvlistValue": named})

    return st.recursive(single, around, max_leaves=4)


attributes = st.lists(st.fixed_dictionaries({"key": attribute_names() | words, "value": any_values()}), max_size=6)
span_ids = st.sampled_from(["eee19b7ec3c1b174", "eee19b7ec3c1b175", "eee19b7ec3c1b176"])
nanoseconds = st.integers(min_value=0, max_value=2**63 - 1).map(str)
happened = st.fixed_dictionaries({"name": words | st.just("exception"), "attributes": attributes})
spans: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"traceId": st.just("5b8efff798038103d269b633813fc60c"), "spanId": span_ids, "name": words},
    optional={
        "parentSpanId": span_ids,
        "startTimeUnixNano": nanoseconds,
        "endTimeUnixNano": nanoseconds,
        "attributes": attributes,
        "status": st.fixed_dictionaries({"code": st.integers(0, 2), "message": words}),
        "events": st.lists(happened, max_size=2),
    },
)
scopes = st.fixed_dictionaries(
    {"spans": st.lists(spans, min_size=1, max_size=3, unique_by=lambda span: str(span["spanId"]))},
    optional={"scope": st.fixed_dictionaries({}, optional={"name": words, "version": words, "attributes": attributes})},
)
resources = st.fixed_dictionaries(
    {"scopeSpans": st.lists(scopes, min_size=1, max_size=1)},
    optional={"resource": st.fixed_dictionaries({"attributes": attributes})},
)
exports = st.fixed_dictionaries({"resourceSpans": st.lists(resources, min_size=1, max_size=1)})

GENERATED = settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.fixture
def client(server: Running) -> Iterator[httpx.Client]:
    """A client of the server that keeps its connection."""
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


def new_tenant() -> dict[str, str]:
    """The headers of a tenant that has nothing yet."""
    return {"Authorization": f"Bearer hh_invariant_{uuid4().hex}", "Content-Type": "application/json"}


def check_kept(client: httpx.Client, headers: dict[str, str], body: Any, response: httpx.Response) -> None:
    """Each leaf of a body that was taken can be found again or is named."""
    found = client.post("/v1/events/search", json={"filters": [], "limit": 1000, "page": 1}, headers=headers)
    told = response.headers.get("hivestand-fallbacks", "")
    assert [] == lost(leaves_of(body), found.json()["events"], told), (told, body)


def in_base64(value: Any) -> Any:
    """The same with its ids in base64, as the JSON of Protocol Buffers has bytes."""
    if isinstance(value, list):
        return [in_base64(each) for each in value]
    if not isinstance(value, dict):
        return value
    ids = {key: b64encode(bytes.fromhex(value[key])).decode() for key in IDS if key in value}
    return {key: in_base64(each) for key, each in value.items()} | ids


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_leaf_of_a_body_is_lost_in_silence(client: httpx.Client, operation: str) -> None:
    """It can be read again or is named, unless the body is refused; that is seldom."""
    method, path = operation.split()
    taken = []

    @GENERATED
    @given(OPERATIONS[operation])
    def ask(body: Any) -> None:
        headers = new_tenant()
        if method == "PUT":
            assert client.post("/v1/events", json=SEEDED, headers=headers).status_code == 200
        response = client.request(method, path, content=json.dumps(body), headers=headers)
        assert response.status_code in {200, 400}, response.text
        taken.append(response.status_code == 200)
        if taken[-1]:
            check_kept(client, headers, body, response)

    ask()
    assert sum(taken) > len(taken) / 10


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_no_leaf_of_a_span_is_lost_in_silence(client: httpx.Client, encoding: str) -> None:
    """Nor of its resource, its scope and its events."""

    @GENERATED
    @given(exports)
    def ask(body: Any) -> None:
        headers = new_tenant()
        content = json.dumps(body).encode()
        if encoding == "protobuf":
            content = ParseDict(in_base64(body), ExportTraceServiceRequest()).SerializeToString()
        sent = {**headers, "Content-Type": f"application/{'json' if encoding == 'json' else 'x-protobuf'}"}
        response = client.post("/opentelemetry/v1/traces", content=content, headers=sent)
        assert response.status_code == 200, response.text
        check_kept(client, headers, body, response)

    ask()
