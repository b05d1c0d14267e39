"""Lengths that nobody needs are bounded, and pages end by their size; on both stores."""

from typing import Any

import pytest
from operation import TENANT, call, response_of
from support import SESSION_ID, id_of

from hivestand.handlers.admin import sessions as admin_sessions
from hivestand.handlers.api import search
from hivestand.handlers.errors import BadRequest
from hivestand.handlers.event.encoding import EncodedEvent
from hivestand.handlers.event.index import IndexEntry, Selection
from hivestand.handlers.event.normalise import Fallback
from hivestand.handlers.store.protocol import MAX_EVENT, MAX_FIELDS, Store

pytestmark = pytest.mark.anyio

MANY = {f"{number:05}": 1 for number in range(10_001)}
EVENT: dict[str, Any] = {"event_type": "tool", "inputs": {}}
ENTRY = IndexEntry(id_of("large"), SESSION_ID, "tool", "n", 1)


def filtered(field: str, count: int = 1) -> dict[str, Any]:
    """A search with filters on a field."""
    return {"filters": [{"field": field, "operator": "is", "value": "x", "type": "string"}] * count}


def spans(*attributes: int) -> dict[str, Any]:
    """A request of OTLP with spans of so many attributes."""
    sent = [
        {
            "traceId": "5b8efff798038103d269b633813fc60c",
            "spanId": f"{place + 1:016x}",
            "attributes": [{"key": str(number), "value": {"intValue": 1}} for number in range(count)],
        }
        for place, count in enumerate(attributes)
    ]
    return {"resourceSpans": [{"scopeSpans": [{"spans": sent}]}]}


@pytest.mark.parametrize(
    ("operation_id", "body", "pointer"),
    [
        ("createSession", {"metadata": MANY}, "/metadata"),
        ("startSessionLegacy", {"session": {"user_properties": MANY}}, "/session/user_properties"),
        ("createEvent", {**EVENT, "metrics": MANY}, "/metrics"),
        ("createEventLegacy", {"event": {**EVENT, "config": MANY}}, "/event/config"),
        ("createEventBatch", {"events": [EVENT, {**EVENT, "feedback": MANY}]}, "/events/1/feedback"),
        ("updateEventLegacy", {"event_id": SESSION_ID, "config": MANY}, "/config"),
        ("searchEvents", filtered("a" * 501), "/filters/0/field"),
        ("searchEvents", filtered("a." * 11), "/filters/0/field"),
        ("searchEvents", filtered("." * 300_000), "/filters/0/field"),
        ("searchEvents", filtered("a", 101), "/filters"),
        ("exportEventsLegacy", {"projections": ["a"] * 101}, "/projections"),
        ("exportEventsLegacy", {"projections": ["a", "a." * 11]}, "/projections/1"),
        ("exportTraces", spans(1, 10_001), "/resourceSpans/0/scopeSpans/0/spans/1/attributes"),
        ("verifyRequests", {"body": {"x": "y" * 128 * 1024}}, ""),
    ],
)
async def test_what_nobody_needs_is_refused(store: Store, operation_id: str, body: Any, pointer: str) -> None:
    """With the place, and nothing is stored."""
    with pytest.raises(BadRequest) as caught:
        await response_of(store, operation_id, body)
    assert pointer == caught.value.details[0].pointer
    assert await store.count(TENANT, Selection()) == 0


async def test_what_is_within_the_bounds_is_taken(store: Store) -> None:
    """To the last one."""
    most = dict(list(MANY.items())[:10_000])
    await response_of(store, "createEvent", {**EVENT, "metadata": most, "config": most})
    assert (await call(store, "searchEvents", filtered("a" + ".b" * 10, 100)))["events"] == []
    await response_of(store, "exportEventsLegacy", {"projections": ["a" + ".b" * 10] * 100})
    await response_of(store, "exportTraces", spans(10_000))
    assert await store.count(TENANT, Selection()) == 2


async def test_an_event_does_not_grow_without_bounds(store: Store) -> None:
    """By members, or by bytes; what would be too much is refused, and nothing of it is stored."""
    await store.create_or_merge(TENANT, ENTRY, EncodedEvent(b"{}", {}))
    fields = {b'm"%05d"' % number: b"1" for number in range(MAX_FIELDS)}
    assert await store.update(TENANT, ENTRY.event_id, fields)
    for more in ({b'm"one"': b"2"}, {b'm"00000"': b"2", b'm"more"': b"2"}):
        with pytest.raises(BadRequest):
            await store.create_or_merge(TENANT, ENTRY, EncodedEvent(b"{}", more))
    assert await store.update(TENANT, ENTRY.event_id, {b'm"00000"': b"3"})
    for count in (1, 2, 3):
        assert await store.update(TENANT, ENTRY.event_id, {b'm"00000"': b'"%b"' % (b"x" * (MAX_EVENT // 4 * count))})
    with pytest.raises(BadRequest):
        await store.update(TENANT, ENTRY.event_id, {b'm"00000"': b'"%b"' % (b"x" * MAX_EVENT)})
    stored = await store.read(TENANT, ENTRY.event_id)
    assert stored is not None
    assert (MAX_FIELDS, MAX_EVENT // 4 * 3 + 2) == (len(stored.merged), len(stored.merged[b'm"00000"']))


@pytest.mark.parametrize("operation_id", ["searchEvents", "exportEventsLegacy"])
@pytest.mark.parametrize("query", [{}, filtered("event_name", 1)])
async def test_a_page_ends_by_its_size_and_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch, operation_id: str, query: dict[str, Any]
) -> None:
    """What is missing comes with a smaller limit; an event that is larger than a page comes alone."""
    if query:
        query["filters"][0] = {"field": "inputs.text", "operator": "exists", "value": "", "type": "string"}
    for number in range(7):
        await response_of(store, "createEvent", {**EVENT, "inputs": {"text": "x" * 3000}, "start_time": number})
    monkeypatch.setattr(search, "MAX_PAGE", 10_000)
    response = await response_of(store, operation_id, query)
    page = await call(store, operation_id, query)
    assert [6, 5] == [each["start_time"] for each in page["events"]][:2]
    assert (7, True) == (page["count"], len(page["events"]) < 4)
    assert [Fallback("limit", "size")] == list(response.fallbacks)
    seen = []
    for number in range(1, 5):
        small = {**query, "limit": 2, "page": number}
        assert [] == list((await response_of(store, operation_id, small)).fallbacks)
        seen += [each["start_time"] for each in (await call(store, operation_id, small))["events"]]
    assert [6, 5, 4, 3, 2, 1, 0] == seen
    monkeypatch.setattr(search, "MAX_PAGE", 10)
    assert [6] == [each["start_time"] for each in (await call(store, operation_id, query))["events"]]


async def test_a_page_of_the_admin_ends_by_its_size(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one goes on where it ended."""
    monkeypatch.setattr(admin_sessions, "MAX_PAGE", 10_000)
    for number in range(7):
        body = {"inputs": {"text": "x" * 3000}, "start_time": number}
        await response_of(store, "createSession", body)
    seen: list[int] = []
    following: dict[str, str] = {}
    while True:
        page = await call(store, "listSessions", **following)
        assert 0 < len(page["sessions"]) < 4
        seen += [each["session"]["start_time"] for each in page["sessions"]]
        if page["next"] is None:
            break
        following = {"before": page["next"]}
    assert [6, 5, 4, 3, 2, 1, 0] == seen
