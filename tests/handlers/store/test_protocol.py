"""The contract that every store keeps."""

import asyncio

import pytest
from support import entry, id_of

from hivestand.handlers.event.encoding import EncodedEvent
from hivestand.handlers.event.index import Selection
from hivestand.handlers.store.protocol import Store, StoreOptions
from hivestand.handlers.store.schemes import store_for
from hivestand.handlers.tenant import tenant_of

A, B = tenant_of(b"a"), tenant_of(b"b")
ID = id_of("id")
ENTRY = entry(ID)
FIRST = EncodedEvent(b'{"event_id":"1"}', {b'm"a"': b"1", b'u"a"': b"2"})
SECOND = EncodedEvent(b'{"event_id":"2"}', {b'm"a"': b"3", b'm"b"': b"4"})

pytestmark = pytest.mark.anyio


async def test_the_first_post_is_kept_whole(store: Store) -> None:
    """What is answered is what is read back."""
    assert FIRST == await store.create_or_merge(A, ENTRY, FIRST)
    assert FIRST == await store.read(A, ID)


async def test_a_second_post_merges_and_changes_nothing_else(store: Store) -> None:
    """The packed part stays as first posted; of merged members the new value wins."""
    await store.create_or_merge(A, ENTRY, FIRST)
    expected = EncodedEvent(FIRST.packed, {b'm"a"': b"3", b'u"a"': b"2", b'm"b"': b"4"})
    assert expected == await store.create_or_merge(A, ENTRY, SECOND)
    assert expected == await store.read(A, ID)


async def test_many_are_kept_or_merged_at_once(store: Store) -> None:
    """Each as if it came alone, in their order, whatever their number and size, and all are counted."""
    large = EncodedEvent(b'"%b"' % (b"x" * 300_000), {b'm"a"': b"1"})
    posts = [EncodedEvent(b"%d" % number, {b'm"%d"' % number: b"1"}) for number in range(1500)]
    events = [(entry(id_of(str(number % 1000))), post) for number, post in enumerate(posts)]
    events += [(entry(id_of(f"large {number}")), large) for number in range(8)]
    await store.create_or_merge(A, events[7][0], FIRST)
    repeated = {event.event_id for event, _ in events[1000:1500]} | {events[7][0].event_id}
    assert (len(events), repeated) == await store.create_or_merge_each(A, events)
    assert (0, set()) == await store.create_or_merge_each(A, [])
    merged = EncodedEvent(FIRST.packed, {**FIRST.merged, b'm"7"': b"1", b'm"1007"': b"1"})
    assert merged == await store.read(A, id_of("7"))
    both = EncodedEvent(b"8", {b'm"8"': b"1", b'm"1008"': b"1"})
    assert both == await store.read(A, id_of("8"))
    assert [posts[700], large] == await store.read_each(A, [id_of("700"), id_of("large 5")])
    assert 1008 == await store.count(A, Selection())
    assert 0 == await store.count(B, Selection())


async def test_an_unknown_id_is_none(store: Store) -> None:
    """Reading makes nothing."""
    assert await store.read(A, ID) is None
    assert await store.read(A, ID) is None


async def test_tenants_share_nothing(store: Store) -> None:
    """The same id of two tenants is two events."""
    await store.create_or_merge(A, ENTRY, FIRST)
    assert await store.read(B, ID) is None
    assert SECOND == await store.create_or_merge(B, ENTRY, SECOND)
    assert FIRST == await store.read(A, ID)


async def test_ids_share_nothing(store: Store) -> None:
    """Two ids of one tenant are two events."""
    await store.create_or_merge(A, entry(id_of("1")), FIRST)
    assert SECOND == await store.create_or_merge(A, entry(id_of("2")), SECOND)
    assert FIRST == await store.read(A, id_of("1"))


async def test_what_is_answered_does_not_change_later(store: Store) -> None:
    """A value that was handed out is not written to by a later merge."""
    returned = await store.create_or_merge(A, ENTRY, FIRST)
    before = dict(returned.merged)
    await store.create_or_merge(A, ENTRY, SECOND)
    assert before == returned.merged


async def test_an_event_without_merged_members(store: Store) -> None:
    """Nothing to spread, on creation and on a merge."""
    bare = EncodedEvent(b"{}", {})
    assert bare == await store.create_or_merge(A, ENTRY, bare)
    assert bare == await store.create_or_merge(A, ENTRY, bare)


@pytest.mark.parametrize("count", [499, 500, 501, 4_001, 50_000])
async def test_any_number_of_members(store: Store, count: int) -> None:
    """More than a script's stack holds, on creation and on a merge."""
    many = EncodedEvent(b"{}", {b'm"%d"' % number: b"%d" % number for number in range(count)})
    assert many == await store.create_or_merge(A, ENTRY, many)
    assert many == await store.create_or_merge(A, ENTRY, many)


async def test_any_bytes_are_kept(store: Store) -> None:
    """Empty values, NUL, and lengths that need each byte of a prefix."""
    values = [b"", b"\x00\xff\r\n", b"x" * 255, b"x" * 256, b"x" * 70_000, b"x" * 17_000_000]
    odd = EncodedEvent(b"\x00{}", {b"m" + bytes([number]): value for number, value in enumerate(values)})
    await store.create_or_merge(A, ENTRY, odd)
    assert odd == await store.read(A, ID)


async def test_concurrent_first_posts_create_one_event(store: Store) -> None:
    """One packed part wins, every member is there, and each response shows its own."""
    posts = [EncodedEvent(b"%d" % number, {b'm"%d"' % number: b"1"}) for number in range(200)]
    responses = await asyncio.gather(*(store.create_or_merge(A, ENTRY, post) for post in posts))
    assert len({response.packed for response in responses}) == 1
    assert all(post.merged.items() <= response.merged.items() for post, response in zip(posts, responses, strict=True))
    stored = await store.read(A, ID)
    assert stored is not None
    assert stored.merged == {b'm"%d"' % number: b"1" for number in range(200)}


async def test_a_reset_forgets_everything_of_a_tenant(store: Store) -> None:
    """However many there are, and nobody else's; an id of before starts anew."""
    ids = [id_of(str(number)) for number in range(1000)]
    await asyncio.gather(
        *(store.create_or_merge(tenant, entry(event_id), FIRST) for event_id in ids for tenant in (A, B))
    )
    await store.reset(A)
    assert {None} == {await store.read(A, event_id) for event_id in ids}
    assert all([FIRST == await store.read(B, event_id) for event_id in ids])
    assert SECOND == await store.create_or_merge(A, entry(id_of("1")), SECOND)
    await store.reset(A)
    await store.reset(A)
    assert await store.read(A, id_of("1")) is None


async def test_nothing_from_before_a_reset_is_seen_after_it(store: Store) -> None:
    """Whoever writes meanwhile; what is written afterwards stays."""
    before = EncodedEvent(b"{}", {b'm"before"': b"1"})
    during = EncodedEvent(b"{}", {b'm"during"': b"1"})
    ids = [id_of(str(number)) for number in range(500)]
    await asyncio.gather(*(store.create_or_merge(A, entry(event_id), before) for event_id in ids))
    await asyncio.gather(store.reset(A), *(store.create_or_merge(A, entry(event_id), during) for event_id in ids * 3))
    after = await asyncio.gather(*(store.create_or_merge(A, entry(event_id), FIRST) for event_id in ids))
    assert not [event for event in after if b'm"before"' in event.merged]
    assert all([event == await store.read(A, event_id) for event_id, event in zip(ids, after, strict=True)])


async def test_an_event_of_a_store_with_a_ttl_is_there_until_then(store_url: str) -> None:
    """And merges like any other; a reset deletes it too."""
    store = store_for(store_url, StoreOptions(ttl=3600))
    await store.create_or_merge(A, ENTRY, FIRST)
    merged = await store.create_or_merge(A, ENTRY, SECOND)
    assert {**FIRST.merged, **SECOND.merged} == merged.merged
    assert merged == await store.read(A, ID)
    await store.reset(A)
    assert await store.read(A, ID) is None
    await store.close()


async def test_an_event_expires(store_url: str) -> None:
    """Its id starts anew then."""
    store = store_for(store_url, StoreOptions(ttl=0.01))
    await store.create_or_merge(A, ENTRY, FIRST)
    await asyncio.sleep(0.1)
    assert await store.read(A, ID) is None
    assert SECOND == await store.create_or_merge(A, ENTRY, SECOND)
    await store.close()


async def test_a_store_that_is_there_checks_out(store: Store) -> None:
    """Checking raises nothing."""
    await store.check()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "memory",
        "sqlite://x",
        "http://127.0.0.1",
        "redis://127.0.0.1:port/0",
        "redis://127.0.0.1:99999/0",
        "redis://127.0.0.1/?socket_timeout=soon",
        "redis://127.0.0.1/?colour=blue",
        "redis://127.0.0.1:0",
        "redis://[::1",
        "redis+cluster://127.0.0.1:1/1",
        "redis+cluster://127.0.0.1:1/?colour=blue",
        "memory+cluster://",
    ],
)
async def test_a_url_of_no_store_is_refused(url: str) -> None:
    """Before anything is connected to."""
    with pytest.raises(ValueError, match=r".+"):
        store_for(url)
