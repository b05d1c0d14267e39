"""The released Python SDK, `honeyhive==1.7.0`, unmodified, against `hivestand serve` in a process of its own.

Its tracer swallows every failure and carries on with a random id, so no call that passes proves anything: each test
looks at what the server holds afterwards, by posting the id again and, on Redis, by reading the hash.
"""

import importlib.metadata
import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest
import redis
from support import SESSION_ID, Running, event_key, free_port, stored_event

from hivestand.handlers.tenant import Tenant
from hivestand.server.auth import authenticate

KEY = "hh_" + "k" * 32
INGESTION_KEY = f"hh_ingst_{'a' * 24}_{'B-_9' * 16}"

PRELUDE = """
import asyncio, json, os, sys, warnings
warnings.simplefilter("ignore")
from honeyhive import HoneyHive, HoneyHiveTracer
from honeyhive._generated.api_config import APIConfig
from honeyhive._generated.models import StartSessionRequest
from honeyhive._generated.services import Sessions_service, async_Sessions_service
url, key = os.environ["URL"], os.environ["KEY"]
def told(answer):
    print("answer:" + json.dumps(answer if isinstance(answer, (dict, str)) else answer.model_dump()), flush=True)
"""


def run(url: str, program: str, key: str = KEY) -> Any:
    """Run a program with the SDK in a process of its own; gives what it told."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("HH_", "HONEYHIVE_"))}
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + program],
        env={**env, "URL": url, "KEY": key},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = [line.removeprefix("answer:") for line in done.stdout.splitlines() if line.startswith("answer:")]
    assert lines, done.stderr
    return json.loads(lines[-1])


@pytest.fixture
def held(server: Running, request: pytest.FixtureRequest) -> Any:
    """Gives what the server holds of a session, seen by posting its id again, and on Redis in its hash too."""
    on_redis = "redis" in " ".join(map(str, server.process.args))  # type: ignore[arg-type] # a list, as it was started

    def look(session_id: str, key: str = KEY) -> dict[str, Any]:
        event: dict[str, Any] = server.post({"session_id": session_id}, token=key).json()
        if on_redis:
            with redis.Redis.from_url(request.getfixturevalue("redis_url")) as client:
                stored = hash_of(client, authenticate(f"Bearer {key}".encode()), session_id)
            assert stored.items() <= event.items()
        return event

    return look


def hash_of(client: redis.Redis, tenant: Tenant, session_id: str) -> dict[str, Any]:
    """The event in a hash, but for its tenant's ids."""
    return stored_event(client.hgetall(event_key(tenant, session_id)))  # type: ignore[arg-type] # no coroutine


def test_it_is_the_release() -> None:
    """Not a fork, not a checkout."""
    assert importlib.metadata.version("honeyhive") == "1.7.0"


def test_the_tracer_starts_its_session(server: Running, held: Any) -> None:
    """`HoneyHiveTracer.init` starts the session that it then writes to."""
    before = int(time.time() * 1000)
    session_id = run(
        server.url,
        """
tracer = HoneyHiveTracer.init(api_key=key, server_url=url, session_name="a traced run", source="ci")
told(tracer.session_id)
os._exit(0)
""",
    )
    event = held(session_id)
    assert ("a traced run", "ci", "session") == (event["event_name"], event["source"], event["event_type"])
    # an id that was never posted would start now, so the start time tells who started this session
    assert before <= event["start_time"] <= int(time.time() * 1000)


def test_the_tracer_starts_its_session_with_an_ingestion_key(server: Running, held: Any) -> None:
    """The other kind of key, as a tenant of its own."""
    program = """
tracer = HoneyHiveTracer.init(ingestion_api_key=key, api_key=key, server_url=url, session_name="ingested")
told(tracer.session_id)
os._exit(0)
"""
    session_id = run(server.url, program, key=INGESTION_KEY)
    assert held(session_id, key=INGESTION_KEY)["event_name"] == "ingested"


def test_the_tracer_hides_that_there_is_no_server(held: Any) -> None:
    """Why the tests above look at the server: against a closed port the same program ends as well."""
    session_id = run(
        f"http://127.0.0.1:{free_port()}",
        """
tracer = HoneyHiveTracer.init(api_key=key, server_url=url, session_name="lost")
told(tracer.session_id)
os._exit(0)
""",
    )
    assert session_id
    assert held(session_id)["event_name"] == "unknown"


@pytest.mark.parametrize(
    "call",
    [
        "client.sessions.start({'session': session})",
        "client.sessions.start(session)",
        "client.sessions.create_session({'session': session})",
        "client.sessions.start_session({'session': session})",
        "asyncio.run(client.sessions.start_async({'session': session}))",
    ],
)
def test_the_client_starts_a_session(server: Running, held: Any, call: str) -> None:
    """`client.sessions.*`: every way that there is, and all that was sent is held."""
    response = run(
        server.url,
        f"""
client = HoneyHive(api_key=key, base_url=url)
session = {{
    "session_name": "named", "source": "sdk-python", "start_time": 1712025501605, "end_time": 1712025509999,
    "duration": 8394.5, "config": {{"model": "m"}}, "inputs": {{"q": ["a", 1]}}, "outputs": {{"o": None}},
    "metadata": {{"a": 1}}, "user_properties": {{"u": "v"}}, "children_ids": ["c"], "extra": "allowed",
}}
told({call})
""",
    )
    event = held(response["session_id"])
    assert {
        "event_id": response["session_id"],
        "event_name": "named",
        "source": "sdk-python",
        "start_time": 1712025501605,
        "end_time": 1712025509999,
        "duration": 8394.5,
        "config": {"model": "m"},
        "inputs": {"q": ["a", 1]},
        "outputs": {"o": None},
        "metadata": {"a": 1},
        "user_properties": {"u": "v"},
        "children_ids": ["c"],
    }.items() <= event.items()
    assert "extra" not in event
    assert event == response


@pytest.mark.parametrize(
    "call",
    [
        "Sessions_service.createSession(config, data=data)",
        "asyncio.run(async_Sessions_service.createSession(config, data=data))",
    ],
)
def test_the_generated_create_session(server: Running, held: Any, call: str) -> None:
    """The one call that posts to `/v1/sessions`; twice, so that the second merges."""
    program = f"""
config = APIConfig(base_path=url, access_token=key)
for metadata in ({{"a": 1}}, {{"b": 2}}):
    data = StartSessionRequest(session_id="{SESSION_ID}", event_name="generated", start_time=1.0, metadata=metadata)
    told({call})
"""
    key = f"{KEY}{call[:5]}{server.address[1]}"  # a tenant of its own, as the session's id is always the same
    response = run(server.url, program, key=key)
    event = held(SESSION_ID, key=key)
    assert ("generated", 1, {"a": 1, "b": 2}) == (event["event_name"], event["start_time"], event["metadata"])
    assert event == response


def test_the_client_says_why_it_was_refused(server: Running) -> None:
    """The SDK reads `message` and `errorCode` from the error body."""
    program = """
try:
    HoneyHive(api_key=key, base_url=url).sessions.start({"session": {}})
except Exception as error:
    told(str(error) + repr(vars(error)))
"""
    said = run(server.url, program, key="invalid")
    assert "401" in said
    assert "Invalid bearer token" in said
