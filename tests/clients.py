"""What the tests of the SDKs share: running a client's program, and reading back what it did."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import httpx
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from hivestand.testing import Hivestand

Event = Mapping[str, Any]  # as the API answers it
Noting = Callable[..., AbstractContextManager[None]]  # the fixture `noted`

TENANT = frozenset({"org_id", "workspace_id", "project_id"})
# what the metadata of an event that was a span has beside what its program said
LINEAGE = frozenset(
    {
        "trace_id",
        "span_id",
        "parent_span_id",
        "has_otlp_lineage",
        "scope",
        "instrumentor",
        "session_id",
        "honeyhive_event_type",
    }
)
# what the metadata of a session shows of its other events
RESERVED = frozenset(
    {
        *("num_events", "num_model_events", "has_feedback", "cost"),
        *("prompt_tokens", "completion_tokens", "total_tokens"),
    }
)
OF_THE_RESOURCE = ("service.", "telemetry.", "_event.")


def python_program(hivestand: Hivestand, *command: str, **env: str) -> str:
    """What a Python program printed that found the server by its environment alone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HH_", "HONEYHIVE_"))}
    done = subprocess.run(
        [sys.executable, *command],
        env={**kept, **hivestand.env, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def held(hivestand: Hivestand, session_id: str) -> dict[str, Event]:
    """The events of a session by their ids, the first first: what the search finds, each id leads to by itself too."""
    with httpx.Client(base_url=hivestand.url, headers={"Authorization": f"Bearer {hivestand.token}"}) as client:
        filters = [{"field": "session_id", "operator": "is", "value": session_id}]
        found = client.post("/v1/events/search", json={"filters": filters}).json()
        events = {event["event_id"]: event for event in reversed(found["events"])}
        assert found["count"] == len(found["events"]) == len(events)
        for event_id, event in events.items():
            assert client.get(f"/v1/events/{event_id}").json() == {"event": event}
    assert list(events.values()) == hivestand.events(session_id)
    if session_id in events:
        assert hivestand.ask("GET", f"sessions/{session_id}")["session"] == events[session_id]
    return events


def own(event: Event) -> dict[str, Any]:
    """An event but for its tenant."""
    return {name: value for name, value in event.items() if name not in TENANT}


def tree(events: Mapping[str, Event], root: str) -> dict[str, Any]:
    """The event of that id with all that is below it; ids and times are left out, as each run has its own."""
    event = events[root]
    below = [tree(events, each["event_id"]) for each in events.values() if each["parent_id"] == root]
    alike = {name: value for name, value in own(event).items() if not name.endswith(("_id", "_time"))}
    del alike["duration"], alike["children_ids"]
    alike["metadata"] = {
        name: value
        for name, value in event["metadata"].items()
        if name not in LINEAGE
        and not name.startswith(OF_THE_RESOURCE)
        and not (event["event_type"] == "session" and name in RESERVED)
    }
    return {**alike, "below": in_order(below)}


def in_order(nodes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The nodes of a tree in an order of their own, as those of one millisecond have none."""
    return sorted(nodes, key=lambda node: json.dumps(node, sort_keys=True))


def spans_sent(hivestand: Hivestand) -> list[dict[str, Any]]:
    """Every span that the journal has, as OTLP writes it in JSON, with its attributes by their names."""
    spans = []
    for entry in hivestand.requests:
        if entry["operation"] == "exportTraces":
            spans += [span for each in _exported(entry["request"])["resourceSpans"] for span in _spans(each)]
    return spans


def _exported(request: Mapping[str, Any]) -> Any:
    if request["encoding"] == "json":
        return request["body"]
    return MessageToDict(ExportTraceServiceRequest.FromString(base64.b64decode(request["body"])))


def _spans(resource: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {**span, "attributes": {each["key"]: next(iter(each["value"].values()), None) for each in span["attributes"]}}
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
