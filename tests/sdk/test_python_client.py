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
from clients import RESERVED, Noting, held, own
from support import SESSION_ID, Running, id_of

from hivestand.testing import Hivestand

PROGRAM = Path(__file__).parent / "programs" / "client.py"
EVENT_ID = id_of("event")
EVENT = {
    "event_id": EVENT_ID,
    "session_id": SESSION_ID,
    "parent_id": id_of("parent"),
    "children_ids": [id_of("child")],
    "event_type": "model",
    "event_name": "a",
    "source": "sdk",
    "start_time": 1712025501605,
    "end_time": 1712025509999,
    "duration": 8394.5,
    "config": {"model": "m"},
    "inputs": {"q": ["a", 1, None, {"x": True}]},
    "outputs": {"text": "ü", "o": None},
    "error": "oops",
    "metadata": {"a": 1},
    "metrics": {"m": 0.5},
    "feedback": {"rating": 5},
    "user_properties": {"u": "v"},
}
KEPT = "the event, each field as it was sent"
CHANGED = "the event: merged, replaced, and else as it was"
FOUND = "the events that the filters hold for, each field, and no other"
STARTED = "the session, each field as it was sent"

Call = tuple[str, str]  # its name on the page, and the expression that makes it


def both(service: str, call: str, arguments: str) -> list[Call]:
    """A call of a generated service, and of its asynchronous twin."""
    return [
        (call, f"{service}.{call}(config, {arguments})"),
        (f"{call}, async", f"run(async_{service}.{call}(config, {arguments}))"),
    ]


def client(call: str, arguments: str) -> Call:
    """A call of the client."""
    expression = f"client.{call}({arguments})"
    return f"client.{call}", f"run({expression})" if call.endswith("_async") else expression


def made(call: Call, *, detail: str) -> Call:
    """The same call with other arguments."""
    return f"{call[0]}, {detail}", call[1]


@dataclass(frozen=True)
class Sdk:
    """The SDK in its process, and the server that it talks to; a call that raises fails the test."""

    process: subprocess.Popen[str]
    server: Running
    tenant: Hivestand

    def __call__(self, expression: str) -> Any:
        """What a call returns, as JSON."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{self.tenant.token} {expression}\n")
        self.process.stdin.flush()
        told = next(line for line in self.process.stdout if line.startswith("told:"))
        response = json.loads(told.removeprefix("told:"))
        assert "error" not in response, response["error"]
        return response["answer"]

    def create(self, event: Mapping[str, Any]) -> None:
        """Create an event without the SDK."""
        assert self.server.post(event, path="/v1/events", token=self.tenant.token).status_code == 200

    def held(self, session_id: str = SESSION_ID) -> list[dict[str, Any]]:
        """The events of a session but for their tenant, as search, id and admin API have them; the first first."""
        return [own(event) for event in held(self.tenant, session_id).values()]


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
def sdk(server: Running, tenant: Hivestand, processes: dict[str, subprocess.Popen[str]]) -> Sdk:
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


SESSION = {
    "session_id": SESSION_ID,
    "session_name": "named",
    "source": "sdk",
    "start_time": 1712025501605,
    "end_time": 1712025509999,
    "duration": 8394.5,
    "config": {"model": "m"},
    "inputs": {"q": ["a", 1, None]},
    "outputs": {"o": None},
    "metadata": {"a": 1},
    "user_properties": {"u": "v"},
    "children_ids": ["c"],
}


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        *(
            client(f"sessions.{call}", f"{{'session': {SESSION}}}")
            for call in ("start", "start_async", "start_session", "create_session")
        ),
        *both("sessions", "createSession", f"data=models.StartSessionRequest(**{SESSION})"),
        *both("sessions", "startSessionLegacy", f"data=models.LegacyStartSessionRequest(session={SESSION})"),
    ],
)
def test_a_session_is_started(sdk: Sdk, noted: Noting, name: str, expression: str) -> None:
    """As it was sent, and so it is answered."""
    with noted(name, STARTED):
        returned = sdk(expression)
    (session,) = sdk.held()
    sent = {**SESSION, "event_id": SESSION_ID, "event_type": "session", "event_name": SESSION["session_name"]}
    del sent["session_name"]
    assert {**sent, "parent_id": None, "error": None, "metrics": {}, "feedback": {}} == session
    assert session == own(returned)


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        *(
            client(f"events.{call}", f"facade.PostEventRequest(event={EVENT})")
            for call in ("create", "create_async", "create_event")
        ),
        *both("events", "createEvent", f"data=models.PostEventRequest(**{EVENT})"),
        *both("events", "createEventLegacy", f"data=models.LegacyPostEventRequest(event={EVENT})"),
    ],
)
def test_an_event_is_created(sdk: Sdk, noted: Noting, name: str, expression: str) -> None:
    """As it was sent; its id is answered."""
    with noted(name, KEPT):
        returned = sdk(expression)
    assert {"success": True, "event_id": EVENT_ID} == returned
    assert [EVENT] == sdk.held()


EVENTS = [EVENT, {"event_type": "chain", "inputs": {}, "event_name": "b"}]
PROPERTIES = {"session_name": "named", "start_time": 1712025501600, "metadata": {"s": 1}, "user_properties": {"u": 1}}
BATCH = {"events": EVENTS, "single_session": True, "session_properties": PROPERTIES}
OLDER = {"events": EVENTS, "is_single_session": True, "session": PROPERTIES}


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        client("events.create_batch", f"facade.PostEventBatchRequest(**{BATCH})"),
        client("events.create_batch_async", f"facade.PostEventBatchRequest(**{BATCH})"),
        made(
            client("events.create_batch", f"facade.PostEventBatchRequest(**{OLDER})"), detail="with is_single_session"
        ),
        *both("events", "createEventBatch", f"data=models.PostEventBatchRequest(**{BATCH})"),
        *both("events", "createEventBatchLegacy", f"data=models.LegacyPostEventBatchRequest(**{OLDER})"),
    ],
)
def test_a_batch_is_created(sdk: Sdk, noted: Noting, name: str, expression: str) -> None:
    """In the session that its properties describe, with the ids in order."""
    with noted(name, "the session, and both events in it"):
        returned = sdk(expression)
    session_id = returned["session_id"]
    assert (True, EVENT_ID) == (returned["success"], returned["event_ids"][0])
    session, first, second = sdk.held(session_id)
    metadata = {name: value for name, value in session["metadata"].items() if name not in RESERVED}
    assert {"event_name": "named", **PROPERTIES}.items() <= {
        **session,
        "session_name": "named",
        "metadata": metadata,
    }.items()
    assert {**EVENT, "session_id": session_id} == first
    assert (returned["event_ids"][1], "b", session_id) == (
        second["event_id"],
        second["event_name"],
        second["parent_id"],
    )


def test_a_batch_of_several_sessions_is_created(sdk: Sdk, noted: Noting) -> None:
    """Each event in the session that it names."""
    other = {**EVENT, "event_id": id_of("other event"), "session_id": id_of("other session")}
    with noted("client.events.create_batch, without a session", "each event in its own session"):
        returned = sdk(f"client.events.create_batch(facade.PostEventBatchRequest(events={[EVENT, other]}))")
    assert [EVENT_ID, id_of("other event")] == returned["event_ids"]
    assert [[EVENT], [other]] == [sdk.held(), sdk.held(id_of("other session"))]


ELSEWHERE = {**EVENT, "session_id": id_of("other session")}


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        *both(
            "sessions",
            "createSessionEventBatch",
            f"session_id='{SESSION_ID}', data=models.SessionEventBatchRequest(events=[{ELSEWHERE}])",
        ),
        *both(
            "sessions",
            "addSessionTracesLegacy",
            f"session_id='{SESSION_ID}', data=models.AddSessionTracesRequest(events=[{ELSEWHERE}])",
        ),
        *(
            made(call, detail="with logs")
            for call in both(
                "sessions",
                "addSessionTracesLegacy",
                f"session_id='{SESSION_ID}', data=models.AddSessionTracesRequest(logs=[{ELSEWHERE}])",
            )
        ),
    ],
)
def test_events_are_added_to_a_session(sdk: Sdk, noted: Noting, name: str, expression: str) -> None:
    """That of the path, whichever they name."""
    with noted(name, f"{KEPT}, in the session of the path"):
        returned = sdk(expression)
    assert {"success": True} == returned
    assert [EVENT] == sdk.held()


UPDATE = {
    "metadata": {"b": {"deep": 2}},
    "metrics": {"n": 1.5},
    "feedback": {"ok": True},
    "config": {"t": 0.5},
    "user_properties": {"u": "w"},
    "outputs": {"o": 1},
    "duration": 5.0,
    "end_time": 1712025501610,
    "children_ids": [id_of("another child")],
}
IDENTIFIED = {"event_id": EVENT_ID, **UPDATE}


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        client("events.update", f"facade.UpdateEventRequest(**{IDENTIFIED})"),
        client("events.update_async", f"facade.UpdateEventRequest(**{IDENTIFIED})"),
        client("events.update_event", f"{IDENTIFIED}"),
        *both("events", "updateEvent", f"event_id='{EVENT_ID}', data=models.UpdateEventRequest(**{UPDATE})"),
        *both("events", "updateEventLegacy", f"data=models.LegacyUpdateEventRequest(**{IDENTIFIED})"),
    ],
)
def test_an_event_is_updated(sdk: Sdk, noted: Noting, name: str, expression: str) -> None:
    """Objects are merged, outputs, children and times replaced; the rest stays."""
    sdk.create(EVENT)
    with noted(name, CHANGED):
        sdk(expression)
    merged = {
        "metadata": {"a": 1, "b": {"deep": 2}},
        "metrics": {"m": 0.5, "n": 1.5},
        "feedback": {"rating": 5, "ok": True},
        "config": {"model": "m", "t": 0.5},
    }
    assert [{**EVENT, **UPDATE, **merged}] == sdk.held()


def test_an_event_that_is_not_there_is_not_updated(sdk: Sdk, noted: Noting) -> None:
    """The client is told."""
    with noted("client.events.update", "404 for an unknown id"), pytest.raises(AssertionError, match="404"):
        sdk(f"client.events.update(facade.UpdateEventRequest(**{IDENTIFIED}))")


BY_SESSION = {"field": "session_id", "operator": "is", "value": SESSION_ID, "type": "string"}
FILTERS = f"filters=[{BY_SESSION}]"
QUERY = {"filters": [BY_SESSION], "limit": 5, "page": 1}
DAYS = {"2020": "2020-01-01T00:00:00Z", "2025": "2025-01-01T00:00:00Z"}


def filtered(field: str, operator: str, value: str, kind: str) -> Call:
    """An export with a filter of the SDK's own, whose value always is a string."""
    call = client("events.export", f"filters=[{BY_SESSION}, facade.EventFilter{(field, operator, value, kind)}]")
    arguments = f"field='{field}', operator='{operator}', value='{value}', type='{kind}'"
    return made(
        (call[0], call[1].replace(str((field, operator, value, kind)), f"({arguments})")),
        detail=f"with EventFilter of a {kind}",
    )


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        *(
            client(f"events.{call}{twin}", arguments)
            for call, arguments in (
                ("export", FILTERS),
                ("get_by_session_id", repr(SESSION_ID)),
                ("get_events", FILTERS),
                ("list_events", FILTERS),
                ("list", repr(QUERY)),
            )
            for twin in ("", "_async")
        ),
        made(
            client(
                "events.export",
                f"{FILTERS}, date_range={{'$gte': '{DAYS['2020']}', '$lte': '{DAYS['2025']}'}}, limit=1, page=1",
            ),
            detail="with date_range and a page",
        ),
        filtered("event_id", "is", EVENT_ID, "string"),
        filtered("event_name", "contains", "a", "string"),
        filtered("duration", "greater than", "8394.25", "number"),
        filtered("inputs.flag", "is not", "true", "boolean"),
        *both("events", "searchEvents", f"data=models.SearchEventsRequest(**{QUERY})"),
        *both("events", "exportEventsLegacy", f"data=models.LegacyExportEventsRequest(**{QUERY})"),
        *(
            made(call, detail="with dateRange")
            for call in (
                *both(
                    "events",
                    "searchEvents",
                    f"data=models.SearchEventsRequest(**{QUERY}, "
                    f"dateRange={{'start_time': '{DAYS['2020']}', 'end_time': '{DAYS['2025']}'}})",
                ),
                *both(
                    "events",
                    "exportEventsLegacy",
                    # the SDK sends these without their dollar, which leaves no end to the time
                    f"data=models.LegacyExportEventsRequest(**{QUERY}, "
                    f"dateRange={{'$gte': '{DAYS['2020']}', '$lte': '{DAYS['2025']}'}})",
                ),
            )
        ),
    ],
)
def test_events_are_found(sdk: Sdk, noted: Noting, name: str, expression: str) -> None:
    """Those that the filters hold for, and nothing else."""
    sdk.create(EVENT)
    sdk.create({"event_type": "tool", "inputs": {"flag": True}, "event_name": "b"})
    with noted(name, FOUND):
        returned = sdk(expression)
    assert [EVENT] == [own(event) for event in returned["events"]]
    assert 1 in {returned.get(name) for name in ("count", "totalEvents")}


def test_pages_follow_each_other(sdk: Sdk, noted: Noting) -> None:
    """The last event comes first, and every page counts them all; of each there is no more than is asked for."""
    ids = [id_of(str(place)) for place in range(3)]
    for place, event_id in enumerate(ids):
        sdk.create({**EVENT, "event_id": event_id, "start_time": place})
    with noted("client.events.export, page by page, with projections", "each event once, in order, with those fields"):
        pages = [
            sdk(f"client.events.export({FILTERS}, limit=2, page={page}, projections=['event_id'])") for page in (1, 2)
        ]
    first, second, third = ({"event_id": event_id} for event_id in reversed(ids))
    assert [[first, second], [third]] == [page["events"] for page in pages]
    assert [3, 3] == [page["totalEvents"] for page in pages]


@pytest.mark.parametrize(("name", "expression"), both("events", "getEvent", f"event_id='{EVENT_ID}'"))
def test_an_event_is_read(sdk: Sdk, noted: Noting, name: str, expression: str) -> None:
    """By its id."""
    sdk.create(EVENT)
    with noted(name, "the event, each field"):
        returned = sdk(expression)
    assert EVENT == own(returned["event"])


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        client("datasets.list", ""),
        client("metrics.list", ""),
        ("getEventsSchemaLegacy", "events.getEventsSchemaLegacy(config)"),
    ],
)
def test_what_is_not_mocked_is_seen_at_once(
    tenant: Hivestand, sdk: Sdk, noted: Noting, name: str, expression: str
) -> None:
    """404, which the SDK raises, with a body that says so and a line in the journal."""
    with noted(name, "404, Route not found"), pytest.raises(AssertionError, match="404"):
        sdk(expression)
    (entry,) = tenant.requests
    assert (404, None, "Route not found") == (entry["status"], entry["operation"], entry["response"]["body"]["message"])
    assert "hivestand does not mock" in entry["response"]["body"]["details"][0]["message"]


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        (
            "createModelEventLegacy",
            "events.createModelEventLegacy(config, data=models.PostModelEventRequest(model_event={'model': 'gpt'}))",
        ),
        (
            "createModelEventBatchLegacy",
            (
                "events.createModelEventBatchLegacy(config, "
                "data=models.PostModelEventBatchRequest(model_events=[{'model': 'gpt'}]))"
            ),
        ),
    ],
)
def test_the_call_of_a_model_is_recorded(sdk: Sdk, noted: Noting, name: str, expression: str) -> None:
    """As an event of that type."""
    with noted(name, "the event"):
        returned = sdk(expression)
    event_id = returned.get("event_id") or returned["event_ids"][0]
    event = sdk(f"events.getEvent(config, event_id='{event_id}')")["event"]
    assert ("model", {"model": "gpt"}) == (event["event_type"], event["config"])


def test_a_filter_of_an_id_is_refused(tenant: Hivestand, sdk: Sdk, noted: Noting) -> None:
    """As the service always did: `id` is the name of no type, though early releases of the SDK sent it."""
    wrong = filtered("event_id", "is", EVENT_ID, "id")[1]
    with (
        noted("client.events.export, with EventFilter of the type id", "400"),
        pytest.raises(AssertionError, match="400"),
    ):
        sdk(wrong)
    assert 400 == tenant.requests[-1]["status"]
