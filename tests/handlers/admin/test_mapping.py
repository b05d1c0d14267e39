"""What became of a span, through the admin API."""

import gzip
from typing import Any

import httpx
import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from otlp import request_of
from support import Running, id_of

TRACE, SPAN_ID = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"


def span(**attributes: str) -> Span:
    """A span."""
    return Span(
        trace_id=bytes.fromhex(TRACE),
        span_id=bytes.fromhex(SPAN_ID),
        name="chat",
        attributes=[KeyValue(key=key, value=AnyValue(string_value=value)) for key, value in attributes.items()],
    )


def export(server: Running, token: str, body: bytes, **headers: str) -> str:
    """Export spans; returns the id of the one event."""
    named = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-protobuf", **headers}
    assert httpx.post(server.url + "/opentelemetry/v1/traces", content=body, headers=named).status_code == 200
    (event,) = server.post({}, path="/v1/events/search", token=token).json()["events"]
    return str(event["event_id"])


@pytest.mark.parametrize("packed", [False, True])
def test_each_attribute_says_where_it_went(server: Running, *, packed: bool) -> None:
    """And by which row; what was reported, too; whether or not the request was compressed."""
    token = f"mapping-{packed}"
    body = request_of(span(**{"gen_ai.system": "OpenAI", "honeyhive.project": "p"})).SerializeToString()
    headers = {"Content-Encoding": "gzip"} if packed else {}
    event_id = export(server, token, gzip.compress(body) if packed else body, **headers)
    told: dict[str, Any] = server.get(f"/__admin/events/{event_id}/mapping", token=token).json()
    assert {"trace_id": TRACE, "span_id": SPAN_ID, "name": "chat"} == told["span"]
    assert {"value": "tool", "rule": "5"} == told["event_type"]
    system, project = told["attributes"]
    assert ["metadata.system", "config.provider"] == system["to"]
    assert "metadata.system config.provider" == system["row"]["to"]
    assert ([], "nothing") == (project["to"], project["row"]["to"])
    assert {("honeyhive.project", "ignored"), ("session_id", "missing")} == {
        (each["name"], each["reason"]) for each in told["reported"]
    }
    assert event_id == told["event_id"] == told["event"]["event_id"]


def test_what_cannot_be_explained_is_not_found(server: Running) -> None:
    """No event, no span, or a span that the journal has no more."""
    token = "mapping-none"
    assert 404 == server.get(f"/__admin/events/{id_of('x')}/mapping", token=token).status_code
    created = server.post({"event_type": "tool", "inputs": {}}, path="/v1/events", token=token).json()["event_id"]
    assert "This event was no span" == server.get(f"/__admin/events/{created}/mapping", token=token).json()["message"]
    large = request_of(span(a="x" * 100_000)).SerializeToString()
    other = "mapping-large"
    event_id = export(server, other, large)
    told = server.get(f"/__admin/events/{event_id}/mapping", token=other)
    assert (404, "The span is not in the journal") == (told.status_code, told.json()["message"])
