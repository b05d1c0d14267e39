"""What the documentation of the service says of spans: their session, where attributes go, and which type it makes."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hivestand.conformance.api import NOT_FOUND, Api
from hivestand.conformance.exchange import Exchange
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import ABSENT, Finding, Level, Matcher
from hivestand.conformance.requirements.traces import OPERATIONS, START, export, span
from hivestand.conformance.requirements.updates import held_in

registry = Registry()
GUIDE = "documentation of OpenTelemetry attributes"
REGISTRY = "the attribute registry"
TESTS = "asserted by the service's integration tests"
READ = "read in released clients"
OPEN = "open"
AUTO: dict[str, Any] = {"honeyhive.session_auto_create": True}
QUESTION = [{"role": "user", "content": "why?"}]
ODD: dict[str, Any] = {"vendor.count": 7, "vendor.share": 0.25, "vendor.on": False, "vendor.word": "ünï 🐝" * 50}


def spans_of(
    api: Api, operation: str, session_id: str, *spans: Mapping[str, Any]
) -> tuple[Exchange, Exchange, dict[Any, Mapping[str, Any]]]:
    """Export spans that create a session; returns this, the search for the session's events, and these by name."""
    api.note_unmarked(session_id)
    exchange = api.call(operation, export(*spans))
    search = api.find(session_id, len(spans) + 1)
    return exchange, search, {each.get("event_name"): each for each in search.response.found}


def one(api: Api, operation: str, **attributes: Any) -> tuple[Mapping[str, Any], tuple[Exchange, ...]]:
    """The event of a span with these attributes, in a session of its own, and what shows it."""
    session_id = api.new_id()
    sent = span(api, "one", session_id, api.new_id().replace("-", ""), **AUTO, **attributes)
    exchange, search, named = spans_of(api, operation, session_id, sent)
    return named.get("one", {}), (exchange, search)


@registry.scenario(
    "OTLP-LINK-01",
    Level.MUST,
    "Any of three attributes names the session of a span",
    source=GUIDE,
    operations=OPERATIONS,
)
def is_linked(api: Api, operation: str) -> Iterator[Finding]:
    """Any of three attributes names the session of a span: honeyhive.session_id, the association's, and session.id."""
    for name in api.few(("session.id", "traceloop.association.properties.session_id", "honeyhive.session_id"), 2):
        session_id = api.new_id()
        sent = span(api, "linked", None, api.new_id().replace("-", ""), **AUTO, **{name: session_id})
        exchange, search, named = spans_of(api, operation, session_id, sent)
        yield Finding("linked", named.get("linked", {}).get("event_name", ABSENT), (exchange, search))


@registry.scenario(
    "OTLP-LINK-02", Level.MUST, "The first of these attributes decides", source=GUIDE, operations=OPERATIONS
)
def first_link_wins(api: Api, operation: str) -> Iterator[Finding]:
    """The first of these attributes decides: honeyhive.session_id, then the association's, then session.id."""
    session_id, other = api.new_id(), api.new_id()
    names = {"session.id": other, "traceloop.association.properties.session_id": other}
    sent = span(api, "linked", session_id, api.new_id().replace("-", ""), **AUTO, **names)
    exchange, search, named = spans_of(api, operation, session_id, sent)
    yield Finding("linked", named.get("linked", {}).get("event_name", ABSENT), (exchange, search))


@registry.scenario(
    "OTLP-AUTO-01", Level.MUST, "A span that asks for it creates its session", source=GUIDE, operations=OPERATIONS
)
def creates_its_session(api: Api, operation: str) -> Iterator[Finding]:
    """A span that asks for it creates its session: named Session, of the source otlp, and once, on every span."""
    session_id, trace_id = api.new_id(), api.new_id().replace("-", "")
    both = [span(api, name, session_id, trace_id, **AUTO) for name in ("a", "b")]
    exchange, search, named = spans_of(api, operation, session_id, *both)
    session = named.get("Session", {})
    expected = {"event_type": "session", "event_id": session_id, "source": "otlp", "parent_id": None}
    yield Finding(expected, {name: session.get(name) for name in expected}, (exchange, search))
    yield Finding(3, len(search.response.found), (exchange, search))


@registry.scenario(
    "OTLP-AUTO-02", Level.MUST, "A span may name its session and its source", source=GUIDE, operations=OPERATIONS
)
def names_its_session(api: Api, operation: str) -> Iterator[Finding]:
    """A span may name its session and its source: by two attributes, which are stored nowhere else."""
    session_id = api.new_id()
    own = {"honeyhive.session_name": "mine", "honeyhive.source": "ci"}
    sent = span(api, "one", session_id, api.new_id().replace("-", ""), **AUTO, **own)
    exchange, search, named = spans_of(api, operation, session_id, sent)
    found = [named.get("mine", {}).get("source"), named.get("one", {}).get("source")]
    yield Finding(["ci", "ci"], found, (exchange, search))
    metadata = held_in(named.get("one", {}), "metadata")
    yield Finding([], sorted(metadata.keys() & {*own, *AUTO, "honeyhive.session_id"}), (exchange, search))


@registry.scenario(
    "OTLP-AUTO-03",
    Level.MUST,
    "A span that does not ask for it creates no session",
    source=GUIDE,
    operations=OPERATIONS,
)
def creates_none(api: Api, operation: str) -> Iterator[Finding]:
    """A span that does not ask for it creates no session: it is accepted all the same."""
    session_id = api.new_id()
    api.started.add(session_id)
    sent = span(api, "orphan", session_id, api.new_id().replace("-", ""))
    exchange = api.call(operation, export(sent))
    yield Finding(200, exchange.response.status, (exchange,))
    api.find(session_id, 1)
    read = api.call("getEvent", id_=session_id)
    absent = Matcher("404, or no event", lambda found: found[0] == NOT_FOUND or not found[1])
    yield Finding(absent, [read.response.status, read.response.held], (exchange, read))


@registry.scenario(
    "OTLP-TRACE-01",
    Level.MUST,
    "The event of a span has the ids of the trace and of the span",
    source=REGISTRY,
    operations=OPERATIONS,
)
def has_lineage(api: Api, operation: str) -> Iterator[Finding]:
    """The event of a span has the ids of the trace and of the span: hexadecimal, in its metadata."""
    session_id, trace_id = api.new_id(), api.new_id().replace("-", "")
    sent = span(api, "one", session_id, trace_id, **AUTO)
    exchange, search, named = spans_of(api, operation, session_id, sent)
    metadata = held_in(named.get("one", {}), "metadata")
    expected = {"trace_id": trace_id, "span_id": sent["spanId"], "has_otlp_lineage": True}
    yield Finding(expected, {name: metadata.get(name, ABSENT) for name in expected}, (exchange, search))


@registry.scenario(
    "OTLP-REST-01",
    Level.MUST,
    "An attribute that nothing maps is in metadata",
    source=f"{GUIDE}; its name and type are {TESTS}",
    operations=OPERATIONS,
)
def keeps_the_rest(api: Api, operation: str) -> Iterator[Finding]:
    """An attribute that nothing maps is in metadata: under its full name, of its own type."""
    event, evidence = one(api, operation, **ODD)
    metadata = held_in(event, "metadata")
    yield Finding(ODD, {name: metadata.get(name, ABSENT) for name in ODD}, evidence)


@registry.scenario(
    "OTLP-OWN-01", Level.MUST, "Seven prefixes name the place of an attribute", source=GUIDE, operations=OPERATIONS
)
def has_its_own(api: Api, operation: str) -> Iterator[Finding]:
    """Seven prefixes name the place of an attribute: inputs, outputs, config, metadata, metrics and two more."""
    buckets = ("inputs", "outputs", "config", "metadata", "metrics", "feedback", "user_properties")
    event, evidence = one(api, operation, **{f"honeyhive_{name}.key": name for name in buckets})
    found = {name: held_in(event, name).get("key", ABSENT) for name in buckets}
    yield Finding({name: name for name in buckets}, found, evidence)


@registry.scenario(
    "OTLP-OWN-02", Level.SHOULD, "Their names nest at their dots", source=f"{READ} and {TESTS}", operations=OPERATIONS
)
def nests(api: Api, operation: str) -> Iterator[Finding]:
    """Their names nest at their dots: but a dot after the first word is none of theirs."""
    event, evidence = one(
        api, operation, **{"honeyhive_metadata.test.unique_id": "u", "honeyhive.inputs.prompt": "flat"}
    )
    metadata = held_in(event, "metadata")
    yield Finding({"unique_id": "u"}, metadata.get("test", ABSENT), evidence)
    yield Finding("flat", metadata.get("honeyhive.inputs.prompt", ABSENT), evidence)


@registry.scenario(
    "OTLP-MODEL-01", Level.MUST, "A call of a model says what it used", source=REGISTRY, operations=OPERATIONS
)
def says_what_it_used(api: Api, operation: str) -> Iterator[Finding]:
    """A call of a model says what it used: the model in config, tokens and the reason of its end in metadata."""
    sent = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.response.model": "m-1",
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 7,
    }
    event, evidence = one(api, operation, **sent)
    expected = {
        "config": {"model": "m", "temperature": 0.5},
        "metadata": {"response_model": "m-1", "input_tokens": 12, "output_tokens": 7, "operation_name": "chat"},
    }
    for bucket, values in expected.items():
        yield Finding(values, {name: held_in(event, bucket).get(name, ABSENT) for name in values}, evidence)


@registry.scenario(
    "OTLP-MODEL-02", Level.MUST, "Tokens of either convention have one name", source=REGISTRY, operations=OPERATIONS
)
def names_tokens(api: Api, operation: str) -> Iterator[Finding]:
    """Tokens of either convention have one name: those of OpenInference, and those of OpenLLMetry."""
    expected = {"prompt_tokens": 12, "completion_tokens": 7}
    for prefix, names in (("llm.token_count.", ("prompt", "completion")), ("gen_ai.usage.", tuple(expected))):
        sent = {f"{prefix}{name}": value for name, value in zip(names, expected.values(), strict=True)}
        event, evidence = one(api, operation, **{"gen_ai.request.model": "m", **sent})
        metadata = held_in(event, "metadata")
        yield Finding(expected, {name: metadata.get(name, ABSENT) for name in expected}, evidence)


TYPES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"openinference.span.kind": "LLM", "honeyhive_event_type": "tool"}, "model"),
    ({"openinference.span.kind": "AGENT", "gen_ai.request.model": "m"}, "chain"),
    ({"openinference.span.kind": "RETRIEVER"}, "tool"),
    ({"gen_ai.operation.name": "invoke_agent"}, "chain"),
    ({"gen_ai.operation.name": "execute_tool", "gen_ai.request.model": "m"}, "tool"),
    ({"gen_ai.request.model": "m", "honeyhive_event_type": "chain"}, "model"),
    ({"honeyhive_event_type": "chain"}, "chain"),
    ({}, "tool"),
)


@registry.scenario(
    "OTLP-TYPE-01",
    Level.SHOULD,
    "The type of an event is by the first rule that applies",
    source=READ,
    operations=OPERATIONS,
)
def has_its_type(api: Api, operation: str) -> Iterator[Finding]:
    """The type of an event is by the first rule that applies: what instrumentations say, then HoneyHive's own."""
    for attributes, expected in api.few(TYPES, 3):
        event, evidence = one(api, operation, **attributes)
        yield Finding([attributes, expected], [attributes, event.get("event_type")], evidence)


@registry.scenario(
    "OTLP-RES-01", Level.SHOULD, "A span has the attributes of its resource", source=READ, operations=OPERATIONS
)
def has_those_of_its_resource(api: Api, operation: str) -> Iterator[Finding]:
    """A span has the attributes of its resource: its own win, and either can name the session."""
    session_id = api.new_id()
    sent = span(api, "one", None, api.new_id().replace("-", ""), **{"service.mode": "own"})
    body = export(sent)
    texts = {"honeyhive.session_id": session_id, "service.mode": "resource", "service.place": "here"}
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in texts.items()]
    attributes += [{"key": key, "value": {"boolValue": True}} for key in AUTO]
    body["resourceSpans"][0]["resource"] = {"attributes": attributes}
    api.note_unmarked(session_id)
    exchange = api.call(operation, body)
    search = api.find(session_id, 2)
    event = next((each for each in search.response.found if each.get("event_name") == "one"), {})
    metadata = held_in(event, "metadata")
    found = [metadata.get(name, ABSENT) for name in ("service.mode", "service.place")]
    yield Finding(["own", "here"], found, (exchange, search))


@registry.scenario("OTLP-ERR-01", Level.SHOULD, "An error is the event's", source=TESTS, operations=OPERATIONS)
def has_its_error(api: Api, operation: str) -> Iterator[Finding]:
    """An error is the event's: and not in metadata, where its type is."""
    event, evidence = one(api, operation, honeyhive_error="it broke", honeyhive_error_type="TypeError")
    metadata = held_in(event, "metadata")
    found = [event.get("error"), metadata.get("honeyhive_error_type", ABSENT), metadata.get("honeyhive_error", ABSENT)]
    yield Finding(["it broke", "TypeError", ABSENT], found, evidence)


@registry.scenario(
    "OTLP-EVENT-01", Level.SHOULD, "The events of a span are in its metadata", source=READ, operations=OPERATIONS
)
def has_its_events(api: Api, operation: str) -> Iterator[Finding]:
    """The events of a span are in its metadata: numbered by name."""
    session_id = api.new_id()
    sent = span(api, "one", session_id, api.new_id().replace("-", ""), **AUTO)
    content = [{"key": "content", "value": {"stringValue": "why?"}}]
    moment = {"name": "gen_ai.user.message", "timeUnixNano": str(START * 1_000_000), "attributes": content}
    exchange, search, named = spans_of(api, operation, session_id, {**sent, "events": [moment]})
    found = held_in(named.get("one", {}), "metadata").get("_event.gen_ai.user.message.0.content", ABSENT)
    yield Finding("why?", found, (exchange, search))


@registry.scenario(
    "OTLP-CHILD-01",
    Level.INFO,
    "An event names its children",
    source=f"{OPEN}; seen in recorded events",
    operations=OPERATIONS,
)
def names_its_children(api: Api, operation: str) -> Iterator[Finding]:
    """An event names its children: those that were exported with it."""
    session_id, trace_id = api.new_id(), api.new_id().replace("-", "")
    outer = span(api, "outer", session_id, trace_id, **AUTO)
    inner = span(api, "inner", session_id, trace_id, outer["spanId"], **AUTO)
    exchange, search, named = spans_of(api, operation, session_id, inner, outer)
    expected = [named.get("inner", {}).get("event_id", ABSENT)]
    yield Finding(expected, named.get("outer", {}).get("children_ids"), (exchange, search))


@registry.scenario(
    "OTLP-CHAT-01",
    Level.INFO,
    "Messages are inputs and outputs",
    source=f"{OPEN}; seen in recorded events",
    operations=OPERATIONS,
)
def has_messages(api: Api, operation: str) -> Iterator[Finding]:
    """Messages are inputs and outputs: of each of three conventions."""
    said = {"role": "assistant", "content": "so"}
    conventions: tuple[dict[str, Any], ...] = (
        {
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": "why?",
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": "so",
        },
        {
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "why?",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": "so",
        },
        {
            "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "why?"}]}]),
            "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "so"}]}]),
        },
    )
    for attributes in conventions:
        event, evidence = one(api, operation, **{"gen_ai.request.model": "m", **attributes})
        outputs = held_in(event, "outputs")
        found = [held_in(event, "inputs").get("chat_history"), {name: outputs.get(name) for name in said}]
        yield Finding([QUESTION, said], found, evidence)
