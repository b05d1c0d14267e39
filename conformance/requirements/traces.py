"""How spans of OpenTelemetry become events, as released clients send them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from hivestand.conformance.api import MARK, NOT_SEEN, Api, CannotTest
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import Finding, Level
from hivestand.conformance.requirements.updates import held_in

registry = Registry()
OPERATIONS = ("exportTraces",)
CLIENTS = "recorded from a released client"
START = 1767225600000  # Unix milliseconds


def span(
    api: Api, name: str, session_id: str | None, trace_id: str, parent: str | None = None, **attributes: Any
) -> dict[str, Any]:
    """A span of a session, as the released Python SDK writes it: null and names of constants included."""
    own = {"honeyhive.session_id": session_id} if session_id else {}
    all_of = {**own, f"honeyhive_metadata.{MARK}": api.run_id, **attributes}
    return {
        "traceId": trace_id,
        "spanId": api.new_id().replace("-", "")[:16],
        "parentSpanId": parent,
        "name": name,
        "kind": "SPAN_KIND_INTERNAL",
        "status": {"code": "STATUS_CODE_OK"},
        "startTimeUnixNano": str(START * 1_000_000),
        "endTimeUnixNano": str((START + 400) * 1_000_000),
        "attributes": [{"key": key, "value": _value(value)} for key, value in all_of.items()],
    }


def export(*spans: Mapping[str, Any]) -> dict[str, Any]:
    """The request that exports them."""
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {"name": "hivestand"}, "spans": list(spans)}]}]}


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


@registry.scenario(
    "EVT-SPAN-01", Level.SHOULD, "A span becomes an event of its session", source=CLIENTS, operations=OPERATIONS
)
def becomes_an_event(api: Api, operation: str) -> Iterator[Finding]:
    """A span becomes an event of its session: by its attributes."""
    sent: dict[str, Any] = {
        "honeyhive_event_type": "model",
        "honeyhive_inputs.prompt": "What is a hivestand?",
        "honeyhive_outputs.result": 7,
        "honeyhive_metrics.score": 0.5,
        "honeyhive_error": "none to speak of",
        "honeyhive_duration_ms": 12.5,
    }
    session_id = _session(api)
    exchange = api.call(operation, export(span(api, "complete", session_id, _trace(api), **sent)))
    yield Finding(200, exchange.response.status, (exchange,))
    found = _found(api, session_id, 2)
    held = next((each for each in found if each.get("event_type") == "model"), {})
    expected = {
        "event_name": "complete",
        "inputs": {"prompt": "What is a hivestand?"},
        "outputs": {"result": 7},
        "metrics": {"score": 0.5},
        "error": "none to speak of",
        "duration": 12.5,
        "start_time": START,
        "parent_id": session_id,
    }
    yield Finding(expected, {name: held.get(name) for name in expected}, (exchange,))


@registry.scenario(
    "EVT-SPAN-02",
    Level.SHOULD,
    "A child span is a child event",
    source=CLIENTS,
    operations=OPERATIONS,
)
def keeps_parents(api: Api, operation: str) -> Iterator[Finding]:
    """A child span is a child event: the first of a trace is within the session."""
    session_id, trace_id = _session(api), _trace(api)
    outer = span(api, "outer", session_id, trace_id)
    inner = span(api, "inner", session_id, trace_id, outer["spanId"])
    exchange = api.call(operation, export(inner))
    api.call(operation, export(outer))
    found = {each.get("event_name"): each for each in _found(api, session_id, 3)}
    parents = [found.get(name, {}).get("parent_id") for name in ("outer", "inner")]
    yield Finding([session_id, found.get("outer", {}).get("event_id", "the outer's id")], parents, (exchange,))


@registry.scenario(
    "EVT-SPAN-04",
    Level.SHOULD,
    "Rejected spans are counted",
    source="OTLP: partial success",
    operations=OPERATIONS,
)
def counts_what_is_rejected(api: Api, operation: str) -> Iterator[Finding]:
    """Rejected spans are counted: and the others of the request are stored."""
    session_id = _session(api)
    broken = span(api, "broken", session_id, "0" * 32)
    exchange = api.call(operation, export(broken, span(api, "sound", session_id, _trace(api))))
    partial = exchange.response.event.get("partialSuccess") or {}
    yield Finding([200, "1"], [exchange.response.status, str(partial.get("rejectedSpans"))], (exchange,))
    yield Finding(["sound"], [each.get("event_name") for each in _found(api, session_id, 2)][:1], (exchange,))


@registry.scenario(
    "EVT-SPAN-05",
    Level.SHOULD,
    "An invalid export is refused",
    source="OTLP: 400 for malformed data",
    operations=OPERATIONS,
    statuses=(400,),
)
def malformed(api: Api, operation: str) -> Iterator[Finding]:
    """An invalid export is refused: with 400."""
    for body in ({"resourceSpans": 7}, export({"traceId": 7}), export({"attributes": {}})):
        exchange = api.call(operation, body)
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-SPAN-06",
    Level.SHOULD,
    "A resent span is the same event",
    source="OTLP: a client sends again what got no response",
    operations=OPERATIONS,
)
def same_again(api: Api, operation: str) -> Iterator[Finding]:
    """A resent span is the same event: and not one more."""
    session_id = _session(api)
    exported = export(span(api, "again", session_id, _trace(api)))
    exchanges = tuple(api.call(operation, exported) for _ in range(2))
    yield Finding([200, 200], [each.response.status for each in exchanges], exchanges)
    found = [each.get("event_name") for each in _found(api, session_id, 2)]
    yield Finding(1, found.count("again"), exchanges)


@registry.scenario(
    "EVT-SPAN-07",
    Level.SHOULD,
    "Each kind of attribute value is read",
    source=f"OTLP, common.proto; {CLIENTS}",
    operations=OPERATIONS,
)
def reads_values(api: Api, operation: str) -> Iterator[Finding]:
    """Each kind of attribute value is read: a 64-bit integer is a string in OTLP's JSON."""
    values: dict[str, Any] = {"number": 9007199254740993, "truth": True, "share": 0.25, "text": "7"}
    session_id = _session(api)
    attributes = {f"honeyhive_metadata.{name}": value for name, value in values.items()}
    exchange = api.call(operation, export(span(api, "values", session_id, _trace(api), **attributes)))
    held = next((each for each in _found(api, session_id, 2) if each.get("event_name") == "values"), {})
    metadata = held_in(held, "metadata")
    for name, value in values.items():
        yield Finding(json.dumps(value), json.dumps(metadata.get(name)), (exchange,))


@registry.scenario(
    "EVT-SPAN-08",
    Level.INFO,
    "A span without a session belongs to that with the trace's id",
    source="open",
    operations=OPERATIONS,
)
def session_of_the_trace(api: Api, operation: str) -> Iterator[Finding]:
    """A span without a session belongs to that with the trace's id: as a UUID."""
    trace_id = _trace(api)
    session_id = str(UUID(hex=trace_id))
    api.started.add(session_id)
    exchange = api.call(operation, export(span(api, "traced", None, trace_id)))
    found = api.find(session_id, 1)
    yield Finding(["traced"], [each.get("event_name") for each in found.response.found][:1], (exchange, found))


@registry.scenario(
    "EVT-SPAN-09", Level.INFO, "Flattened objects are nested again", source="open", operations=OPERATIONS
)
def unflattened(api: Api, operation: str) -> Iterator[Finding]:
    """Flattened objects are nested again: objects and lists."""
    session_id = _session(api)
    flat = {"result.0": "a", "result.1": "b", "deep.er.est": 1}
    attributes: dict[str, Any] = {f"honeyhive_outputs.{name}": value for name, value in flat.items()}
    exchange = api.call(operation, export(span(api, "flat", session_id, _trace(api), **attributes)))
    held = next((each for each in _found(api, session_id, 2) if each.get("event_name") == "flat"), {})
    yield Finding({"result": ["a", "b"], "deep": {"er": {"est": 1}}}, held.get("outputs"), (exchange,))


def _session(api: Api) -> str:
    session_id = api.new_id()
    api.start(api.marked({"session_id": session_id, "start_time": 1000}))
    return session_id


def _trace(api: Api) -> str:
    return api.new_id().replace("-", "")


def _found(api: Api, session_id: str, number: int) -> list[dict[str, Any]]:
    """The events of a session, which is one itself.

    Raises:
        CannotTest: not even that is found.
    """
    found = api.find(session_id, number).response.found
    if not found:
        raise CannotTest(NOT_SEEN)
    return found
