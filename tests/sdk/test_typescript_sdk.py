"""The released TypeScript SDK, `honeyhive@0.6.4`, unmodified: its tracer and its client.

Its tracer hands spans to OpenLLMetry, one request each, as protobuf; all that they say of HoneyHive is the session.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
from clients import RESERVED, Event, Noting, held
from compatibility import TYPESCRIPT
from node import node
from support import SESSION_ID, id_of

from hivestand.testing import Hivestand

PROGRAMS = Path(__file__).parent / "programs"
EVENT_ID = id_of("event")


def run(folder: Path, tenant: Hivestand, program: str, *arguments: str) -> str:
    """What a program printed last."""
    shutil.copy(PROGRAMS / program, folder / program)
    done = node(folder, program, *arguments, **tenant.env)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def call(folder: Path, tenant: Hivestand, name: str) -> Any:
    """What a call of the client returned, or the error that it raised."""
    return json.loads(run(folder, tenant, "client.mjs", name, SESSION_ID, EVENT_ID))


def read(tenant: Hivestand, event_id: str) -> Event:
    """The event of an id, as the server has it."""
    response = httpx.get(f"{tenant.url}/v1/events/{event_id}", headers={"Authorization": f"Bearer {tenant.token}"})
    event: Event = response.json()["event"]
    return event


def test_the_store_holds_the_tree(tenant: Hivestand, noted: Noting, typescript_sdk: Path) -> None:
    """Names, types, inputs, outputs, the error and parents; the session has what was set of it."""
    checked = "the whole tree: names, types, inputs, outputs, errors, parents, durations"
    with noted("a traced program", checked, client=TYPESCRIPT):
        session_id = run(typescript_sdk, tenant, "traced.mjs")
    events = held(tenant, session_id)
    named = {event["metadata"].get("traceloop.entity.name", event["event_name"]): event for event in events.values()}
    assert {
        "a traced program": ("session", {}, {}, None),
        "pipeline": ("chain", {"args": ["why?"], "kwargs": {}}, {"result": ["a", "why?"]}, None),
        "lookup": ("chain", {"args": ["why?"], "kwargs": {}}, {"result": ["a", "why?"]}, None),
        "measure": ("tool", {"args": [], "kwargs": {"depth": 3}}, {"size": 3}, None),
        "agent": ("chain", {"args": [], "kwargs": {}}, {}, None),
        "openai.chat": ("model", {"chat_history": [{"role": "user", "content": "hi"}]}, {}, None),
        "by hand": ("tool", {}, {}, "no such word"),
    } == {
        name: (event["event_type"], event["inputs"], event["outputs"], event["error"])
        for name, event in named.items()
        if name != "breaks"  # which ends only with the program, as the SDK has it
    }
    names = {event["event_id"]: name for name, event in named.items()}
    within = {name: names[event["parent_id"]] for name, event in named.items() if event["parent_id"]}
    inner = dict.fromkeys(("lookup", "measure", "agent", "openai.chat"), "pipeline")
    assert {**inner, "pipeline": "a traced program", "by hand": "a traced program"}.items() <= within.items()
    session = named["a traced program"]
    assert ({"ok": True}, {"spans": 3}, {"done": True}) == (
        session["feedback"],
        session["metrics"],
        {name: value for name, value in session["metadata"].items() if name not in RESERVED},
    )
    assert "m" == named["openai.chat"]["config"]["model"]
    for event in events.values():
        if event["end_time"] is not None:
            assert 0 <= event["duration"]
            assert abs(event["end_time"] - event["start_time"] - event["duration"]) <= 1


def test_a_session_is_started(tenant: Hivestand, noted: Noting, typescript_sdk: Path) -> None:
    """By its id and name."""
    with noted("session.startSession", "the session", client=TYPESCRIPT):
        told = call(typescript_sdk, tenant, "startSession")
    assert (200, SESSION_ID) == (told["status"], told["answer"]["sessionId"])
    assert ("named", "ts") == (read(tenant, SESSION_ID)["event_name"], read(tenant, SESSION_ID)["source"])


def test_an_event_is_created_and_updated(tenant: Hivestand, noted: Noting, typescript_sdk: Path) -> None:
    """As it was sent; the update is merged."""
    with noted("events.createEvent", "the event, as it was sent", client=TYPESCRIPT):
        told = call(typescript_sdk, tenant, "createEvent")
    assert (200, EVENT_ID, True) == (told["status"], told["answer"]["eventId"], told["answer"]["success"])
    held = read(tenant, EVENT_ID)
    sent = {"session_id": SESSION_ID, "event_name": "a", "inputs": {"a": 1}, "config": {"c": 1}, "duration": 3.5}
    assert sent.items() <= held.items()
    with noted("events.updateEvent", "the event, after the update", client=TYPESCRIPT):
        told = call(typescript_sdk, tenant, "updateEvent")
    assert 200 == told["status"]
    assert {**held, "metadata": {"b": 2}, "outputs": {"o": 1}, "duration": 5} == read(tenant, EVENT_ID)


def test_a_batch_is_created(tenant: Hivestand, noted: Noting, typescript_sdk: Path) -> None:
    """In one session, which it does not describe."""
    with noted("events.createEventBatch", "both events, in one session", client=TYPESCRIPT):
        told = call(typescript_sdk, tenant, "createEventBatch")
    assert (200, True) == (told["status"], told["answer"]["success"])
    events = [read(tenant, event_id) for event_id in told["answer"]["eventIds"]]
    assert ["a", "b"] == [event["event_name"] for event in events]
    assert 1 == len({event["session_id"] for event in events})


def test_a_session_is_read(tenant: Hivestand, noted: Noting, typescript_sdk: Path) -> None:
    """By its id, without a wrapper, as this SDK has it."""
    call(typescript_sdk, tenant, "startSession")
    with noted("session.getSession", "the session", client=TYPESCRIPT):
        told = call(typescript_sdk, tenant, "getSession")
    assert (200, "named", "ts") == (told["status"], told["answer"]["eventName"], told["answer"]["source"])


def test_events_are_found(tenant: Hivestand, noted: Noting, typescript_sdk: Path) -> None:
    """With a project, which the token decides anyway."""
    call(typescript_sdk, tenant, "createEvent")
    with noted("events.getEvents", "the event", client=TYPESCRIPT):
        told = call(typescript_sdk, tenant, "getEvents")
    assert (200, [EVENT_ID]) == (told["status"], [each["eventId"] for each in told["answer"]["events"]])


@pytest.mark.parametrize("name", ["createModelEvent", "createModelEventBatch"])
def test_the_call_of_a_model_is_recorded(tenant: Hivestand, noted: Noting, typescript_sdk: Path, name: str) -> None:
    """As an event of that type."""
    with noted(f"events.{name}", "the event, each part in its place", client=TYPESCRIPT):
        told = call(typescript_sdk, tenant, name)
    assert (200, True) == (told["status"], told["answer"]["success"])
    event = read(tenant, told["answer"].get("eventId") or told["answer"]["eventIds"][0])
    assert ("model", "m", "o") == (event["event_type"], event["config"]["model"], event["config"]["provider"])
    assert [] == event["inputs"]["chat_history"]
