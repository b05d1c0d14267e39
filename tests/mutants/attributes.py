"""What becomes of the attributes of spans, gone wrong."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from hivestand.handlers.event.normalise import Json
from mutants.events import spans
from mutants.mutant import Group, Patch, bodies

mutant = Group("attributes of spans")
Event = dict[str, Any]


def metadata(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Patch:
    """Other metadata of the event of a span."""
    return spans(lambda event: {**event, "metadata": change(event["metadata"])})


def without(*names: str) -> Patch:
    """Metadata without some of its keys."""
    return metadata(lambda held: {name: value for name, value in held.items() if name not in names})


def attributes(change: Callable[[str, Any], list[tuple[str, Any]]]) -> Patch:
    """Other attributes of the spans and resources that are exported: a list for each of them."""

    def changed(value: Any) -> Any:
        if isinstance(value, list):
            return [changed(each) for each in value]
        if not isinstance(value, dict):
            return value
        return {name: _attributes(each) if name == "attributes" else changed(each) for name, each in value.items()}

    def _attributes(held: Any) -> Any:
        if not isinstance(held, list) or not all(isinstance(each, dict) and "key" in each for each in held):
            return held
        return [
            {"key": name, "value": value} for each in held for name, value in change(each["key"], each.get("value"))
        ]

    return bodies(changed, "exportTraces")


def ignoring(*names: str) -> Patch:
    """Attributes that are not read."""
    return attributes(lambda name, value: [] if name in names else [(name, value)])


def renamed(old: str, new: str) -> Patch:
    """An attribute that is taken for another."""
    return attributes(lambda name, value: [(new if name == old else name, value)])


AUTO = "honeyhive.session_auto_create"
mutant("session-id-is-no-link", "OTLP-LINK-01")(partial(ignoring, "session.id"))
mutant("the-association-is-no-link", "OTLP-LINK-01")(partial(ignoring, "traceloop.association.properties.session_id"))
mutant("session-id-comes-first", "OTLP-LINK-02")(lambda: bodies(_session_id_first, "exportTraces"))
mutant("spans-create-no-session", "OTLP-AUTO-01")(partial(ignoring, AUTO))
mutant("sessions-of-spans-have-no-source", "OTLP-AUTO-01")(
    lambda: attributes(
        lambda name, value: [
            (name, value),
            *([("honeyhive.source", {"stringValue": "unknown"})] if name == AUTO else []),
        ]
    )
)
mutant("spans-name-no-session", "OTLP-AUTO-02")(partial(ignoring, "honeyhive.session_name"))
mutant("spans-have-no-source", "OTLP-AUTO-02")(partial(ignoring, "honeyhive.source"))
mutant("protocol-attributes-are-stored", "OTLP-AUTO-02")(lambda: metadata(lambda held: {**held, AUTO: True}))
mutant("every-span-creates-a-session", "OTLP-AUTO-03")(
    lambda: attributes(
        lambda name, value: [(name, value), *([(AUTO, {"boolValue": True})] if name == "honeyhive.session_id" else [])]
    )
)
for name in ("trace_id", "span_id", "has_otlp_lineage"):
    mutant(f"no-{name.replace('_', '-')}-of-a-span", "OTLP-TRACE-01")(partial(without, name))
mutant("unmapped-attributes-are-dropped", "OTLP-REST-01")(
    lambda: metadata(lambda held: {name: value for name, value in held.items() if not name.startswith("vendor.")})
)
mutant("unmapped-attributes-have-a-prefix", "OTLP-REST-01")(
    lambda: metadata(
        lambda held: {f"otel_{name}" if name.startswith("vendor.") else name: value for name, value in held.items()}
    )
)
mutant("unmapped-attributes-are-text", "OTLP-REST-01")(
    lambda: metadata(
        lambda held: {name: str(value) if name.startswith("vendor.") else value for name, value in held.items()}
    )
)


def emptied(lost: str) -> Patch:
    """One of the seven places is always empty."""
    return spans(lambda event: {**event, lost: {}})


for name in ("config", "feedback", "user_properties"):
    mutant(f"{name}-of-a-span-is-lost", "OTLP-OWN-01")(partial(emptied, name))
mutant("names-stay-dotted", "OTLP-OWN-02")(
    lambda: metadata(
        lambda held: {
            **{name: value for name, value in held.items() if name != "test"},
            **({"test.unique_id": held["test"]} if "test" in held else {}),
        }
    )
)
mutant("a-dot-is-as-good-as-an-underscore", "OTLP-OWN-02")(
    partial(renamed, "honeyhive.inputs.prompt", "honeyhive_inputs.prompt")
)
mutant("the-model-is-not-read", "OTLP-MODEL-01")(partial(renamed, "gen_ai.request.model", "gen_ai.request.modell"))
mutant("input-tokens-are-prompt-tokens", "OTLP-MODEL-01")(
    partial(renamed, "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
)
mutant("tokens-of-openinference-are-not-read", "OTLP-MODEL-02")(
    partial(renamed, "llm.token_count.prompt", "llm.token_count.prompted")
)
mutant("what-is-declared-wins", "OTLP-TYPE-01")(
    lambda: spans(
        lambda event: {**event, "event_type": event["metadata"].get("honeyhive_event_type", event["event_type"])}
    )
)
mutant("retrievers-are-models", "OTLP-TYPE-01")(
    lambda: spans(
        lambda event: {**event, "event_type": "model"} if event["metadata"].get("span_kind") == "RETRIEVER" else event
    )
)
mutant("resources-are-ignored", "OTLP-RES-01")(lambda: bodies(_without_resources, "exportTraces"))
mutant("error-types-are-renamed", "OTLP-ERR-01")(
    lambda: metadata(
        lambda held: {"error_type" if name == "honeyhive_error_type" else name: value for name, value in held.items()}
    )
)
mutant("errors-are-metadata-too", "OTLP-ERR-01")(
    lambda: spans(
        lambda event: (
            {**event, "metadata": {**event["metadata"], "honeyhive_error": event["error"]}} if event["error"] else event
        )
    )
)
mutant("events-of-spans-are-dropped", "OTLP-EVENT-01")(
    lambda: metadata(lambda held: {name: value for name, value in held.items() if not name.startswith("_event.")})
)


def _session_id_first(body: Json) -> Json:
    """Where there is a session.id, no other name of the session counts."""
    text = json.dumps(body)
    return json.loads(text.replace('"honeyhive.session_id"', '"x"') if '"session.id"' in text else text)


def _without_resources(body: dict[str, Json]) -> Json:
    held = body.get("resourceSpans")
    if not isinstance(held, list):
        return body
    return {**body, "resourceSpans": [{**each, "resource": {}} if isinstance(each, dict) else each for each in held]}
