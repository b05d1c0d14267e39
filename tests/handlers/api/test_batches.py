"""The operations on many events, on all stores."""

from collections.abc import Sequence
from typing import Any

import pytest
from operation import TENANT, call, event, response_of
from support import SESSION_ID, id_of

from hivestand.handlers.api import bulk
from hivestand.handlers.errors import BadRequest, NotFound, PartiallyStored, StoreUnavailable
from hivestand.handlers.event.encoding import EncodedEvent
from hivestand.handlers.event.index import IndexEntry, Selection
from hivestand.handlers.event.normalise import Fallback
from hivestand.handlers.store.memory.events import MemoryStore
from hivestand.handlers.store.protocol import Store, StoreOptions, Written
from hivestand.handlers.tenant import Tenant

pytestmark = pytest.mark.anyio
LEAST = {"event_type": "tool", "inputs": {}}
ADDING = ["createSessionEventBatch", "addSessionTracesLegacy"]
BATCHES = ["createEventBatch", "createEventBatchLegacy"]


def three() -> list[dict[str, Any]]:
    """Events, of which one has ids."""
    return [
        {**LEAST, "event_name": "0"},
        {**LEAST, "event_name": "1", "event_id": id_of("1"), "session_id": id_of("own")},
        {**LEAST, "event_name": "2"},
    ]


@pytest.mark.parametrize("operation_id", ADDING)
async def test_what_is_added_is_of_the_session_of_the_path(store: Store, operation_id: str) -> None:
    """Whatever session an event names, in the order of the events."""
    assert {"success": True} == await call(store, operation_id, {"events": three()}, session_id=SESSION_ID.upper())
    found = await call(
        store, "searchEvents", {"filters": [{"field": "session_id", "operator": "is", "value": SESSION_ID}]}
    )
    assert ["2", "1", "0"] == [each["event_name"] for each in found["events"]]
    assert {SESSION_ID} == {each["parent_id"] for each in found["events"]}


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/events"]),
        ({"events": {}}, ["/events"]),
        ({"events": [LEAST, 7]}, ["/events/1"]),
        ({"events": [LEAST, {"inputs": {}}, {"event_type": "tool"}]}, ["/events/1/event_type", "/events/2/inputs"]),
    ],
)
@pytest.mark.parametrize("operation_id", [*ADDING[:1], *BATCHES])
async def test_a_batch_that_cannot_be_stored_is_refused_whole(
    store: Store, operation_id: str, body: Any, pointers: list[str]
) -> None:
    """With a pointer to each thing that is wrong, and nothing stored."""
    with pytest.raises(BadRequest) as caught:
        await call(store, operation_id, body, session_id=SESSION_ID)
    assert pointers == [detail.pointer for detail in caught.value.details]
    assert 0 == await store.count(TENANT, Selection())


async def test_what_is_unknown_is_refused_in_the_batch_of_a_session(store: Store) -> None:
    """As is published of that one; the older operation takes it, and tells."""
    body = {"events": [LEAST, {**LEAST, "a/b": 1, "project": "p"}], "colour": 1}
    with pytest.raises(BadRequest) as caught:
        await call(store, ADDING[0], body, session_id=SESSION_ID)
    assert ["/colour", "/events/1/a~1b", "/events/1/project"] == [each.pointer for each in caught.value.details]
    response = await response_of(store, ADDING[1], body, parameters={"session_id": SESSION_ID})
    assert [
        Fallback("/events/1/project", "ignored"),
        Fallback("/events/1/a~1b", "unknown"),
        Fallback("colour", "unknown"),
    ] == list(response.fallbacks)


@pytest.mark.parametrize("body", [{}, {"logs": [LEAST], "events": [LEAST]}])
async def test_the_older_operation_needs_exactly_one_of_two_names(store: Store, body: Any) -> None:
    """Either will do."""
    with pytest.raises(BadRequest):
        await call(store, ADDING[1], body, session_id=SESSION_ID)
    assert {"success": True} == await call(store, ADDING[1], {"logs": [LEAST]}, session_id=SESSION_ID)
    assert 1 == await store.count(TENANT, Selection("session_id", (SESSION_ID,)))


@pytest.mark.parametrize("operation_id", BATCHES)
async def test_a_batch_is_answered_with_ids_in_order(store: Store, operation_id: str) -> None:
    """Each event in its own session."""
    response = await call(store, operation_id, {"events": three()})
    assert {"event_ids", "success"} == response.keys()
    held = [await event(store, event_id) for event_id in response["event_ids"]]
    assert ["0", "1", "2"] == [each["event_name"] for each in held]
    assert id_of("own") == held[1]["session_id"]
    assert 3 == len({each["session_id"] for each in held})


@pytest.mark.parametrize(
    ("operation_id", "flag", "properties"),
    [
        ("createEventBatch", "single_session", "session_properties"),
        ("createEventBatchLegacy", "single_session", "session_properties"),
        ("createEventBatchLegacy", "is_single_session", "session"),
    ],
)
async def test_a_batch_can_be_of_one_session(store: Store, operation_id: str, flag: str, properties: str) -> None:
    """It is started from its properties, or from nothing, and every event is in it."""
    session = {"session_id": SESSION_ID, "session_name": "one", "metadata": {"a": 1}}
    response = await call(store, operation_id, {"events": three(), flag: True, properties: session})
    assert SESSION_ID == response["session_id"]
    assert {SESSION_ID} == {(await event(store, event_id))["session_id"] for event_id in response["event_ids"]}
    held = await event(store, SESSION_ID)
    assert ("session", "one", 1) == (held["event_type"], held["event_name"], held["metadata"]["a"])
    assert len(three()) == held["metadata"]["num_events"]
    bare = await call(store, operation_id, {"events": [LEAST], flag: True})
    assert "unknown" == (await event(store, bare["session_id"]))["event_name"]


async def test_the_older_names_are_no_names_of_the_newer_operation(store: Store) -> None:
    """They are ignored, and told."""
    body = {"events": [LEAST], "is_single_session": True, "session": {}, "single_session": 1}
    response = await response_of(store, "createEventBatch", body)
    told = [("single_session", "type"), ("is_single_session", "unknown"), ("session", "unknown")]
    assert told == [tuple(each) for each in response.fallbacks]
    assert b"session_id" not in response.body


class Failing(MemoryStore):
    """A store that goes away after so many writes."""

    left = 0

    async def create_or_merge_each(self, tenant: Tenant, events: Sequence[tuple[IndexEntry, EncodedEvent]]) -> Written:
        """Write, while there are any left."""
        self.left -= len(events)
        if self.left < 0:
            raise StoreUnavailable
        return await super().create_or_merge_each(tenant, events)


@pytest.mark.parametrize(
    ("operation_id", "said"),
    [
        (ADDING[0], "Events partially added"),
        (ADDING[1], "Events partially added"),
        *((each, "Events partially created") for each in BATCHES),
    ],
)
async def test_a_batch_that_fails_halfway_says_so(
    operation_id: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500, and what was stored stays; 503 where nothing was."""
    monkeypatch.setattr(bulk, "EVENTS_AT_ONCE", 2)
    store = Failing(StoreOptions())
    with pytest.raises(StoreUnavailable):
        await call(store, operation_id, {"events": three()}, session_id=SESSION_ID)
    store.left = 2
    with pytest.raises(PartiallyStored) as caught:
        await call(store, operation_id, {"events": three()}, session_id=SESSION_ID)
    assert (said, 500) == (caught.value.message, caught.value.status)
    assert 2 == await store.count(TENANT, Selection())


async def test_what_is_nested_too_deeply_is_refused_before_anything_is_stored(store: Store) -> None:
    """Like anything else that cannot be stored."""
    deep: Any = []
    for _ in range(20_000):
        deep = [deep]
    with pytest.raises(BadRequest):
        await call(
            store,
            "createEventBatch",
            {"events": [{**LEAST, "event_id": id_of("1")}, {**LEAST, "outputs": {"a": deep}}]},
        )
    with pytest.raises(NotFound):
        await event(store, id_of("1"))
