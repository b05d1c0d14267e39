"""Every call of the released Python SDK's client that is about sessions and events, and of the services below it.

Each is made in a process that has the SDK alone, and what it did is read back from the server.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from clients import Noting
from support import SESSION_ID, Running, id_of

from skep.testing import Skep

PROGRAM = Path(__file__).parent / "programs" / "client.py"
EVENT_ID = id_of("event")
EVENT = {"event_id": EVENT_ID, "session_id": SESSION_ID, "event_type": "tool", "event_name": "a", "inputs": {"a": 1}}
UPDATE = {"metadata": {"b": 2}, "metrics": {"m": 1.5}, "outputs": {"o": 1}, "duration": 5.0}
KEPT = "the event, as it was sent"
CHANGED = "the event, after the update"
FOUND = "the events of the session, by a filter"
STARTED = "the session"


@dataclass(frozen=True)
class Sdk:
    """The SDK in its process, and the server that it talks to; a call that raises fails the test."""

    process: subprocess.Popen[str]
    server: Running
    tenant: Skep

    def __call__(self, expression: str) -> Any:
        """What a call returns, as JSON."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{self.tenant.token} {expression}\n")
        self.process.stdin.flush()
        told = next(line for line in self.process.stdout if line.startswith("told:"))
        answer = json.loads(told.removeprefix("told:"))
        assert "error" not in answer, answer["error"]
        return answer["answer"]

    def create(self, event: Mapping[str, Any]) -> None:
        """Create an event without the SDK."""
        assert self.server.post(event, path="/v1/events", token=self.tenant.token).status_code == 200

    def read(self, event_id: str) -> dict[str, Any]:
        """The event of an id, as the server has it."""
        response = self.server.get(f"/v1/events/{event_id}", token=self.tenant.token)
        assert response.status_code == 200, response.text
        event: dict[str, Any] = response.json()["event"]
        return event


@pytest.fixture(scope="module")
def processes() -> Iterator[dict[str, subprocess.Popen[str]]]:
    """The processes that have the SDK, one for each server, which end with the module."""
    started: dict[str, subprocess.Popen[str]] = {}
    yield started
    for process in started.values():
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()


@pytest.fixture
def sdk(server: Running, tenant: Skep, processes: dict[str, subprocess.Popen[str]]) -> Sdk:
    """The SDK, for a tenant of the test's own."""
    if server.url not in processes:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("HH_", "HONEYHIVE_"))}
        processes[server.url] = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(PROGRAM)],
            env={**env, "URL": server.url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    return Sdk(processes[server.url], server, tenant)


SESSION = f"{{'session_id': '{SESSION_ID}', 'session_name': 'named', 'metadata': {{'a': 1}}}}"


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("client.sessions.start", f"client.sessions.start({{'session': {SESSION}}})"),
        ("client.sessions.start_async", f"run(client.sessions.start_async({{'session': {SESSION}}}))"),
        ("client.sessions.start_session", f"client.sessions.start_session({{'session': {SESSION}}})"),
        ("client.sessions.create_session", f"client.sessions.create_session({{'session': {SESSION}}})"),
        ("createSession", f"sessions.createSession(config, data=models.StartSessionRequest(**{SESSION}))"),
        (
            "createSession, async",
            f"run(async_sessions.createSession(config, data=models.StartSessionRequest(**{SESSION})))",
        ),
        (
            "startSessionLegacy",
            f"sessions.startSessionLegacy(config, data=models.LegacyStartSessionRequest(**{{'session': {SESSION}}}))",
        ),
    ],
)
def test_a_session_is_started(sdk: Sdk, noted: Noting, name: str, expression: str) -> None:
    """By the id, name and metadata that it was given."""
    with noted(name, STARTED):
        answered = sdk(expression)
    held = sdk.read(SESSION_ID)
    assert ("session", "named", {"a": 1}) == (held["event_type"], held["event_name"], held["metadata"])
    assert held.items() <= {**held, **answered}.items()
    assert (SESSION_ID, SESSION_ID) == (answered["event_id"], answered["session_id"])


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("client.events.create", f"client.events.create(facade.PostEventRequest(event={EVENT}))"),
        ("client.events.create_async", f"run(client.events.create_async(facade.PostEventRequest(event={EVENT})))"),
        ("client.events.create_event", f"client.events.create_event(facade.PostEventRequest(event={EVENT}))"),
        ("createEvent", f"events.createEvent(config, data=models.PostEventRequest(**{EVENT}))"),
        ("createEvent, async", f"run(async_events.createEvent(config, data=models.PostEventRequest(**{EVENT})))"),
        ("createEventLegacy", f"events.createEventLegacy(config, data=models.LegacyPostEventRequest(event={EVENT}))"),
    ],
)
def test_an_event_is_created(sdk: Sdk, noted: Noting, name: str, expression: str) -> None:
    """As it was sent; its id is answered."""
    with noted(name, KEPT):
        answered = sdk(expression)
    assert (True, EVENT_ID) == (answered["success"], answered["event_id"])
    assert EVENT.items() <= sdk.read(EVENT_ID).items()


BATCH = f"{{'events': [{EVENT}, {{'event_type': 'model', 'inputs': {{}}, 'event_name': 'b'}}], 'single_session': True, 'session_properties': {{'session_name': 'named'}}}}"


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("client.events.create_batch", f"client.events.create_batch(facade.PostEventBatchRequest(**{BATCH}))"),
        (
            "client.events.create_batch_async",
            f"run(client.events.create_batch_async(facade.PostEventBatchRequest(**{BATCH})))",
        ),
        ("createEventBatch", f"events.createEventBatch(config, data=models.PostEventBatchRequest(**{BATCH}))"),
        (
            "createEventBatchLegacy",
            f"events.createEventBatchLegacy(config, data=models.LegacyPostEventBatchRequest(**{BATCH}))",
        ),
    ],
)
def test_a_batch_is_created(sdk: Sdk, noted: Noting, name: str, expression: str) -> None:
    """In one session, with the ids in order."""
    with noted(name, "both events, in one session"):
        answered = sdk(expression)
    assert EVENT_ID == answered["event_ids"][0]
    held = [sdk.read(event_id) for event_id in (*answered["event_ids"], answered["session_id"])]
    assert ["a", "b", "named"] == [each["event_name"] for each in held]
    assert {answered["session_id"]} == {each["session_id"] for each in held}


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        (
            "createSessionEventBatch",
            f"sessions.createSessionEventBatch(config, session_id='{SESSION_ID}', data=models.SessionEventBatchRequest(events=[{EVENT}]))",
        ),
        (
            "addSessionTracesLegacy",
            f"sessions.addSessionTracesLegacy(config, session_id='{SESSION_ID}', data=models.AddSessionTracesRequest(events=[{EVENT}]))",
        ),
        (
            "addSessionTracesLegacy, async, with logs",
            f"run(async_sessions.addSessionTracesLegacy(config, session_id='{SESSION_ID}', data=models.AddSessionTracesRequest(logs=[{EVENT}])))",
        ),
    ],
)
def test_events_are_added_to_a_session(sdk: Sdk, noted: Noting, name: str, expression: str) -> None:
    """And are there."""
    with noted(name, KEPT):
        answered = sdk(expression)
    assert True is answered["success"]
    assert EVENT.items() <= sdk.read(EVENT_ID).items()


IDENTIFIED = {"event_id": EVENT_ID, **UPDATE}


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("client.events.update", f"client.events.update(facade.UpdateEventRequest(**{IDENTIFIED}))"),
        ("client.events.update_async", f"run(client.events.update_async(facade.UpdateEventRequest(**{IDENTIFIED})))"),
        ("client.events.update_event", f"client.events.update_event({IDENTIFIED})"),
        (
            "updateEvent",
            f"events.updateEvent(config, event_id='{EVENT_ID}', data=models.UpdateEventRequest(**{UPDATE}))",
        ),
        (
            "updateEventLegacy",
            f"events.updateEventLegacy(config, data=models.LegacyUpdateEventRequest(**{IDENTIFIED}))",
        ),
    ],
)
def test_an_event_is_updated(sdk: Sdk, noted: Noting, name: str, expression: str) -> None:
    """Merged and replaced; the rest stays."""
    sdk.create({**EVENT, "metadata": {"a": 1}, "outputs": {"old": 1}})
    before = sdk.read(EVENT_ID)
    with noted(name, CHANGED):
        sdk(expression)
    assert {**before, **UPDATE, "metadata": {"a": 1, "b": 2}} == sdk.read(EVENT_ID)


BY_SESSION = f"{{'field': 'session_id', 'operator': 'is', 'value': '{SESSION_ID}', 'type': 'string'}}"
QUERY = f"{{'filters': [{BY_SESSION}], 'limit': 5, 'page': 1}}"


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("client.events.export", f"client.events.export(filters=[{BY_SESSION}])"),
        ("client.events.export_async", f"run(client.events.export_async(filters=[{BY_SESSION}]))"),
        (
            "client.events.export, with date_range",
            f"client.events.export(filters=[{BY_SESSION}], date_range={{'$gte': '2020-01-01T00:00:00Z', '$lte': '2100-01-01T00:00:00Z'}})",
        ),
        (
            "client.events.export, with EventFilter",
            f"client.events.export(filters=[{BY_SESSION}, facade.EventFilter(field='duration', operator='greater than', value='0.5', type='number')])",
        ),
        ("client.events.get_by_session_id", f"client.events.get_by_session_id('{SESSION_ID}')"),
        ("client.events.get_by_session_id_async", f"run(client.events.get_by_session_id_async('{SESSION_ID}'))"),
        ("client.events.get_events", f"client.events.get_events(filters=[{BY_SESSION}])"),
        ("client.events.get_events_async", f"run(client.events.get_events_async(filters=[{BY_SESSION}]))"),
        ("client.events.list_events", f"client.events.list_events(filters=[{BY_SESSION}])"),
        ("client.events.list_events_async", f"run(client.events.list_events_async(filters=[{BY_SESSION}]))"),
        ("client.events.list", f"client.events.list({QUERY})"),
        ("client.events.list_async", f"run(client.events.list_async({QUERY}))"),
        ("searchEvents", f"events.searchEvents(config, data=models.SearchEventsRequest(**{QUERY}))"),
        ("searchEvents, async", f"run(async_events.searchEvents(config, data=models.SearchEventsRequest(**{QUERY})))"),
        ("exportEventsLegacy", f"events.exportEventsLegacy(config, data=models.LegacyExportEventsRequest(**{QUERY}))"),
    ],
)
def test_events_are_found(sdk: Sdk, noted: Noting, name: str, expression: str) -> None:
    """Those that the filters hold for, and nothing else."""
    sdk.create({**EVENT, "duration": 1})
    sdk.create({"event_type": "tool", "inputs": {}})
    with noted(name, FOUND):
        answered = sdk(expression)
    assert [EVENT_ID] == [each["event_id"] for each in answered["events"]]
    held = sdk.read(EVENT_ID)
    assert held.items() <= {**held, **answered["events"][0]}.items()


def test_an_event_is_read(sdk: Sdk, noted: Noting) -> None:
    """By its id, and so is a session."""
    sdk.create(EVENT)
    with noted("getEvent", "the event"):
        answered = sdk(f"events.getEvent(config, event_id='{EVENT_ID}')")
    assert EVENT.items() <= answered["event"].items()
    with noted("getEvent, async", "the event"):
        answered = sdk(f"run(async_events.getEvent(config, event_id='{EVENT_ID}'))")
    assert EVENT.items() <= answered["event"].items()


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("client.datasets.list", "client.datasets.list()"),
        ("client.metrics.list", "client.metrics.list()"),
        ("getEventsSchemaLegacy", "events.getEventsSchemaLegacy(config)"),
    ],
)
def test_what_is_not_mocked_is_seen_at_once(tenant: Skep, sdk: Sdk, noted: Noting, name: str, expression: str) -> None:
    """404, with a body that says so, and a line in the journal."""
    with noted(name, "404, Route not found"), pytest.raises(AssertionError, match=r"404|not found|does not mock"):
        sdk(expression)
    entry = tenant.requests[-1]
    assert (404, None, "Route not found") == (entry["status"], entry["operation"], entry["answer"]["body"]["message"])
    assert "skep does not mock" in entry["answer"]["body"]["details"][0]["message"]
