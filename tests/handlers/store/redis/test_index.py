"""The index, on both stores: what is counted and found, and in which order."""

import asyncio
from collections.abc import Callable, Sequence
from random import Random

import pytest
from support import entry, id_of

from hivestand.handlers.event.encoding import EncodedEvent
from hivestand.handlers.event.index import Found, IndexEntry, Selection
from hivestand.handlers.store.protocol import Store
from hivestand.handlers.store.redis import index as index_redis
from hivestand.handlers.tenant import tenant_of

pytestmark = pytest.mark.anyio
TENANT, OTHER = tenant_of(b"a"), tenant_of(b"b")
EVENT = EncodedEvent(b"{}", {})
SESSIONS = [id_of(f"session {number}") for number in range(3)]


def made(number: int) -> IndexEntry:
    """One of many: of three sessions, three types and some names, several starting at the same time."""
    types = "tool", "model", "chain"
    return IndexEntry(
        id_of(str(number)), SESSIONS[number % 3], types[number % 2], f"name {number % 7}", 1000 + (number * 37 % 101)
    )


async def fill(store: Store, count: int) -> Sequence[IndexEntry]:
    """Store so many, one after the other, some of which the other tenant has too."""
    entries = [made(number) for number in range(count)]
    for each in entries:
        await store.create_or_merge(TENANT, each, EVENT)
    for each in entries[:5]:
        await store.create_or_merge(OTHER, each, EVENT)
    return entries


def expected(entries: Sequence[IndexEntry], holds: Callable[[IndexEntry], bool]) -> list[str]:
    """The ids of those selected, the last to start first, and of those the last to come."""
    ordered = sorted((each.start_time, place, each.event_id) for place, each in enumerate(entries) if holds(each))
    return [event_id for _, _, event_id in reversed(ordered)]


SELECTIONS: list[tuple[Selection, Callable[[IndexEntry], bool]]] = [
    (Selection(), lambda _: True),
    (Selection("session_id", (SESSIONS[1],)), lambda each: each.session_id == SESSIONS[1]),
    (Selection("event_type", ("tool",)), lambda each: each.event_type == "tool"),
    (Selection("event_name", ("name 3",)), lambda each: each.event_name == "name 3"),
    (Selection("event_name", ("",)), lambda _: False),
    (Selection(since=1020, until=1060), lambda each: 1020 <= each.start_time <= 1060),
    (Selection(since=1060, until=1020), lambda _: False),
    (
        Selection("event_type", ("model",), since=1050, until=1050),
        lambda each: (each.event_type, each.start_time) == ("model", 1050),
    ),
]


async def test_what_is_selected_is_counted_and_found(store: Store) -> None:
    """By each property and any time, whole or by the page, and nothing of another tenant."""
    entries = await fill(store, 150)
    for selection, holds in SELECTIONS:
        ids = expected(entries, holds)
        assert len(ids) == await store.count(TENANT, selection), selection
        assert ids == [found.event_id for found in await store.find(TENANT, selection, 1000)], selection
        for skip, limit in ((0, 7), (7, 7), (len(ids) - 3 if len(ids) > 3 else 0, 10), (len(ids), 10)):
            page = [found.event_id for found in await store.find(TENANT, selection, limit, skip=skip)]
            assert ids[skip : skip + limit] == page, (selection, skip)


async def test_a_page_goes_on_behind_the_last(store: Store) -> None:
    """However many started at the same time."""
    entries = await fill(store, 60)
    found: list[Found] = []
    while page := await store.find(TENANT, Selection(), 7, before=found[-1] if found else None):
        found += page
    assert expected(entries, lambda _: True) == [each.event_id for each in found]


async def test_far_pages_are_found_by_halving(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as by passing over one after the other."""
    monkeypatch.setattr(index_redis, "MAX_PASSED_OVER", 5)
    entries = await fill(store, 150)
    for selection, holds in SELECTIONS:
        ids = expected(entries, holds)
        for skip in (6, 20, 44, 149, 1000):
            page = [found.event_id for found in await store.find(TENANT, selection, 4, skip=skip)]
            assert ids[skip : skip + 4] == page, (selection, skip)


@pytest.mark.parametrize("start_time", [-(2**63), -1, 0, 2**63 - 1])
async def test_any_time_can_be_found(store: Store, start_time: int) -> None:
    """From the first to the last of 64 bits."""
    await store.create_or_merge(TENANT, entry(id_of("1"), start_time=start_time), EVENT)
    await store.create_or_merge(TENANT, entry(id_of("2"), start_time=5), EVENT)
    selection = Selection(since=start_time, until=start_time)
    assert [start_time] == [found.start_time for found in await store.find(TENANT, selection, 5)]
    assert 2 == await store.count(TENANT, Selection())


async def test_a_merge_changes_nothing_in_the_index(store: Store) -> None:
    """An event is found by what it was created with, once."""
    await store.create_or_merge(TENANT, entry(id_of("1")), EVENT)
    other = entry(id_of("1"), session_id=SESSIONS[0], event_type="tool", event_name="other", start_time=1)
    await store.create_or_merge(TENANT, other, EVENT)
    assert await store.update(TENANT, id_of("1"), {b'm"a"': b"1"})
    assert 1 == await store.count(TENANT, Selection())
    assert 0 == await store.count(TENANT, Selection("event_type", ("tool",)))
    assert 1 == await store.count(TENANT, Selection("session_id", (id_of("1"),)))


async def test_a_reset_empties_the_index(store: Store) -> None:
    """Of one tenant."""
    await fill(store, 50)
    await store.reset(TENANT)
    assert (0, 5) == (await store.count(TENANT, Selection()), await store.count(OTHER, Selection()))
    assert [] == list(await store.find(TENANT, Selection("event_name", ("name 3",)), 10))


async def test_an_update_needs_an_event(store: Store) -> None:
    """It changes the one that there is, and makes none."""
    assert not await store.update(TENANT, id_of("1"), {b'm"a"': b"1"})
    assert await store.read(TENANT, id_of("1")) is None
    await store.create_or_merge(TENANT, entry(id_of("1")), EVENT)
    assert await store.update(TENANT, id_of("1"), {b't"outputs"': b"{}", b'k"a"': b"1"})
    assert await store.update(TENANT, id_of("1"), {b'k"a"': b"2"})
    assert await store.update(TENANT, id_of("1"), {})
    assert EncodedEvent(b"{}", {b't"outputs"': b"{}", b'k"a"': b"2"}) == await store.read(TENANT, id_of("1"))
    assert not await store.update(OTHER, id_of("1"), {})


async def test_events_are_read_together(store: Store) -> None:
    """In the order in which they are asked for, with None for what is not there."""
    ids = [id_of(str(number)) for number in range(300)]
    events = [EncodedEvent(b"%d" % number, {}) for number in range(300)]
    stored = zip(ids[:290], events, strict=False)
    await asyncio.gather(*(store.create_or_merge(TENANT, entry(event_id), event) for event_id, event in stored))
    Random(1).shuffle(ids)  # noqa: S311 - it is no secret
    read = await store.read_each(TENANT, ids)
    assert [await store.read(TENANT, event_id) for event_id in ids] == list(read)
    assert 10 == list(read).count(None)
