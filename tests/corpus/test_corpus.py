"""Requests as real clients send them: nothing of them is lost in silence, and what is known of the outcome is so."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import httpx
import pytest
from compatibility import Outcome
from support import Running, running

from corpus.leaves import leaves_of, lost, named_in

FOLDER = Path(__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
BLOB = "<6291456 times x>"
SESSION = "caf77ace-3417-4da4-944d-f4a0688f3c23"
UNWRAPPED = "the session belongs under the key session; --accept-unwrapped takes it"
REFUSED = {  # with the reason
    "event-bare-on-legacy-path": (400, "POST /events takes an event under the key event"),
    "search-filter-type-id": (400, "id is no type of a filter, and never was"),
    "session-evaluation-script-unwrapped": (
        400,
        "the session belongs under the key session; --accept-unwrapped takes it",
    ),
    "session-langchain-ts-unwrapped": (400, "the session belongs under the key session; --accept-unwrapped takes it"),
    "session-guessed-path-bare": (405, "no document has this operation; the response names POST /session/start"),
    "traces-undefined-session": (400, "undefined is no session"),
    "update-guessed-feedback-path": (404, "no document has this path; the response names PUT /events"),
    "read-session-legacy-path": (404, "the session was not started"),
}
# what is told of a request that is taken, by the names of fields and attributes
REPORTED = {
    "batch-agent-export-flat": {"project"},
    "batch-docs-model-events": {"project"},
    "batch-docs-single-session": {"project"},
    "batch-iso-times": {"project", "start_time"},
    "batch-six-mebibytes": {"project"},
    "event-coding-agent-dotted-metadata": {"project"},
    "event-docs-log-an-event": {"project", "event_type", "event_id"},
    "event-docs-model-event": {"project"},
    "event-evaluation-script-no-times": {"project"},
    "event-js-logger-no-session": {"project"},
    "event-outputs-list": {"project", "outputs"},
    "event-session-by-create-event": {"project", "session_name"},
    "search-export-legacy-path-no-type": set(),
    "session-after-the-run-both-names": {"session_name"},
    "session-agent-export-uuid5-zero-times": {"project"},
    "session-cli-with-outputs-and-metrics": {"project"},
    "session-docs-example-wrapped": {"project"},
    "session-docs-placeholder-values": {"session_id", "session_name"},
    "session-js-logger": {"project"},
    "spans-openllmetry-chat": {"traceloop.association.properties.project"},
    "spans-sdk-error-span": {"honeyhive.project"},
    "spans-string-enums-no-attributes": {"session_id"},
    "spans-vercel-ai-nextjs-path": {"session_id"},
    "traces-docs-string-times": {"project_id", "start_time", "end_time"},
    "traces-nested-children-microseconds": {"project", "start_time", "end_time"},
    "traces-nested-generic-type-nulls": {"project", "event_type", "start_time", "end_time"},
    "traces-nested-no-parent-empty-error": {"project", "event_type", "start_time", "end_time"},
    "update-inputs-and-outputs": {"inputs"},
}

Events = list[dict[str, Any]]


class Replay:
    """A request that was sent to a tenant of its own: its response, and the events that are stored then."""

    def __init__(self, server: Running, name: str) -> None:
        """Send it."""
        self.sent: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        self._key = "hh_ingst_corpus" if name == "spans-ingestion-key" else f"hh_corpus_{name}_{uuid4().hex}"
        self._url = server.url
        self.body = filled(self.sent["body"])
        if name.startswith("update-") and "event_id" in self.body:
            seed = {"event_id": self.body["event_id"], "event_type": "tool", "inputs": {}}
            assert self._ask("POST", "/v1/events", seed).status_code == 200
        self.response = self.send()
        self.fallbacks = self.response.headers.get("hivestand-fallbacks", "")
        self.events = [] if name == "spans-ingestion-key" else self.found()

    def send(self, body: Any = None) -> httpx.Response:
        """Send its request, or one with another body."""
        sent = self.sent
        headers = {name: str(value) for name, value in sent.get("headers", {}).items()}
        content = self.body if body is None else body
        return self._ask(sent["method"], sent["path"], content, headers)

    def found(self, *filters: dict[str, Any]) -> Events:
        """Everything that is stored, or what filters let through."""
        found = self._ask("POST", "/v1/events/search", {"filters": filters, "limit": 1000, "page": 1})
        events: Events = found.json()["events"]
        return events

    def _ask(self, method: str, path: str, body: Any, headers: Mapping[str, str] | None = None) -> httpx.Response:
        named = {"Authorization": f"Bearer {self._key}", **(headers or {})}
        return httpx.request(method, self._url + path, json=body, headers=named, timeout=60)

    def named(self, name: str) -> dict[str, Any]:
        """The one event of a name."""
        (event,) = (each for each in self.events if each["event_name"] == name)
        return event


def filled(value: Any) -> Any:
    """The body with the blob that its file leaves out."""
    if isinstance(value, dict):
        return {key: filled(each) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each) for each in value]
    return "x" * 6291456 if value == BLOB else value


@pytest.mark.parametrize("name", NAMES)
def test_no_leaf_is_lost_in_silence(server: Running, name: str, record_property: Callable[[str, object], None]) -> None:
    """It is readable again, or named; a request that is refused says so by its status."""
    replay = Replay(server, name)
    status, reason = REFUSED.get(name, (200, ""))
    assert status == replay.response.status_code, replay.response.text
    where = f"{replay.sent['method']} {replay.sent['path'].partition('?')[0]}"
    record_property(*Outcome(name, replay.sent["client"], where, status, reason or replay.fallbacks).written())
    if status == 200 and replay.sent["method"] != "GET" and not name.startswith(("search-", "spans-ingestion")):
        assert [] == lost(leaves_of(replay.body), replay.events, replay.fallbacks)
        assert REPORTED.get(name, set()) == {each.rpartition("/")[2] for each in named_in(replay.fallbacks)}


def places(event: Mapping[str, Any], *paths: str) -> list[Any]:
    """The values at paths of an event, an object and a key."""
    return [event[holder][key] for holder, _, key in (path.partition(".") for path in paths)]


def test_ids_of_any_version_make_no_duplicates(server: Running) -> None:
    """An exporter posts the same again on every run; times of 0 are kept."""
    for name, count in (("batch-agent-export-flat", 4), ("session-agent-export-uuid5-zero-times", 1)):
        replay = Replay(server, name)
        assert replay.send().status_code == 200
        assert count == len(replay.found())
        assert 0 in {event["start_time"] for event in replay.events}
    (session,) = replay.events
    assert ({"acus_consumed": 0}, None) == (session["metrics"], session["metadata"]["agent_parent_session_id"])


def test_events_are_kept_as_older_clients_send_them(server: Running) -> None:
    """Lists as an object, keys with dots as they are, sessions as events, nested events one by one."""
    listed = Replay(server, "event-outputs-list").events[0]
    assert {"value": [{"doc": 1}, {"doc": 2}]} == listed["outputs"]
    dotted = Replay(server, "event-coding-agent-dotted-metadata")
    assert "Bash" == dotted.events[0]["metadata"]["tool.name"]
    session = Replay(server, "event-session-by-create-event").events[0]
    assert ("session", session["session_id"], None) == (
        session["event_type"],
        session["event_id"],
        session["parent_id"],
    )
    ids = Replay(server, "event-docs-log-an-event")
    assert str(uuid5(NAMESPACE_URL, "e1")) == ids.events[0]["event_id"] == ids.response.json()["event_id"]
    for name, parent, children in (
        ("traces-nested-children-microseconds", "RunnableSequence", ["ChatOpenAI", "VectorStoreRetriever"]),
        ("traces-nested-generic-type-nulls", "LLMChain", ["ChatOpenAI"]),
        ("traces-nested-no-parent-empty-error", "step", ["gpt"]),
    ):
        replay = Replay(server, name)
        outer = replay.named(parent)
        assert "chain" == outer["event_type"]
        assert [outer["event_id"]] * len(children) == [replay.named(child)["parent_id"] for child in children]
        assert replay.send().status_code == 200
        assert len(children) + 1 == len(replay.found())


def test_an_empty_error_is_none(server: Running) -> None:
    """In filters: clients send the empty text where there was no error."""
    replay = Replay(server, "traces-nested-no-parent-empty-error")
    assert {""} == {event["error"] for event in replay.events}
    assert [] == replay.found({"field": "error", "operator": "exists", "value": None, "type": "string"})


def test_models_calls_are_events(server: Running) -> None:
    """Each part in its place."""
    event = Replay(server, "event-docs-model-event").events[0]
    assert ["gpt-4o", "openai", 20, 8e-05] == places(
        event, "config.model", "config.provider", "metadata.total_tokens", "metadata.cost"
    )
    assert ("assistant", [{"role": "system", "content": "Hello, world!"}]) == (
        event["outputs"]["role"],
        event["inputs"]["chat_history"],
    )
    batch = Replay(server, "batch-docs-model-events")
    assert SESSION == batch.response.json()["session_id"]
    assert {"session", "model"} == {event["event_type"] for event in batch.events}


def test_a_batch_of_one_session_is_in_it(server: Running) -> None:
    """With names of metrics that have spaces, and a fraction of a duration."""
    replay = Replay(server, "batch-docs-single-session")
    event = replay.named("Model Completion")
    assert (SESSION, 999.8056, 18) == (event["session_id"], event["duration"], event["metrics"]["Number of words"])
    assert 1 == replay.named("Playground Session")["metadata"]["num_events"]


def test_a_session_start_is_kept_as_it_was_sent(server: Running) -> None:
    """Outputs and metrics; times that run backwards; children that are posted later."""
    cli = Replay(server, "session-cli-with-outputs-and-metrics").events[0]
    assert (0.0123, 12) == (cli["metrics"]["total_cost"], cli["outputs"]["finding_count"])
    docs = Replay(server, "session-docs-example-wrapped").events[0]
    assert (1712025501605, 1712025499832, 824.8056) == (docs["start_time"], docs["end_time"], docs["duration"])
    assert "session.start" == Replay(server, "session-after-the-run-both-names").events[0]["event_name"]


def test_an_update_says_what_it_ignores(server: Running) -> None:
    """Inputs; names of metrics with dots stay flat."""
    event = Replay(server, "update-inputs-and-outputs").events[0]
    assert ({}, 42, "session_end") == (
        event["inputs"],
        event["metrics"]["coding_agent.total_events"],
        event["outputs"]["artifact"]["reason"],
    )
    assert {"value": [1, 2, 3]} == Replay(server, "update-outputs-wrapped-list").events[0]["outputs"]


def test_what_was_refused_says_the_right_form(server: Running) -> None:
    """In the detail of the response."""
    for name, said in (
        ("session-langchain-ts-unwrapped", '{"session": {"session_name": "a name"}}'),
        ("session-guessed-path-bare", "POST /session/start"),
        ("update-guessed-feedback-path", "PUT /events"),
        ("event-bare-on-legacy-path", "/event"),
        ("search-filter-type-id", "/filters/0/type"),
    ):
        assert said in json.dumps(Replay(server, name).response.json()["details"]).replace('\\"', '"')


def test_a_session_without_its_wrapper_is_taken_on_request() -> None:
    """With `--accept-unwrapped`, which says so; the strict profile refuses it still."""
    with running("--accept-unwrapped") as server:
        replay = Replay(server, "session-langchain-ts-unwrapped")
        assert (200, "LC run") == (replay.response.status_code, replay.events[0]["event_name"])
        assert [] == lost(leaves_of(replay.body), replay.events, replay.fallbacks)
        assert ["session", "project"] == named_in(replay.fallbacks)
        strict = server.post(replay.body, path="/session/start", Prefer="handling=strict")
        assert 400 == strict.status_code


def test_projects_check_a_key(server: Running) -> None:
    """A list of one, of the name that is asked for, with the id that events have."""
    named = Replay(server, "read-projects-by-name").response.json()
    assert ["My Project"] == [project["name"] for project in named]
    assert 1 == len(Replay(server, "read-projects-key-check").response.json())


def test_spans_are_mapped_as_is_known(server: Running) -> None:
    """The lines of the corpus on spans, one after the other."""
    agents = Replay(server, "spans-agent-framework-message-events")
    assert {"session": 1, "chain": 1, "tool": 1, "model": 1} == {
        kind: sum(event["event_type"] == kind for event in agents.events)
        for kind in ("session", "chain", "tool", "model")
    }
    agent, tool = agents.named("invoke_agent Weather"), agents.named("execute_tool get_weather")
    assert [["get_weather"], "Weather", '[{"text": "Weather in Oslo?"}]'] == places(
        agent, "config.tools", "metadata.agent_name", "metadata._event.gen_ai.user.message.0.content"
    )
    assert ["get_weather", "tooluse_1", "4C"] == places(
        tool, "config.tool_name", "metadata.tool_call_id", "outputs.result"
    )
    assert "Session" == next(event["event_name"] for event in agents.events if event["event_type"] == "session")
    chat = Replay(server, "spans-openllmetry-chat").events[0]
    assert ["gpt-3.5-turbo", "OpenAI", "None", False, "chat", 29, "gpt-3.5-turbo-0125"] == places(
        chat,
        "config.model",
        "config.provider",
        "config.headers",
        "config.is_streaming",
        "metadata.llm.request.type",
        "metadata.total_tokens",
        "metadata.response_model",
    )
    assert [{"role": "user", "content": "Tell me a joke"}] == chat["inputs"]["chat_history"]
    assert ("{}", "f", "dev") == (
        chat["outputs"]["tool_calls.0.arguments"],
        chat["outputs"]["tool_calls.0.name"],
        chat["source"],
    )
    error = Replay(server, "spans-sdk-error-span").events[0]
    assert ("error_test", "ValueError", "test", "error_test_error") == (
        error["event_name"],
        error["metadata"]["honeyhive_error_type"],
        error["source"],
        error["metadata"]["span_name"],
    )
    assert "honeyhive_error" not in error["metadata"]
    stamped = Replay(server, "spans-resource-stamped-session")
    assert {
        "agent_router": "model",
        "__state_update_action__": "tool",
        "turn": "chain",
        "Service Agent": "session",
    } == {event["event_name"]: event["event_type"] for event in stamped.events}
    orphan = Replay(server, "spans-orphan-no-auto-create").events
    assert [("model", "otlp", True)] == [
        (event["event_type"], event["source"], event["metadata"]["has_otlp_lineage"]) for event in orphan
    ]
    again = Replay(server, "spans-workflow-shipper-resent")
    assert again.send().status_code == 200
    assert 3 == len(again.found())
    fallback = Replay(server, "spans-session-id-fallback-auto-create")
    assert [12, 5, {"name": "app", "version": "1.0"}] == places(
        fallback.named("chat gpt-4o"), "metadata.input_tokens", "metadata.output_tokens", "metadata.scope"
    )
    assert "otlp" == fallback.named("Session")["source"]
    flat = Replay(server, "spans-dotted-honeyhive-attributes").events[0]
    assert (0.7, ["a", "b"], "tool") == (
        flat["metadata"]["honeyhive.inputs.temperature"],
        flat["metadata"]["test.list"],
        flat["event_type"],
    )
    vercel = Replay(server, "spans-vercel-ai-nextjs-path").named("ai.generateText")
    assert ["gpt-4o", "hello", 8, "my-fn"] == places(
        vercel, "config.model", "outputs.content", "metadata.prompt_tokens", "metadata.functionId"
    )


def test_an_ingestion_key_only_writes(server: Running) -> None:
    """200 for spans, 403 for a search."""
    replay = Replay(server, "spans-ingestion-key")
    assert 200 == replay.response.status_code
    read = server.post({}, path="/v1/events/search", token="hh_ingst_corpus")
    assert 403 == read.status_code
