"""The searches, on all stores."""

from itertools import pairwise
from typing import Any

import pytest
from operation import TENANT, call, event, names, response_of
from support import SESSION_ID, id_of

from hivestand.handlers.api import reading, search
from hivestand.handlers.errors import BadRequest
from hivestand.handlers.event.encoding import text
from hivestand.handlers.event.index import Selection
from hivestand.handlers.event.normalise import Fallback
from hivestand.handlers.store.protocol import Store
from hivestand.handlers.tenant import tenant_of

pytestmark = pytest.mark.anyio
START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
BOTH = ["searchEvents", "exportEventsLegacy"]


def made(number: int) -> dict[str, Any]:
    """One of many."""
    return {
        "event_type": ("tool", "model")[number % 2],
        "event_name": f"name {number}",
        "session_id": id_of(f"session {number % 3}"),
        "start_time": START + number // 2 * 1000,  # two at a time
        "inputs": {},
        "duration": number,
        "metadata": {"number": number, "third": number % 3 == 0, **({"run_id": "run"} if number < 4 else {})},
    }


async def fill(store: Store, count: int = 30) -> None:
    """Store so many, in order."""
    for number in range(count):
        await call(store, "createEvent", made(number))


def where(field: str, operator: str, value: Any, type_: str = "string") -> dict[str, Any]:
    """A filter."""
    return {"field": field, "operator": operator, "value": value, "type": type_}


@pytest.mark.parametrize("operation_id", BOTH)
async def test_what_began_last_comes_first(store: Store, operation_id: str) -> None:
    """And of those that began at once what came last; every page together is all there is."""
    await fill(store)
    everything = [f"name {number}" for number in reversed(range(30))]
    assert everything == await names(store, operation_id)
    pages = [await names(store, operation_id, limit=7, page=page) for page in range(1, 7)]
    assert everything == [name for page in pages for name in page]
    assert [7, 7, 7, 7, 2, 0] == [len(page) for page in pages]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([where("session_id", "is", id_of("session 1"))], lambda number: number % 3 == 1),
        ([where("session_id", "is", id_of("session 1").upper())], lambda number: number % 3 == 1),
        ([where("session_id", "is", "nobody's")], lambda _: False),
        ([where("event_name", "is", "name 7")], lambda number: number == 7),
        ([where("event_type", "is", "tool")], lambda number: number % 2 == 0),
        ([where("event_type", "is not", "tool")], lambda number: number % 2 == 1),
        ([where("metadata.number", "less than", 5, "number")], lambda number: number < 5),
        ([where("metadata.third", "is", value=True, type_="boolean")], lambda number: number % 3 == 0),
        ([where("metadata.nothing", "exists", None)], lambda _: False),
        ([where("start_time", "after", START + 5000, "datetime")], lambda number: number >= 12),
        ([where("start_time", "before", "2026-01-01T00:00:02Z", "datetime")], lambda number: number < 4),
        ([where("start_time", "is", START + 2000, "number")], lambda number: number in {4, 5}),
        ([where("start_time", "greater than", 1e300, "number")], lambda _: False),
        (
            [where("event_type", "is", "model"), where("duration", "greater than", 20, "number")],
            lambda number: number % 2 == 1 and number > 20,
        ),
        (
            [where("session_id", "is", id_of("session 0")), where("session_id", "is", id_of("session 1"))],
            lambda _: False,
        ),
        (
            [
                where("start_time", "after", START + 1000, "datetime"),
                where("start_time", "before", START + 3000, "datetime"),
            ],
            lambda number: number in {4, 5},
        ),
    ],
)
@pytest.mark.parametrize("operation_id", BOTH)
async def test_every_filter_holds_of_what_is_found(
    store: Store, operation_id: str, filters: list[dict[str, Any]], expected: Any
) -> None:
    """By what is indexed and by what is not; the count is that of all pages."""
    await fill(store)
    ids = [number for number in reversed(range(30)) if expected(number)]
    found = await call(store, operation_id, {"filters": filters, "limit": 5})
    assert [f"name {number}" for number in ids[:5]] == [each["event_name"] for each in found["events"]]
    assert len(ids) == found["count"]


async def test_one_event_is_found_by_its_id(store: Store) -> None:
    """If the other filters and dates hold of it."""
    await fill(store, 3)
    own = {**made(3), "event_id": SESSION_ID}
    await call(store, "createEvent", own)
    by_id = where("event_id", "is", SESSION_ID.upper())
    assert ["name 3"] == await names(store, filters=[by_id])
    assert ["name 3"] == await names(store, filters=[by_id, where("event_type", "is", "model")])
    assert [] == await names(store, filters=[by_id, where("event_type", "is", "tool")])
    assert [] == await names(store, filters=[by_id], dateRange={"start_time": "2026-01-01T00:01:00Z"})
    assert [] == await names(store, filters=[by_id], page=2)
    assert [] == await names(store, filters=[where("event_id", "is", id_of("nobody"))])


@pytest.mark.parametrize(
    ("operation_id", "first", "last"), [(BOTH[0], "start_time", "end_time"), (BOTH[1], "$gte", "$lte")]
)
async def test_dates_have_both_ends(store: Store, operation_id: str, first: str, last: str) -> None:
    """To the millisecond, in any zone; an end that is not sent is none."""
    await fill(store)
    dates = {first: "2026-01-01T00:00:02Z", last: "2026-01-01T01:00:03+01:00"}
    assert ["name 7", "name 6", "name 5", "name 4"] == await names(store, operation_id, dateRange=dates)
    assert 26 == len(await names(store, operation_id, dateRange={first: "2026-01-01T00:00:02.000Z"}))
    assert 4 == len(await names(store, operation_id, dateRange={last: "2026-01-01T00:00:01.999Z"}))
    assert 4 == len(await names(store, operation_id, dateRange={last: "2026-01-01T00:00:01.999"}))
    assert [] == await names(store, operation_id, dateRange={first: "2027-01-01", last: "2026-01-01"})


async def test_events_of_a_run_are_found(store: Store) -> None:
    """By what their metadata say."""
    await fill(store)
    assert ["name 3", "name 2", "name 1", "name 0"] == await names(store, evaluation_id="run")


async def test_an_export_has_what_is_asked_for(store: Store) -> None:
    """Paths lead to members where they are; what there is not is left out."""
    await fill(store, 1)
    body = {"projections": ["event_name", "metadata.number", "metadata.nothing", "inputs.x", "colour"]}
    found = await call(store, "exportEventsLegacy", body)
    assert [{"event_name": "name 0", "metadata": {"number": 0}}] == found["events"]


async def test_a_search_shows_events_as_they_are(store: Store) -> None:
    """After updates; a session is an event."""
    await call(store, "createSession", {"session_id": SESSION_ID})
    await call(store, "updateEvent", {"metrics": {"score": 1}, "outputs": {"a": [1]}}, event_id=SESSION_ID)
    found = await call(store, "searchEvents", {"filters": [where("metrics.score", "is", 1, "number")]})
    assert [await event(store, SESSION_ID)] == found["events"]


async def test_nothing_of_another_tenant_is_found(store: Store) -> None:
    """By no filter."""
    await fill(store, 3)
    for filters in ([], [where("session_id", "is", id_of("session 0"))], [where("duration", "less than", 9, "number")]):
        response = await response_of(store, "searchEvents", {"filters": filters}, tenant=tenant_of(b"other"))
        assert b'{"events":[],"count":0}' == response.body


async def test_a_scan_goes_in_steps(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small, it looks at each event once."""
    monkeypatch.setattr(search, "FOUND_AT_ONCE", 4)
    monkeypatch.setattr(search, "READ_AT_ONCE", 3)
    await fill(store)
    found = await call(store, "searchEvents", {"filters": [where("duration", "greater than", -1, "number")]})
    assert 30 == found["count"]
    numbers = [each["duration"] for each in found["events"]]
    assert all(later > earlier for later, earlier in pairwise(numbers))


async def test_what_goes_meanwhile_is_not_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that the index names and that expired is passed over."""
    await fill(store, 5)
    read_each = store.read_each

    async def without_the_first(tenant: Any, ids: Any) -> Any:
        return [None, *(await read_each(tenant, ids))[1:]]

    monkeypatch.setattr(store, "read_each", without_the_first)
    assert ["name 3", "name 2", "name 1", "name 0"] == await names(store)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"limit": 0}, ["/limit"]),
        ({"limit": 1001}, ["/limit"]),
        ({"limit": 1.5}, ["/limit"]),
        ({"limit": "5"}, ["/limit"]),
        ({"limit": True}, ["/limit"]),
        ({"page": 0}, ["/page"]),
        ({"page": 10**20}, ["/page"]),
        ({"filters": {}}, ["/filters"]),
        ({"filters": [{}] * 1001}, ["/filters"]),
        (
            {"filters": [7, {}, {"field": "a", "operator": "resembles", "value": 1}]},
            ["/filters/0", "/filters/1/field", "/filters/2/operator"],
        ),
        ({"filters": [where("a", "is", 1, "colour")]}, ["/filters/0/type"]),
        ({"filters": [where("a", "after", "x", "string")]}, ["/filters/0/type"]),
        ({"filters": [where("a", "after", "x", "datetime")]}, ["/filters/0/value"]),
        ({"filters": [where("a", "is", "x", "number")]}, ["/filters/0/value"]),
        ({"filters": [where("", "is", "x")]}, ["/filters/0/field"]),
        ({"dateRange": []}, ["/dateRange"]),
        (
            {"dateRange": {"start_time": "yesterday", "end_time": True}},
            ["/dateRange/start_time", "/dateRange/end_time"],
        ),
        ({"evaluation_id": 7}, ["/evaluation_id"]),
    ],
)
async def test_what_cannot_be_understood_is_refused(store: Store, body: Any, pointers: list[str]) -> None:
    """Under either profile: what it answered would be taken for the truth."""
    with pytest.raises(BadRequest) as caught:
        await call(store, "searchEvents", body)
    assert pointers == [detail.pointer for detail in caught.value.details]


async def test_an_export_has_its_own_limits(store: Store) -> None:
    """Larger pages, numbers as doubles, filters that name their type, projections that are names."""
    assert {"events": [], "count": 0} == await call(store, "exportEventsLegacy", {"limit": 7500.0, "page": 1.0})
    untyped = {"field": "a", "operator": "is", "value": 1}
    for body in ({"limit": 7501}, {"filters": [untyped]}, {"projections": "event_name"}, {"projections": [7]}):
        with pytest.raises(BadRequest):
            await call(store, "exportEventsLegacy", body)
    assert {"events": [], "count": 0} == await call(store, "searchEvents", {"filters": [untyped]})


async def test_what_is_not_used_is_told(store: Store) -> None:
    """What is unknown; null is as good as absent."""
    body = {"colour": 1, "limit": None, "filters": None, "dateRange": {"gte": "x"}, "ignore_order": True}
    told = (await response_of(store, "searchEvents", body)).fallbacks
    assert [Fallback("colour", "unknown"), Fallback("/dateRange/gte", "unknown")] == list(told)


async def test_the_index_alone_answers_for_what_is_indexed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page reads as many events as it has."""
    await fill(store)
    seen: list[Any] = []

    def seeing(*arguments: Any) -> bytes:
        seen.append(1)
        return text(*arguments)

    monkeypatch.setattr(reading, "text", seeing)
    await names(store, filters=[where("event_type", "is", "tool")], limit=3)
    assert 3 == len(seen)
    assert 15 == await store.count(TENANT, Selection("event_type", ("tool",)))
