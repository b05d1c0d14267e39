"""The operations on one event, on all stores."""

from typing import Any

import pytest
from operation import call, event, response_of
from support import NOW, SESSION_ID, id_of

from hivestand.handlers.errors import BadRequest, Detail, NotFound
from hivestand.handlers.event.normalise import Fallback
from hivestand.handlers.store.protocol import Store
from hivestand.handlers.tenant import tenant_of

pytestmark = pytest.mark.anyio
EVENT_ID = id_of("event")
LEAST = {"event_type": "tool", "inputs": {}}
FULL = {
    "event_id": EVENT_ID,
    "session_id": SESSION_ID,
    "parent_id": id_of("parent"),
    "event_type": "model",
    "event_name": "complete",
    "source": "test",
    "config": {"model": "m"},
    "inputs": {"prompt": "p", "large": 10**30},
    "outputs": {"text": "t"},
    "error": "none",
    "children_ids": ["a"],
    "duration": 1.5,
    "start_time": 1000,
    "end_time": 2000,
    "metadata": {"a": 1},
    "metrics": {"b": 2},
    "feedback": {"c": 3},
    "user_properties": {"d": 4},
}


@pytest.mark.parametrize("operation_id", ["createEvent", "createEventLegacy"])
async def test_an_event_is_kept_as_it_was_sent(store: Store, operation_id: str) -> None:
    """Every property; what is answered is its id."""
    body = {"event": FULL} if operation_id == "createEventLegacy" else FULL
    assert {"event_id": EVENT_ID, "success": True} == await call(store, operation_id, body)
    held = await event(store, EVENT_ID.upper())
    assert FULL.items() <= held.items()
    assert {"org_id", "workspace_id", "project_id"} == held.keys() - FULL.keys()


async def test_the_server_fills_what_is_omitted(store: Store) -> None:
    """The session is the parent, names are unknown, the rest is empty."""
    held = await event(store, (await call(store, "createEvent", LEAST))["event_id"])
    assert held["parent_id"] == held["session_id"] != held["event_id"]
    expected: dict[str, Any] = {"event_name": "unknown", "source": "unknown", "error": None, "children_ids": []}
    expected |= {"start_time": NOW, "end_time": None, "duration": None}
    expected |= {name: {} for name in ("config", "outputs", "metadata", "metrics", "feedback", "user_properties")}
    assert expected.items() <= held.items()


async def test_an_event_of_type_session_is_the_session(store: Store) -> None:
    """Unless it has an id of its own; a session has no parent."""
    sent = {"event_type": "session", "inputs": {}, "session_id": SESSION_ID}
    assert SESSION_ID == (await call(store, "createEvent", sent))["event_id"]
    assert (await event(store, SESSION_ID))["parent_id"] is None
    other = await call(store, "createEvent", {**sent, "event_id": EVENT_ID})
    assert EVENT_ID == other["event_id"]


@pytest.mark.parametrize(
    ("sent", "details"),
    [
        ({}, [("/event_type", "required"), ("/inputs", "required")]),
        ({"event_type": "other", "inputs": {}}, [("/event_type", "enum")]),
        ({"event_type": ["tool"], "inputs": {}}, [("/event_type", "enum")]),
        ({"event_type": "tool", "inputs": None}, [("/inputs", "type")]),
    ],
)
async def test_an_event_needs_a_type_and_inputs(store: Store, sent: Any, details: list[tuple[str, str]]) -> None:
    """400, by JSON pointers; within the wrapper of the older operation too."""
    for operation_id, prefix in (("createEvent", ""), ("createEventLegacy", "/event")):
        with pytest.raises(BadRequest) as caught:
            await call(store, operation_id, {"event": sent} if prefix else sent)
        assert [(prefix + pointer, rule) for pointer, rule in details] == [each[:2] for each in caught.value.details]


@pytest.mark.parametrize("body", [{}, {"event": None}, {"event": [LEAST]}, LEAST])
async def test_the_older_operation_needs_an_event(store: Store, body: Any) -> None:
    """An object under `event`."""
    with pytest.raises(BadRequest) as caught:
        await call(store, "createEventLegacy", body)
    assert "/event" == caught.value.details[0].pointer


async def test_what_was_not_used_is_told(store: Store) -> None:
    """Wrong types and formats, what is unknown, and what has no effect; beside the wrapper too."""
    sent = {**LEAST, "event_id": "x", "parent_id": 7, "metrics": "", "project_id": "p", "colour": 1, "error": 7}
    told = {
        Fallback("event_id", "format"),
        Fallback("parent_id", "type"),
        Fallback("metrics", "type"),
        Fallback("project_id", "ignored"),
        Fallback("colour", "unknown"),
        Fallback("error", "type"),
    }
    assert told == set((await response_of(store, "createEvent", sent)).fallbacks)
    wrapped = {"event": {**sent, "project": "p"}, "beside": 1}
    more = {Fallback("project", "ignored"), Fallback("beside", "unknown")}
    assert told | more == set((await response_of(store, "createEventLegacy", wrapped)).fallbacks)


async def test_an_event_that_is_there_is_merged_into(store: Store) -> None:
    """As a session is: metadata and user properties, nothing else."""
    await call(store, "createEvent", FULL)
    before = await event(store, EVENT_ID)
    await call(store, "createEvent", {**LEAST, "event_id": EVENT_ID, "metadata": {"b": 2}, "metrics": {"z": 1}})
    assert {**before, "metadata": {"a": 1, "b": 2}} == await event(store, EVENT_ID)


@pytest.mark.parametrize("operation_id", ["updateEvent", "updateEventLegacy"])
async def test_an_update_changes_what_it_says(store: Store, operation_id: str) -> None:
    """Five objects are merged one level deep, the rest is replaced; what is omitted stays."""
    await call(store, "createEvent", FULL)
    before = await event(store, EVENT_ID)
    objects = ("metadata", "metrics", "feedback", "config", "user_properties")
    change = {
        **{name: {"new": {"deep": [name]}} for name in objects},
        "outputs": {"other": 10**25},
        "duration": 7,
        "end_time": 9000.0,
        "children_ids": ["b", "c"],
    }
    if operation_id == "updateEvent":
        response = await call(store, operation_id, change, event_id=EVENT_ID.upper())
    else:
        response = await call(store, operation_id, {**change, "event_id": EVENT_ID.upper()})
    assert {"success": True} == response
    merged = {name: {**before[name], "new": {"deep": [name]}} for name in objects}
    assert {**before, **change, **merged} == await event(store, EVENT_ID)
    await call(store, "updateEvent", {"config": {"model": "other"}, "outputs": {}}, event_id=EVENT_ID)
    held = await event(store, EVENT_ID)
    assert ({"model": "other", "new": {"deep": ["config"]}}, {}) == (held["config"], held["outputs"])


async def test_what_an_update_cannot_use_is_ignored_and_told(store: Store) -> None:
    """Null outputs and an empty list of children among them."""
    await call(store, "createEvent", FULL)
    before = await event(store, EVENT_ID)
    change: dict[str, Any] = {
        "outputs": None,
        "children_ids": [],
        "metadata": 7,
        "duration": "1",
        "event_name": "x",
        "end_time": 10**30,
        "config": None,
    }
    response = await response_of(store, "updateEvent", change, parameters={"event_id": EVENT_ID})
    assert before == await event(store, EVENT_ID)
    assert [
        Fallback("children_ids", "ignored"),
        Fallback("metadata", "type"),
        Fallback("duration", "type"),
        Fallback("end_time", "range"),
        Fallback("config", "type"),
        Fallback("event_name", "unknown"),
    ] == list(response.fallbacks)


@pytest.mark.parametrize("outputs", ["text", [1], 7, True])
async def test_outputs_that_are_no_object_are_refused(store: Store, outputs: Any) -> None:
    """And nothing else of that update is done."""
    await call(store, "createEvent", FULL)
    before = await event(store, EVENT_ID)
    with pytest.raises(BadRequest) as caught:
        await call(store, "updateEvent", {"duration": 9, "outputs": outputs}, event_id=EVENT_ID)
    assert (Detail("/outputs", "type", "must be an object or null"),) == caught.value.details
    assert before == await event(store, EVENT_ID)


async def test_an_update_of_a_sessions_id_reaches_the_session(store: Store) -> None:
    """As `enrich_session` of the SDKs does it; a later post merges into that."""
    await call(store, "createSession", {"session_id": SESSION_ID, "metadata": {"a": 1}})
    await call(store, "updateEvent", {"metadata": {"b": 2}, "outputs": {"x": 1}}, event_id=SESSION_ID)
    returned = await call(store, "createSession", {"session_id": SESSION_ID, "metadata": {"c": 3}})
    assert ({"a": 1, "b": 2, "c": 3}, {"x": 1}) == (returned["metadata"], returned["outputs"])
    assert returned == await event(store, SESSION_ID)


async def test_an_update_needs_an_event(store: Store) -> None:
    """404 for an id that nobody has, 400 for what is none."""
    with pytest.raises(NotFound):
        await call(store, "updateEvent", {"metadata": {}}, event_id=EVENT_ID)
    for body, rule in (({}, "required"), ({"event_id": ""}, "type"), ({"event_id": 7}, "type")):
        with pytest.raises(BadRequest) as caught:
            await call(store, "updateEventLegacy", body)
        assert ("/event_id", rule) == caught.value.details[0][:2]


async def test_an_event_that_there_is_not_is_not_found(store: Store) -> None:
    """Nor one of another tenant."""
    await call(store, "createEvent", FULL)
    with pytest.raises(NotFound):
        await call(store, "getEvent", event_id=id_of("other"))
    with pytest.raises(NotFound):
        await response_of(store, "getEvent", parameters={"event_id": EVENT_ID}, tenant=tenant_of(b"other"))
