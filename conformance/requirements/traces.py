"""How spans of OpenTelemetry become events, as released clients send them."""

from collections.abc import Iterator, Mapping
from typing import Any

from skep.conformance.api import MARK, Api
from skep.conformance.registry import Registry
from skep.conformance.requirement import Finding, Level
from skep.conformance.requirements.events import event_in

registry = Registry()
OPERATIONS = ("exportTraces",)
CLIENTS = "recorded from a released client"
START = 1767225600000  # Unix milliseconds


def span(api: Api, name: str, session_id: str, trace_id: str, parent: str = "", **attributes: Any) -> dict[str, Any]:
    """A span of a session, in OTLP's JSON."""
    all_of = {"honeyhive.session_id": session_id, f"honeyhive_metadata.{MARK}": api.run_id, **attributes}
    return {
        "traceId": trace_id,
        "spanId": api.new_id().replace("-", "")[:16],
        "parentSpanId": parent,
        "name": name,
        "startTimeUnixNano": str(START * 1_000_000),
        "endTimeUnixNano": str((START + 400) * 1_000_000),
        "attributes": [{"key": key, "value": _value(value)} for key, value in all_of.items()],
    }


def export(*spans: Mapping[str, Any]) -> dict[str, Any]:
    """The request that exports them."""
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {"name": "skep"}, "spans": list(spans)}]}]}


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


@registry.scenario(
    "EVT-SPAN-01", Level.SHOULD, "A span becomes an event of its session", source=CLIENTS, operations=OPERATIONS
)
def becomes_an_event(api: Api, operation: str) -> Iterator[Finding]:
    """By its attributes."""
    sent: dict[str, Any] = {
        "honeyhive_event_type": "model",
        "honeyhive_inputs.prompt": "What is a skep?",
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
        "inputs": {"prompt": "What is a skep?"},
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
    "A span within another is an event within its event",
    source=CLIENTS,
    operations=OPERATIONS,
)
def keeps_parents(api: Api, operation: str) -> Iterator[Finding]:
    """The first of a trace is within the session."""
    session_id, trace_id = _session(api), _trace(api)
    outer = span(api, "outer", session_id, trace_id)
    inner = span(api, "inner", session_id, trace_id, outer["spanId"])
    exchange = api.call(operation, export(inner))
    api.call(operation, export(outer))
    found = {each.get("event_name"): each for each in _found(api, session_id, 3)}
    parents = [found.get(name, {}).get("parent_id") for name in ("outer", "inner")]
    yield Finding([session_id, found.get("outer", {}).get("event_id", "the outer's id")], parents, (exchange,))


@registry.scenario(
    "EVT-SPAN-03",
    Level.SHOULD,
    "A span of a session that is not known starts it",
    source="decided",
    operations=OPERATIONS,
)
def starts_a_session(api: Api, operation: str) -> Iterator[Finding]:
    """So that nothing is without one."""
    session_id = api.new_id()
    api.started.add(session_id)
    exchange = api.call(operation, export(span(api, "first", session_id, _trace(api))))
    read = api.read(session_id)
    api.call("updateEvent", api.marked({}), session_id)
    seen = [event_in(read).get(name) for name in ("event_id", "event_type")]
    yield Finding([session_id, "session"], seen, (exchange, read))


@registry.scenario(
    "EVT-SPAN-04",
    Level.SHOULD,
    "A span that cannot be used is counted",
    source="OTLP: partial success",
    operations=OPERATIONS,
)
def counts_what_is_rejected(api: Api, operation: str) -> Iterator[Finding]:
    """And the others of the request are stored."""
    session_id = _session(api)
    broken = span(api, "broken", session_id, "0" * 32)
    exchange = api.call(operation, export(broken, span(api, "sound", session_id, _trace(api))))
    partial = exchange.response.event.get("partialSuccess") or {}
    yield Finding([200, "1"], [exchange.response.status, str(partial.get("rejectedSpans"))], (exchange,))
    yield Finding(["sound"], [each.get("event_name") for each in _found(api, session_id, 2)][:1], (exchange,))


@registry.scenario(
    "EVT-SPAN-05",
    Level.SHOULD,
    "What is no export is refused",
    source="OTLP: 400 for malformed data",
    operations=OPERATIONS,
    statuses=(400,),
)
def malformed(api: Api, operation: str) -> Iterator[Finding]:
    """With 400."""
    for body in ({"resourceSpans": 7}, export({"traceId": 7}), export({"attributes": {}})):
        exchange = api.call(operation, body)
        yield Finding(400, exchange.response.status, (exchange,))


def _session(api: Api) -> str:
    session_id = api.new_id()
    api.start(api.marked({"session_id": session_id, "start_time": 1000}))
    return session_id


def _trace(api: Api) -> str:
    return api.new_id().replace("-", "")


def _found(api: Api, session_id: str, count: int) -> list[Mapping[str, Any]]:
    found = api.find(session_id, count).response.event.get("events")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
