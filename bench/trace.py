"""How fast a trace is stored: spans as the Python SDK sends them, in batches; what is stored is read back."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.contenders import HIVESTAND_REDIS, serving
from bench.figure import Figure, at_least

SPANS, BATCH = 10_000, 512  # the latter is what a batch of OpenTelemetry's exporters holds
REACH = 8_000  # events a second
START = 1_767_225_600_000_000_000  # Unix nanoseconds
SESSION_ID = "0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d10"


def span(number: int) -> dict[str, Any]:
    """A span with what the SDK sends with a traced function that enriches itself: 24 attributes."""
    attributes: dict[str, Any] = {
        "honeyhive.session_id": SESSION_ID,
        "traceloop.association.properties.session_id": SESSION_ID,
        "honeyhive.project": "project",
        "traceloop.association.properties.project": "project",
        "honeyhive.source": "dev",
        "traceloop.association.properties.source": "dev",
        "honeyhive_event_type": ("tool", "model", "chain")[number % 3],
        "honeyhive_event_name": f"step {number % 50}",
        "honeyhive_inputs.prompt": "What is a hivestand, and what is it made of? " * 2,
        "honeyhive_inputs.limit": 3,
        "honeyhive_inputs.options": '{"deep": [1, 2, {"a": true}]}',
        "honeyhive_metadata.event_type": "tool",
        "honeyhive_metadata.release": "2026-11",
        "honeyhive_metadata.deep.list.0": 1,
        "honeyhive_metadata.deep.list.1": "b",
        "honeyhive_metrics.score": 0.5,
        "honeyhive_metrics.tokens": 812,
        "honeyhive_feedback.rating": 5,
        "honeyhive_config.model": "gpt-4o",
        "honeyhive_config.temperature": 0.2,
        "honeyhive_user_properties.user_id": "u-17",
        "honeyhive_outputs.result.role": "assistant",
        "honeyhive_outputs.result.content": "A beehive of straw or wicker. " * 3,
        "honeyhive_duration_ms": 1.25,
    }
    return {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": f"{number + 1:016x}",
        "parentSpanId": f"{number // 10 + 1:016x}" if number else "",
        "name": f"step {number % 50}",
        "startTimeUnixNano": str(START + number * 1_000_000),
        "endTimeUnixNano": str(START + number * 1_000_000 + 1_250_000),
        "attributes": [{"key": key, "value": _value(value)} for key, value in attributes.items()],
    }


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"doubleValue": value}


def _batches() -> Iterator[dict[str, Any]]:
    for at in range(0, SPANS, BATCH):
        spans = [span(number) for number in range(at, min(SPANS, at + BATCH))]
        yield {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "honeyhive"}, "spans": spans}]}]}


def as_json(batch: dict[str, Any]) -> bytes:
    """As the SDK's own exporter has it."""
    return json.dumps(batch).encode()


def as_protobuf(batch: dict[str, Any]) -> bytes:
    """As OpenTelemetry's exporter has it."""
    request = ExportTraceServiceRequest()
    for sent in batch["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        if not request.resource_spans:
            scope = request.resource_spans.add().scope_spans.add()
        made = scope.spans.add(
            trace_id=bytes.fromhex(sent["traceId"]),
            span_id=bytes.fromhex(sent["spanId"]),
            parent_span_id=bytes.fromhex(sent["parentSpanId"]),
            name=sent["name"],
            start_time_unix_nano=int(sent["startTimeUnixNano"]),
            end_time_unix_nano=int(sent["endTimeUnixNano"]),
        )
        for each in sent["attributes"]:
            ((kind, value),) = each["value"].items()
            attribute = made.attributes.add(key=each["key"])
            if kind == "stringValue":
                attribute.value.string_value = value
            elif kind == "intValue":
                attribute.value.int_value = int(value)
            else:
                attribute.value.double_value = value
    return request.SerializeToString()


ENCODINGS: dict[str, tuple[str, Callable[[dict[str, Any]], bytes]]] = {
    "JSON": ("application/json", as_json),
    "protobuf": ("application/x-protobuf", as_protobuf),
}


def rate(url: str, token: str, media_type: str, bodies: list[bytes]) -> float:
    """Events a second, of a trace that was stored without loss."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": media_type}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        began = time.perf_counter()
        for body in bodies:
            response = client.post("/opentelemetry/v1/traces", content=body)
            assert response.status_code == 200, response.text
        seconds = time.perf_counter() - began
        by_session = {"field": "session_id", "operator": "is", "value": SESSION_ID, "type": "string"}
        query = {"filters": [by_session], "limit": 7500, "projections": ["event_id"]}
        found: set[str] = set()
        for page in (1, 2):
            asked = json.dumps({**query, "page": page}).encode()
            told = client.post("/v1/events/export", content=asked, headers={"Content-Type": "application/json"}).json()
            found |= {each["event_id"] for each in told["events"]}
        assert told["count"] == len(found) == SPANS, (told["count"], len(found))
    return SPANS / seconds


def measure(redis: int, folder: Path, rounds: int) -> Iterator[Figure]:
    """Events a second, in each encoding, by rounds in turn; each round has a tenant of its own."""
    bodies = {name: [encode(batch) for batch in _batches()] for name, (_, encode) in ENCODINGS.items()}
    rates: dict[str, list[float]] = {name: [] for name in ENCODINGS}
    with serving(HIVESTAND_REDIS, redis, folder) as server:
        for turn in range(rounds + 1):
            for name, (media_type, _) in ENCODINGS.items():
                measured = rate(f"http://127.0.0.1:{server.port}", f"{name}-{turn}", media_type, bodies[name])
                if turn:  # the first is the warm-up
                    rates[name].append(measured)
    for name, each in rates.items():
        yield at_least(f"a trace of {SPANS:,} spans, {name}", each, REACH, "events/s")
