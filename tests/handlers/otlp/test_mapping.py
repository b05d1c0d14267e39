"""Events of spans, by what released clients send and what is published of the service."""

import json
import math
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import NOW, SESSION_ID, StoppedClock, id_of

from hivestand.handlers.event.normalise import normalise_event
from hivestand.handlers.otlp.decoding import Scope, Span, SpanEvent
from hivestand.handlers.otlp.mapping import EventIds, Mapped, children_of, event_of, unusable
from hivestand.handlers.otlp.table import load_table

TRACE, SPAN_ID = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
MS = 1_000_000
EXCEPTION = SpanEvent("exception", 1, {"exception.type": "ValueError", "exception.message": "bad", "x": 1})
LINEAGE = {"trace_id": TRACE, "span_id": SPAN_ID, "parent_span_id": "", "has_otlp_lineage": True}


def span(attributes: dict[str, Any] | None = None, **changes: Any) -> Span:
    """A span of a session that took 1.5 ms."""
    named = {"honeyhive.session_id": SESSION_ID, **(attributes or {})}
    return Span(TRACE, SPAN_ID, "", "span", 5 * MS, 6_500_000, named)._replace(**changes)


def mapped(sent: Span, *others: Span) -> Mapped:
    """What becomes of a span that came with others."""
    ids = EventIds([sent, *others])
    return event_of(sent, ids, children_of([sent, *others], ids), lambda: NOW)


def event(attributes: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The event of a span, without what every event has in its metadata."""
    made = dict(mapped(span(attributes, **changes)).event)
    return {**made, "metadata": {k: v for k, v in made["metadata"].items() if k not in LINEAGE}}  # type: ignore[attr-defined]


def metadata(attributes: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The metadata of the event, likewise."""
    found: dict[str, Any] = event(attributes, **changes)["metadata"]
    return found


def test_every_session_that_is_named_can_be_read() -> None:
    """The first is the session; of others, each is metadata."""
    names = ("honeyhive.session_id", "traceloop.association.properties.session_id", "session.id")
    said = metadata(dict(zip(names, (SESSION_ID, id_of("a"), id_of("b")), strict=True)))
    assert (id_of("a"), id_of("b")) == (said["session_id"], said["conversation_id"])


def as_json(message: dict[str, Any]) -> str:
    """The JSON text of a list of one message."""
    return json.dumps([message])


def text_part(text: str) -> dict[str, Any]:
    """A part of a message."""
    return {"type": "text", "content": text}


def told(attributes: dict[str, Any], **changes: Any) -> set[tuple[str, str]]:
    """What of a span was not used as it was sent."""
    return set(mapped(span(attributes, **changes)).told)


def test_a_span_of_the_python_sdk() -> None:
    """As it was recorded: flattened objects and lists are what they were, arguments that were made JSON too."""
    assert {
        "event_id": event()["event_id"],
        "session_id": SESSION_ID,
        "parent_id": SESSION_ID,
        "children_ids": [],
        "event_type": "model",
        "event_name": "named",
        "source": "dev",
        "error": None,
        "inputs": {"x": 1, "options": {"deep": [1, {"a": None}]}, "text": "{not json}", "extra": {"a": 1}},
        "outputs": {"result": {"list": [1, {"b": "2"}], "text": '{"not": "parsed"}'}},
        "metadata": {
            "session_id": SESSION_ID,
            "honeyhive_event_type": "model",
            "n": 3,
            "custom": True,
            "instrumentor": "traceloop",
            "span_name": "span",
        },
        "metrics": {"score": 0.5},
        "feedback": {"rating": 5},
        "config": {"temperature": 0.2},
        "user_properties": {"user_id": "u"},
        "duration": 1.24,
        "start_time": 5,
        "end_time": 6,
    } == event(
        {
            "traceloop.association.properties.session_id": SESSION_ID,
            "honeyhive.project": "p",
            "honeyhive.source": "dev",
            "honeyhive_event_type": "model",
            "honeyhive_event_name": "named",
            "honeyhive_inputs.x": 1,
            "honeyhive_inputs.options": '{"deep": [1, {"a": null}]}',
            "honeyhive_inputs.text": "{not json}",
            "honeyhive_inputs.extra.a": 1,
            "honeyhive_outputs.result.list.0": 1,
            "honeyhive_outputs.result.list.1.b": "2",
            "honeyhive_outputs.result.text": '{"not": "parsed"}',
            "honeyhive_metadata.n": 3,
            "honeyhive_metrics.score": 0.5,
            "honeyhive_feedback.rating": 5,
            "honeyhive_config.temperature": 0.2,
            "honeyhive_user_properties.user_id": "u",
            "honeyhive_duration_ms": 1.24,
            "custom": True,
        }
    )


def test_a_span_of_the_typescript_sdk() -> None:
    """Which names its session by the association alone, and sends arguments and result as JSON."""
    made = event(
        {
            "honeyhive.session_id": None,
            "traceloop.association.properties.session_id": SESSION_ID.upper(),
            "traceloop.entity.name": "lookup",
            "traceloop.entity.input": '{"args":["why?"],"kwargs":{}}',
            "traceloop.entity.output": "7",
            "traceloop.span.kind": "workflow",
        },
        name="lookup.workflow",
    )
    assert ("lookup.workflow", "chain", SESSION_ID) == (made["event_name"], made["event_type"], made["session_id"])
    assert ({"args": ["why?"], "kwargs": {}}, {"result": 7}) == (made["inputs"], made["outputs"])
    assert "lookup" == made["metadata"]["traceloop.entity.name"]


def test_a_span_of_neither() -> None:
    """Is under the id of its trace, which is told, is a tool, and keeps its attributes, its scope and its place."""
    sent = span(name="GET /")._replace(
        attributes={"custom": "x"}, scope=Scope("app", {"service.name": "s"}, {"name": "app"})
    )
    made = mapped(sent)
    assert str(UUID(hex=TRACE)) == made.event["session_id"] == made.event["parent_id"]
    assert ("GET /", "tool", "otlp", 1.5) == tuple(
        made.event[name] for name in ("event_name", "event_type", "source", "duration")
    )
    assert {**LINEAGE, "custom": "x", "service.name": "s", "scope": {"name": "app"}} == made.event["metadata"]
    assert ({("session_id", "missing"): None}, False) == (made.told, made.names_session)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"honeyhive_event_type": "chain", "openinference.span.kind": "LLM"}, "model"),
        ({"honeyhive_event_type": "session"}, "session"),
        ({"honeyhive_event_type": "generic"}, "tool"),
        ({"openinference.span.kind": "LLM"}, "model"),
        ({"openinference.span.kind": "AGENT", "gen_ai.request.model": "m"}, "chain"),
        ({"openinference.span.kind": "RERANKER"}, "tool"),
        ({"openinference.span.kind": "UNKNOWN", "gen_ai.operation.name": "chat"}, "model"),
        ({"openinference.span.kind": 7}, "tool"),
        ({"traceloop.span.kind": "task"}, "chain"),
        ({"gen_ai.agent.type": "agent"}, "chain"),
        ({"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "m"}, "chain"),
        ({"gen_ai.operation.name": "execute_tool"}, "tool"),
        ({"gen_ai.agent.name": "a"}, "chain"),
        ({"agent_name": "a"}, "chain"),
        ({"gen_ai.agent.name": "a", "gen_ai.request.model": "m"}, "model"),
        ({"llm.request.type": "chat"}, "model"),
        ({"gen_ai.prompt.0.content": "x", "honeyhive_event_type": "chain"}, "model"),
        ({"input.value": ""}, "tool"),
        ({"input.value": "x"}, "model"),
    ],
)
def test_the_type_is_that_of_the_first_rule_that_applies(attributes: dict[str, Any], expected: str) -> None:
    """What other instrumentations say comes before what is declared."""
    assert expected == event(attributes)["event_type"]


def test_an_event_with_messages_is_a_model() -> None:
    """As rule 3 has it."""
    assert "model" == event(events=[SpanEvent("gen_ai.choice", 1, {})])["event_type"]
    assert "tool" == event(events=[SpanEvent("retry", 1, {})])["event_type"]


def test_the_links_of_the_session_chain_come_in_order() -> None:
    """An empty value does not count; a link that loses is kept, and can be searched."""
    chain = [
        "honeyhive.session_id",
        "honeyhive_session_id",
        "traceloop.association.properties.session_id",
        "session.id",
    ]
    for place, name in enumerate(chain):
        ids = {each: id_of(each) for each in chain[place:]}
        made = event({"honeyhive.session_id": "", **ids})
        assert id_of(name) == made["session_id"]
    both = metadata({"session.id": id_of("other")})
    assert (id_of("other"), id_of("other")) == (both["session_id"], both["conversation_id"])
    lost = metadata({"honeyhive_session_id": "other"})
    assert "other" == lost["honeyhive_session_id"]


def test_a_session_id_that_is_no_uuid_is_derived() -> None:
    """The digits of a trace are a UUID, other text a UUIDv5 of it; both are told."""
    for sent, expected in ((TRACE, str(UUID(hex=TRACE))), ("run 7", str(uuid5(NAMESPACE_URL, "run 7")))):
        assert expected == event({"honeyhive.session_id": sent})["session_id"]
        assert {("honeyhive.session_id", "format")} == told({"honeyhive.session_id": sent})


def test_what_a_span_says_of_its_session() -> None:
    """Whether to create it, under what name and source; none of that is stored as an attribute."""
    sent = {"honeyhive.session_auto_create": True, "honeyhive.session_name": "n", "honeyhive.source": "s"}
    made = mapped(span(sent))
    assert (True, True, "n", "s") == (made.creates, made.names_session, made.session_name, made.source)
    assert LINEAGE == made.event["metadata"]
    assert not mapped(span({"honeyhive.session_auto_create": False})).creates
    assert {"run_id": "r", "n": 1} == metadata({"honeyhive.experiment_metadata": '{"run_id": "r", "n": 1}'})


def test_what_has_no_effect_is_told() -> None:
    """The project, and a value of the resource that the span overrides."""
    assert {("honeyhive.project", "ignored")} == told({"honeyhive.project": "p"})
    overridden = Scope("", {"a": 1, "b": 2})
    assert {("a", "overridden")} == told({"a": True, "b": 2}, scope=overridden)
    assert {("a", "repeated")} == told({"a": 1}, repeated=["a"])
    assert {("a", "repeated")} == told({}, scope=Scope("", {"a": 1}, {}, [("a", "repeated")]))


def test_parents_are_found_by_trace_and_span() -> None:
    """Whichever comes first, in whatever request; the first of a trace is within the session, or where it says."""
    child, parent = span(span_id="1" * 16, parent_id=SPAN_ID), span()
    assert mapped(parent).event["event_id"] == mapped(child).event["parent_id"]
    assert [mapped(child).event["event_id"]] == mapped(parent, child).event["children_ids"]
    assert SESSION_ID == event(parent_id="0" * 16)["parent_id"]
    assert id_of("p") == event({"honeyhive.parent_id": id_of("p")})["parent_id"]
    named = span({"honeyhive_event_id": id_of("own")})
    assert id_of("own") == mapped(child, named).event["parent_id"] == mapped(named).event["event_id"]
    assert {("honeyhive.parent_id", "ignored")} == set(
        mapped(span({"honeyhive.parent_id": id_of("p")}, parent_id="2" * 16)).told
    )


def test_an_error_is_what_is_said_or_the_first_of_what_is_known() -> None:
    """An HTTP status, the exception, the status; its type keeps its name, and what is not the error is kept."""
    said = event({"honeyhive_error": "said", "honeyhive_error_type": "KeyError"}, is_failed=True, message="s")
    assert ("said", "KeyError", "s") == (
        said["error"],
        said["metadata"]["honeyhive_error_type"],
        said["metadata"]["status_message"],
    )
    assert "503" == event({"http.status_code": 503}, events=[EXCEPTION])["error"]
    assert (None, 200) == (
        event({"http.status_code": 200})["error"],
        metadata({"http.status_code": 200})["status_code"],
    )
    assert "bad" == event(events=[EXCEPTION], is_failed=True, message="ValueError: bad")["error"]
    assert "status" == event(is_failed=True, message="status")["error"]
    assert "error" == event(is_failed=True)["error"]
    assert (None, "fine") == (event(message="fine")["error"], event(message="fine")["metadata"]["status_message"])
    assert "" == event({"honeyhive_error": ""})["error"]


def test_the_events_of_a_span_are_kept_in_its_metadata() -> None:
    """Counted for each name; very many of them together."""
    happened = [SpanEvent("retry", 7, {"n": 1}), EXCEPTION, SpanEvent("retry", 8, {"n": 2})]
    kept = metadata({}, events=happened)
    assert (1, 2, 8, "bad", "retry") == (
        kept["_event.retry.0.n"],
        kept["_event.retry.1.n"],
        kept["_event.retry.1._timestamp"],
        kept["_event.exception.0.exception.message"],
        kept["_event.retry.0._name"],
    )
    many = metadata({}, events=[SpanEvent("e", number, {"n": number}) for number in range(10_000)])
    assert len(many) < 10_000
    assert {"name": "e", "time": 9999, "attributes": {"n": 9999}} == many["span_events"][-1]


@pytest.mark.parametrize(
    ("flat", "expected"),
    [
        ({"a.0": 1, "a.1": 3}, {"a": [1, 3]}),
        ({"a.0": 1, "a.2": 3}, {"a": {"0": 1, "2": 3}}),
        ({"a.1": 1}, {"a": {"1": 1}}),
        ({"a.0": 1, "a.x": 2}, {"a": {"0": 1, "x": 2}}),
        ({"a.0": 1, f"a.{'9' * 5000}": 2}, {"a": {"0": 1, "9" * 5000: 2}}),
        ({"a": 1, "a.b": 2}, {"a": {"value": 1, "b": 2}}),
        ({"a.b": 2, "a": 1}, {"a": {"value": 1, "b": 2}}),
        ({"": 1}, {"value": 1}),
        ({"": '{"q": 1}'}, {"q": 1}),
        ({"": "[1]"}, {"value": [1]}),
        ({"": "text"}, {"value": "text"}),
    ],
)
def test_what_was_flattened_is_made_whole(flat: dict[str, Any], expected: dict[str, Any]) -> None:
    """Objects, and lists where the places are there from 0; a value in the way of a path is its `value`."""
    sent = {f"honeyhive_outputs.{path}" if path else "honeyhive_outputs": value for path, value in flat.items()}
    assert expected == event(sent)["outputs"]


def test_a_dot_after_honeyhive_is_no_bucket() -> None:
    """As HoneyHive's tests find it: under its full name."""
    assert {"honeyhive.inputs.prompt": "x"} == metadata({"honeyhive.inputs.prompt": "x"})


@pytest.mark.parametrize(
    ("attributes", "place", "expected"),
    [
        ({"gen_ai.request.model": "m"}, "config.model", "m"),
        ({"gen_ai.request.model": "m"}, "metadata.model_name", "m"),
        ({"gen_ai.request.model": "m", "gen_ai.response.model": "r"}, "metadata.model_name", "r"),
        ({"gen_ai.request.temperature": 0.5}, "config.temperature", 0.5),
        ({"gen_ai.request.new.kind": 1}, "config.kind", 1),
        ({"gen_ai.system": "OpenAI"}, "config.provider", "OpenAI"),
        ({"gen_ai.system": "OpenAI", "gen_ai.provider.name": "azure"}, "config.provider", "azure"),
        ({"gen_ai.system": "OpenAI", "gen_ai.provider.name": "azure"}, "metadata.system", "OpenAI"),
        ({"llm.model_name": "m"}, "metadata.llm.model_name", "m"),
        ({"llm.model_name": "m", "openinference.span.kind": "LLM"}, "config.model", "m"),
        ({"llm.invocation_parameters": '{"top_p": 1}'}, "config.top_p", 1),
        ({"llm.invocation_parameters": "x"}, "config.invocation_parameters", "x"),
        ({"gen_ai.agent.tools": '["a", {"name": "b", "n": 1}]'}, "config.tools", ["a", "b"]),
        ({"gen_ai.agent.tools": '[{"name": "b", "n": 1}]'}, "metadata.gen_ai.agent.tools", [{"name": "b", "n": 1}]),
        ({"gen_ai.tool.name": "t"}, "config.tool_name", "t"),
        ({"gen_ai.tool.name": "t"}, "metadata.tool_name", "t"),
        ({"gen_ai.tool.call.arguments": '{"a": 1}'}, "inputs.gen_ai.tool.call.arguments", '{"a": 1}'),
        (
            {"llm.request.functions.1.name": "g", "llm.request.functions.0.name": "f"},
            "inputs.functions",
            [{"name": "f"}, {"name": "g"}],
        ),
        ({"gen_ai.usage.prompt_tokens": 2, "gen_ai.usage.completion_tokens": 3}, "metadata.total_tokens", 5),
        ({"gen_ai.usage.input_tokens": 2}, "metadata.input_tokens", 2),
        ({"llm.token_count.prompt": 2, "llm.token_count.total": 9}, "metadata.total_tokens", 9),
        ({"gen_ai.usage.cache_read.input_tokens": 4}, "metadata.cache_read_input_tokens", 4),
        ({"gen_ai.usage.cost": 0.1}, "metadata.cost", 0.1),
        ({"gen_ai.server.ttft": 7}, "metrics.ttft_ms", 7),
        ({"gen_ai.response.finish_reasons": ["stop"]}, "metadata.finish_reasons", ["stop"]),
        ({"gen_ai.response.finish_reasons": ["stop"]}, "metadata.finish_reason", "stop"),
        ({"openinference.span.kind": "LLM"}, "metadata.span_kind", "LLM"),
        ({"mcp.tool.name": "x"}, "metadata.mcp_tool_name", "x"),
        ({"http.url": "u"}, "inputs.url", "u"),
        ({"ai.settings.maxRetries": 2}, "config.maxRetries", 2),
        ({"ai.response.text": "t"}, "outputs.content", "t"),
        ({"traceloop.association.properties.run_id": "r"}, "metadata.run_id", "r"),
    ],
)
def test_an_attribute_goes_where_its_row_says(attributes: dict[str, Any], place: str, expected: Any) -> None:
    """To its object, and nowhere under its own name."""
    holder, _, key = place.partition(".")
    made = event(attributes)
    assert expected == made[holder][key]
    mapped_names = {name for name in attributes if name not in ("llm.model_name", "gen_ai.agent.tools")}
    assert not mapped_names & made["metadata"].keys()


def test_a_conversation_is_ordered_by_number() -> None:
    """Ten after nine; calls of tools are flat keys whose arguments stay JSON text."""
    sent: dict[str, Any] = {f"gen_ai.prompt.{number}.content": f"m{number}" for number in (10, 9, 1)}
    sent |= {"gen_ai.prompt.9.role": "user", "gen_ai.prompt.9.tool_calls.0.arguments": "{}"}
    history = event(sent)["inputs"]["chat_history"]
    assert ["m1", "m9", "m10"] == [each["content"] for each in history]
    assert {"role": "user", "content": "m9", "tool_calls.0.arguments": "{}"} == history[1]


def test_a_reply_is_the_outputs_and_further_ones_are_choices() -> None:
    """Without a content key where there is no content."""
    sent = {
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.tool_calls.0.name": "f",
        "gen_ai.completion.1.content": "b",
    }
    assert {"role": "assistant", "tool_calls.0.name": "f", "choices.1.content": "b"} == event(sent)["outputs"]


@pytest.mark.parametrize(
    ("attributes", "history"),
    [
        (
            {
                "gen_ai.input.messages": as_json({"role": "user", "parts": [text_part("a"), text_part("b")]}),
            },
            [{"role": "user", "content": "a\nb"}],
        ),
        (
            {
                "gen_ai.input.messages": json.dumps(
                    [
                        {
                            "role": "assistant",
                            "parts": [{"type": "tool_call", "id": "1", "name": "f", "arguments": {"a": 1}}],
                        }
                    ]
                )
            },
            [
                {
                    "role": "assistant",
                    "tool_calls.0.id": "1",
                    "tool_calls.0.name": "f",
                    "tool_calls.0.arguments": '{"a":1}',
                }
            ],
        ),
        (
            {
                "gen_ai.input.messages": as_json(
                    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "response": "r"}]}
                )
            },
            [{"role": "tool", "tool_call_id": "1", "content": "r"}],
        ),
        (
            {"gen_ai.input.messages": '[{"role":"user","parts":[{"type":"image","uri":"u"}]}]'},
            [{"role": "user", "parts": [{"type": "image", "uri": "u"}]}],
        ),
        (
            {
                "llm.input_messages.0.message.role": "user",
                "llm.input_messages.0.message.contents.1.message_content.text": "b",
                "llm.input_messages.0.message.contents.0.message_content.text": "a",
            },
            [{"role": "user", "content": "a\nb"}],
        ),
        (
            {
                "llm.input_messages.0.message.role": "assistant",
                "llm.input_messages.0.message.tool_calls.0.tool_call.function.name": "f",
                "llm.input_messages.0.message.tool_calls.0.tool_call.id": "1",
            },
            [{"role": "assistant", "tool_calls.0.id": "1", "tool_calls.0.name": "f"}],
        ),
        ({"openinference.span.kind": "LLM", "input.value": "hi"}, [{"role": "user", "content": "hi"}]),
        (
            {"openinference.span.kind": "LLM", "input.value": '{"messages":[{"role":"user","content":"hi"}],"n":1}'},
            [{"role": "user", "content": "hi"}],
        ),
        (
            {
                "openinference.span.kind": "LLM",
                "input.value": '{"new_message":{"role":"user","parts":[{"text":"hi"}]}}',
            },
            [{"role": "user", "content": "hi"}],
        ),
        (
            {"ai.prompt": '{"system":"s","prompt":"hi"}'},
            [{"role": "system", "content": "s"}, {"role": "user", "content": "hi"}],
        ),
        (
            {"ai.prompt.messages": '[{"role":"user","content":[{"type":"text","text":"hi"}]}]'},
            [{"role": "user", "content": "hi"}],
        ),
    ],
)
def test_messages_are_read_in_each_vocabulary(attributes: dict[str, Any], history: list[dict[str, Any]]) -> None:
    """As one form, of roles and contents."""
    assert history == event(attributes)["inputs"]["chat_history"]


def test_messages_come_from_one_source() -> None:
    """The first of the table; what another sends is kept under its own name."""
    sent = {
        "openinference.span.kind": "LLM",
        "input.value": '{"messages": [{"role": "user", "content": "z"}]}',
        "llm.input_messages.0.message.content": "a",
        "output.value": "whole",
        "llm.output_messages.0.message.content": "b",
    }
    made = event(sent)
    assert ([{"content": "a"}], {"content": "b"}) == (made["inputs"]["chat_history"], made["outputs"])
    assert (sent["input.value"], "whole") == (made["metadata"]["input.value"], made["metadata"]["output.value"])


@pytest.mark.parametrize(
    ("kind", "inputs", "outputs"),
    [
        ("TOOL", {"a": 1}, {"message": '{"b": 2}'}),
        ("CHAIN", {"a": 1}, {"b": 2}),
    ],
)
def test_values_of_tools_and_chains_are_their_arguments(
    kind: str, inputs: dict[str, Any], outputs: dict[str, Any]
) -> None:
    """The members of JSON objects; of a tool the result is a message."""
    made = event({"openinference.span.kind": kind, "input.value": '{"a": 1}', "output.value": '{"b": 2}'})
    assert (inputs, outputs) == (made["inputs"], made["outputs"])


def test_messages_in_events_are_read_too() -> None:
    """The system's first; a tool's choice is its result; the events stay readable in the metadata."""
    events = [
        SpanEvent("gen_ai.user.message", 1, {"content": '[{"text": "hi"}]'}),
        SpanEvent("gen_ai.system.message", 2, {"content": "s"}),
        SpanEvent("gen_ai.choice", 3, {"message": "ho", "finish_reason": "stop"}),
    ]
    made = event(events=events)
    assert [{"role": "system", "content": "s"}, {"role": "user", "content": "hi"}] == made["inputs"]["chat_history"]
    assert {"role": "assistant", "content": "ho", "finish_reason": "stop"} == made["outputs"]
    assert '[{"text": "hi"}]' == made["metadata"]["_event.gen_ai.user.message.0.content"]
    choice = SpanEvent("gen_ai.choice", 3, {"message": '[{"text": "4C"}]', "id": "1"})
    tool = event({"gen_ai.operation.name": "execute_tool"}, events=[choice])
    assert {"result": "4C", "tool_call_id": "1"} == tool["outputs"]
    details = SpanEvent(
        "gen_ai.client.inference.operation.details",
        1,
        {
            "gen_ai.input.messages": '[{"role":"user","content":"a"}]',
            "gen_ai.output.messages": '[{"role":"x","content":"b"}]',
        },
    )
    made = event(events=[details])
    assert ([{"role": "user", "content": "a"}], {"role": "x", "content": "b"}) == (
        made["inputs"]["chat_history"],
        made["outputs"],
    )


def test_of_two_values_for_one_place_the_other_keeps_its_name() -> None:
    """The row that stands first in the table wins, whichever is sent first."""
    sent = {"tool.name": "b", "gen_ai.tool.name": "a", "cost": 2, "gen_ai.usage.cost": 1, "honeyhive_metadata.cost": 3}
    made = event(sent)
    assert ("a", "b", 3) == (made["config"]["tool_name"], made["metadata"]["tool.name"], made["metadata"]["cost"])
    assert (1, 2) == (made["metadata"]["gen_ai.usage.cost"], made["metadata"]["attributes"]["cost"])


def test_a_name_of_our_own_makes_room() -> None:
    """An attribute that is called as what a span says of itself is kept beside it."""
    made = mapped(span({"trace_id": "mine", "scope": 1}, scope=Scope("s", {}, {"name": "s"}))).event["metadata"]
    assert (TRACE, {"name": "s"}) == (made["trace_id"], made["scope"])
    assert {"trace_id.value": "mine", "scope.value": 1} == made["attributes"]


def test_a_part_that_a_value_cannot_play_is_metadata() -> None:
    """A duration that is text, an id that is none."""
    sent = {"honeyhive_duration_ms": "soon", "honeyhive_event_id": "mine", "honeyhive.source": 7}
    made = event(sent)
    assert (1.5, "otlp") == (made["duration"], made["source"])
    assert sent == made["metadata"]


def test_what_json_cannot_write_is_null_and_told() -> None:
    """At any depth."""
    sent = {"a": math.nan, "b": [1.0, math.inf], "c": {"d": -math.inf}}
    assert {"b": [1.0, None], "c": {"d": None}} == metadata(sent)
    assert {("a", "range"), ("b", "range"), ("c", "range")} == told(sent)


def test_links_are_kept() -> None:
    """In the metadata."""
    link = {"trace_id": TRACE, "span_id": SPAN_ID, "a": 1}
    assert [link] == metadata({}, links=[link])["span_links"]


def test_a_span_that_cannot_be_used_is_counted() -> None:
    """Without ids, or with ids that are none."""
    no_trace, no_span = "a span has no valid trace id", "a span has no valid span id"
    assert [no_trace, no_trace] == [unusable(span(trace_id=trace_id)) for trace_id in ("", "0" * 32)]
    assert [no_span, no_span] == [unusable(span(span_id=span_id)) for span_id in ("1", "0" * 16)]
    assert "" == unusable(span())


rows = [row.source.replace("<N>", "1").removesuffix("*").removesuffix(".") for row in load_table().rows]
names = st.sampled_from([*rows, "cost", "scope", "x"])
paths = st.lists(st.sampled_from(["a", "0", "1", "", "9" * 9]), max_size=8).map(
    lambda parts: "".join(f".{part}" for part in parts)
)
values = st.one_of(
    st.text(max_size=5),
    st.integers(),
    st.none(),
    st.booleans(),
    st.floats(),
    st.sampled_from(["{", "[1]", "[" * 5000, '{"a": 1}', '[{"role": "user", "content": "x"}]', '{"messages": [{}]}']),
    st.lists(st.integers(), max_size=2),
)
attributes = st.dictionaries(
    st.one_of(names, st.builds(lambda name, path: name + path, names, paths)), values, max_size=8
)
events = st.lists(
    st.builds(
        SpanEvent,
        st.sampled_from(["gen_ai.user.message", "gen_ai.choice", "exception", "e"]),
        st.integers(0, 9),
        st.dictionaries(
            st.sampled_from(["content", "message", "role", "id", "exception.message", "tool_calls"]), values
        ),
    ),
    max_size=3,
)


@given(attributes, events, attributes)
def test_any_attributes_make_an_event(
    own: dict[str, Any], happened: list[SpanEvent], inherited: dict[str, Any]
) -> None:
    """Which is as `createEvent` would store it, with every property and no fallback."""
    made = mapped(span(own, events=happened, scope=Scope("s", inherited))).event
    assert (made, []) == normalise_event(made, StoppedClock())


def test_of_a_span_full_of_json_texts_some_stay_texts() -> None:
    """Nothing else runs while a span is mapped; what is not read as a value is kept as it was sent."""
    small, large = '{"a": [1, 2]}', f"[{', '.join(['[]'] * 40_000)}]"
    sent = {"honeyhive_inputs.a": small, "honeyhive_inputs.b": large, "honeyhive_inputs.c": small}
    inputs = event(sent)["inputs"]
    assert {"a": [1, 2]} == inputs["a"]
    assert large == inputs["b"]
    assert {"a": [1, 2]} == inputs["c"]
    many = {f"honeyhive_inputs.{number}": '{"a": [[], []]}' for number in range(10_000)}
    kept = event(many)["inputs"]
    assert 10_000 == len(kept)
    assert {"a": [[], []]} == kept["0"]
    assert '{"a": [[], []]}' == kept["9999"]
