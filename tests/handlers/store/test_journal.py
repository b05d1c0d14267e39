"""The journals of either store."""

from collections.abc import Sequence
from functools import partial

import pytest
from support import TOKEN

from hivestand.handlers.store.journal import (
    MAX_BODY,
    JournalEntry,
    StoredEntry,
    pack,
    render,
    unpack,
    without_secrets,
)
from hivestand.handlers.store.memory.journal import MemoryJournal
from hivestand.handlers.store.protocol import Store, StoreOptions
from hivestand.handlers.store.schemes import store_for
from hivestand.handlers.tenant import tenant_of

pytestmark = pytest.mark.anyio

TENANT, OTHER = tenant_of(TOKEN.encode()), tenant_of(b"another")
ENTRY = JournalEntry(
    time=1_700_000_000_000,
    duration=1.5,
    method="POST",
    path="/v1/sessions",
    query="",
    operation="createSession",
    profile="lenient",
    status=200,
    fallbacks="",
    faults=["1: status"],
    request_headers=[
        (b"authorization", b"Bearer secret"),
        (b"accept", b"1"),
        (b"accept", b"2"),
        (b"x-api-key", b"secret"),
    ],
    request_body=b'{"n": 12345678901234567890123}',
    response_headers=[(b"content-type", b"application/json")],
    response_body=b"{}",
)


def packed_of(entry: JournalEntry) -> bytes:
    """The entry, packed."""
    return pack(entry[:10], entry.request_headers, entry.request_body, entry.response_headers, entry.response_body)


def times(kept: Sequence[StoredEntry]) -> list[int]:
    """When the requests of the entries came."""
    return [unpack(each.packed).time for each in kept]


async def add(store: Store, count: int, first: int = 0) -> None:
    """Keep entries of these times."""
    for number in range(first, first + count):
        store.journal.add(TENANT, partial(packed_of, ENTRY._replace(time=number)))
        await store.barrier.settle()


async def test_entries_are_found_newest_first(store: Store) -> None:
    """In pages, each by the last id of the one before; and one by one."""
    await store.barrier.refresh()
    await add(store, 5)
    first = await store.journal.newest(TENANT, None, 3)
    assert [4, 3, 2] == times(first)
    assert [1, 0] == times(await store.journal.newest(TENANT, first[-1].id, 3))
    assert first[1] == await store.journal.one(TENANT, first[1].id)
    assert await store.journal.one(TENANT, "1-1") is None


async def test_a_journal_is_its_tenants(store: Store) -> None:
    """Others do not see it; cleared or reset, it is empty, and goes on."""
    await store.barrier.refresh()
    await add(store, 2)
    (newest, _) = await store.journal.newest(TENANT, None, 3)
    assert not await store.journal.newest(OTHER, None, 3)
    assert await store.journal.one(OTHER, newest.id) is None
    await store.journal.clear(TENANT)
    assert not await store.journal.newest(TENANT, None, 3)
    await add(store, 1)
    await store.reset(TENANT)
    assert not await store.journal.newest(TENANT, None, 3)
    await add(store, 1, first=7)
    assert [7] == times(await store.journal.newest(TENANT, None, 3))


async def test_the_oldest_go_first(store_url: str) -> None:
    """At most as many as were asked for."""
    store = store_for(store_url, StoreOptions(journal=3))
    try:
        await store.barrier.refresh()
        await add(store, 5)
        assert [4, 3, 2] == times(await store.journal.newest(TENANT, None, 10))
        assert store.journal.is_on
        assert not store_for(store_url, StoreOptions(journal=0)).journal.is_on
    finally:
        await store.reset(TENANT)
        await store.close()


async def test_memory_is_bounded_over_all_tenants() -> None:
    """Whoever's is the oldest goes."""
    journal = MemoryJournal(1000, most_memory=3000)
    for number in range(20):
        journal.add(TENANT if number % 2 else OTHER, partial(packed_of, ENTRY._replace(time=number)))
    kept = sorted(times([*await journal.newest(TENANT, None, 99), *await journal.newest(OTHER, None, 99)]))
    assert kept == list(range(20 - len(kept), 20))
    assert 2 <= len(kept) <= 7


def test_secrets_are_blank() -> None:
    """From the first byte that is kept on."""
    packed = packed_of(ENTRY)
    assert b"secret" not in packed
    headers = render(StoredEntry("1-1", packed), TENANT)["request"]["headers"]
    assert {"authorization": "***", "accept": "1, 2", "x-api-key": "***"} == headers


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ""),
        ("limit=7&page=2", "limit=7&page=2"),
        ("key=secret&limit=7&API_KEY=secret", "key=***&limit=7&API_KEY=***"),
        ("secret", "***"),
        ("a=secret=secret&&b", "a=***&&***"),
    ],
)
def test_keys_in_a_query_are_blank(query: str, kept: str) -> None:
    """Only what is known to be harmless is kept."""
    assert kept == without_secrets(query)


def test_an_entry_comes_back() -> None:
    """As it was kept, but for secrets."""
    found = unpack(packed_of(ENTRY))
    assert ENTRY.request_body == found.request_body
    assert ENTRY[:10] == found[:10]
    assert (len(ENTRY.request_body), 2) == (found.request_size, found.response_size)


@pytest.mark.parametrize(
    ("body", "encoding", "shown"),
    [
        (b"[1]", "json", None),
        (b"null", "json", None),
        (b"{", "text", "{"),
        (b"", "text", ""),
        (b"\xff\x00", "base64", "/wA="),
    ],
)
def test_a_body_is_shown_as_what_it_is(body: bytes, encoding: str, shown: str | None) -> None:
    """JSON, text, or bytes."""
    request = render(StoredEntry("1-1", packed_of(ENTRY._replace(request_body=body))), TENANT)["request"]
    assert (encoding, len(body), False) == (request["encoding"], request["size"], request["cut"])
    if shown is not None:
        assert shown == request["body"]


def test_large_bodies_are_cut() -> None:
    """To 64 KiB, within a character too; their size is told."""
    body = ("é" * MAX_BODY).encode()[1:]
    request = render(StoredEntry("1-1", packed_of(ENTRY._replace(request_body=b"x" + body[1:] + b"x"))), TENANT)[
        "request"
    ]
    assert (True, 2 * MAX_BODY, "text") == (request["cut"], request["size"], request["encoding"])
    assert MAX_BODY - 4 < len(request["body"].encode()) <= MAX_BODY
