"""Clients beside the SDKs, each in a process and an environment of its own, and what of theirs is read back."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from clients import Event, Noting
from compatibility import DAEMON, LLAMA_INDEX, LOGGER, NODE, OPENTELEMETRY, Call
from environments import environment
from node import node
from support import id_of, running

from hivestand.testing import Hivestand

PROGRAMS = Path(__file__).parent / "programs"
REPLIES: list[dict[str, Any]] = [
    {
        "finish_reason": "tool_calls",
        "message": {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
                }
            ],
        },
    },
    {"finish_reason": "stop", "message": {"role": "assistant", "content": "It is 4C."}},
]
USAGE = {"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19}


class StandIn(BaseHTTPRequestHandler):
    """A model that calls a tool, then answers, and fails where it is asked for by the name `broken`."""

    def do_POST(self) -> None:
        """Answer a chat."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if body["model"] == "broken":
            self._send(500, {"error": {"message": "out of order"}})
            return
        choice = {"index": 0, **REPLIES[len(body["messages"]) > 2]}
        made = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024"}
        self._send(200, {**made, "choices": [choice], "usage": USAGE})

    def _send(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is inherited
        """Say nothing."""


@pytest.fixture(scope="module")
def llm_url() -> Iterator[str]:
    """The URL of the stand-in for a model."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def run(*command: Path | str, stdin: str = "", **env: str) -> str:
    """What a program prints."""
    done = subprocess.run(
        command, input=stdin, env={**os.environ, **env}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def paged(tenant: Hivestand, session_id: str) -> list[Event]:
    """The events of a session as a reader of traces finds them: page by page, and each with its trace and span."""
    found: list[Event] = []
    query = {"filters": [{"field": "session_id", "operator": "is", "value": session_id, "type": "string"}], "limit": 2}
    headers = {"Authorization": f"Bearer {tenant.token}"}
    while True:
        page = {**query, "page": len(found) // 2 + 1}
        told = httpx.post(f"{tenant.url}/v1/events/search", json=page, headers=headers).json()
        found += told["events"]
        if len(found) >= told["count"]:
            return found


@pytest.mark.parametrize("vocabulary", ["honeyhive", "genai", "openinference", "openllmetry"])
def test_spans_of_each_vocabulary_are_one_session(
    tenant: Hivestand, noted: Noting, llm_url: str, vocabulary: str
) -> None:
    """With the right tree, types, messages, model, tokens and error, read page by page."""
    session_id = id_of(f"session of {vocabulary}")
    env = {"OTLP_URL": tenant.url, "OTLP_TOKEN": tenant.token, "LLM_URL": llm_url, "SESSION": session_id}
    checked = "one session: tree, types, messages, model, tokens, error, trace and span ids"
    with noted(f"{vocabulary}, by OTLPSpanExporter over HTTP", checked, client=OPENTELEMETRY):
        run(environment("spans"), PROGRAMS / "spans.py", vocabulary, **env)
    events = paged(tenant, session_id)
    (session,) = (event for event in events if event["event_type"] == "session")
    assert ("Session", "otlp", session_id) == (session["event_name"], session["source"], session["event_id"])
    spans = [event for event in events if event is not session]
    assert 1 == len({event["metadata"]["trace_id"] for event in spans})
    assert len(spans) == len({event["metadata"]["span_id"] for event in spans}) == 5
    (agent,) = (event for event in spans if event["event_name"] == "agent")
    assert ("chain", session_id) == (agent["event_type"], agent["parent_id"])
    below = [event for event in spans if event is not agent]
    assert {agent["event_id"]} == {event["parent_id"] for event in below}
    assert sorted(agent["children_ids"]) == sorted(event["event_id"] for event in below)
    (tool,) = (event for event in below if event["event_name"] == "get_weather")
    assert "tool" == tool["event_type"]
    models = sorted((event for event in below if event is not tool), key=lambda event: event["start_time"])
    assert ["model"] * 3 == [event["event_type"] for event in models]
    first, second, broken = models
    check_chat(first, second)
    assert "out of order" in broken["error"]
    assert (5, 3, 38) == tuple(session["metadata"][name] for name in ("num_events", "num_model_events", "total_tokens"))


def check_chat(first: Event, second: Event) -> None:
    """Messages in, a call of a tool and a reply out, the model and its tokens."""
    # OpenInference names the model that answered, the others the one that was asked for
    assert {event["config"]["model"] for event in (first, second)} <= {"gpt-4o", "gpt-4o-2024"}
    assert [("system", "Be brief."), ("user", "Weather in Oslo?")] == [
        (message["role"], message["content"]) for message in first["inputs"]["chat_history"]
    ]
    assert 3 == len(second["inputs"]["chat_history"])
    assert ("assistant", "It is 4C.") == (second["outputs"]["role"], second["outputs"]["content"])
    metadata = second["metadata"]
    assert (12, 7) == (
        metadata.get("prompt_tokens", metadata.get("input_tokens")),
        metadata.get("completion_tokens", metadata.get("output_tokens")),
    )
    if "tool_calls.0.name" in first["outputs"]:
        assert "get_weather" == first["outputs"]["tool_calls.0.name"]


@pytest.mark.parametrize("exporter", ["proto", "http"])
def test_spans_of_node_are_one_session(tenant: Hivestand, noted: Noting, typescript_sdk: Path, exporter: str) -> None:
    """As protobuf and as JSON, whose integers, ids and times are written in ways of their own."""
    session_id = id_of(f"session of {exporter}")
    shutil.copy(PROGRAMS / "spans.mjs", typescript_sdk / "spans.mjs")
    checked = "one session: tree, types, messages, model, tokens"
    with noted(f"GenAI, by OTLPTraceExporter of {exporter}", checked, client=NODE):
        done = node(typescript_sdk, "spans.mjs", exporter, session_id, **tenant.env)
    assert done.returncode == 0, done.stderr
    named = {event["event_name"]: event for event in tenant.events(session_id)}
    assert {"Session", "invoke_agent Weather", "chat gpt-4o"} == named.keys()
    agent, chat = named["invoke_agent Weather"], named["chat gpt-4o"]
    assert ("chain", session_id, [chat["event_id"]]) == tuple(
        agent[name] for name in ("event_type", "parent_id", "children_ids")
    )
    assert ("model", agent["event_id"]) == (chat["event_type"], chat["parent_id"])
    assert [("user", "Weather in Oslo?")] == [
        (message["role"], message["content"]) for message in chat["inputs"]["chat_history"]
    ]
    assert ("gpt-4o", 0.5, 12, 7) == (
        *(chat["config"][name] for name in ("model", "temperature")),
        *(chat["metadata"][name] for name in ("input_tokens", "output_tokens")),
    )


def test_the_logger_logs(tenant: Hivestand, noted: Noting) -> None:
    """A session, an event in it, and an update."""
    env = {"HH_API_URL": tenant.url, "HH_API_KEY": tenant.token}
    with noted("start, log, update", "the session and the event, with the update", client=LOGGER):
        session_id, event_id = run(environment("spans"), PROGRAMS / "logged.py", **env).split()[-2:]
    session, event = sorted(tenant.events(session_id), key=lambda event: str(event["event_type"] != "session"))
    assert ("logged", {"a": 1}, 2) == (session["event_name"], session["inputs"], session["metadata"]["b"])
    assert (event_id, "model", {"q": "why?"}, {"a": "so"}, 12, {"rating": 5}) == tuple(
        event[name] for name in ("event_id", "event_type", "inputs", "outputs", "duration", "feedback")
    )


def test_the_daemon_exports_what_an_agent_does(tenant: Hivestand, noted: Noting, tmp_path: Path) -> None:
    """Its hooks: a session starts, and uses a tool."""
    state = tmp_path / "state"
    state.mkdir()
    config = {"api_key": tenant.token, "base_url": tenant.url}
    (state / "config.json").write_text(json.dumps(config), encoding="utf-8")
    session_id = id_of("session of an agent")
    common = {"session_id": session_id, "cwd": str(tmp_path)}
    used = {"tool_name": "Bash", "tool_use_id": "toolu_1", "tool_input": {"command": "ls"}}
    hooks = [
        {**common, "hook_event_name": "SessionStart", "source": "startup"},
        {**common, "hook_event_name": "PreToolUse", **used},
        {**common, "hook_event_name": "PostToolUse", **used, "tool_response": {"stdout": "total 0"}},
    ]
    daemon = environment("spans").with_name("honeyhive-daemon")
    with noted("ingest claude-hook: SessionStart, PreToolUse, PostToolUse", "the session, and the tool", client=DAEMON):
        for hook in hooks:
            env = {"HH_DAEMON_HOME": str(tmp_path), "HOME": str(tmp_path)}
            run(daemon, "ingest", "claude-hook", stdin=json.dumps(hook), **env)
    events = tenant.events(session_id)
    assert {"session", "tool"} == {event["event_type"] for event in events}
    (tool,) = (event for event in events if event["event_type"] == "tool")
    assert ("tool.Bash", {"command": "ls"}) == (tool["event_name"], tool["inputs"]["tool_input"])
    assert "Bash" == tool["metadata"]["tool.name"]


@contextmanager
def unwrapped(record_property: Callable[[str, object], None], name: str, checked: str) -> Iterator[Hivestand]:
    """A tenant of a server that takes sessions without their wrapper, and the note of a call."""
    with running("--accept-unwrapped") as server, closing(Hivestand(server.url)) as tenant:
        yield tenant
        used = [entry["operation"] for entry in tenant.requests if entry["operation"]]
        record_property(*Call(LLAMA_INDEX, name, list(dict.fromkeys(used)), checked).written())


def test_callbacks_of_llama_index_are_a_session(record_property: Callable[[str, object], None]) -> None:
    """Its start has no wrapper, its trace is nested, and an update ends it."""
    checked = "the session, and both events of its trace, one within the other"
    with unwrapped(record_property, "a query, with --accept-unwrapped", checked) as tenant:
        env = {"HH_API_URL": tenant.url, "HH_API_KEY": tenant.token}
        session_id = run(environment("llama-index"), PROGRAMS / "llama.py", **env).strip()
        named: Mapping[str, Event] = {event["event_name"]: event for event in tenant.events(session_id)}
        assert "llama" in named
        events = [event for event in named.values() if event["event_type"] != "session"]
        parents = {event["parent_id"] for event in events}
        assert session_id in parents
        assert parents & {event["event_id"] for event in events}
