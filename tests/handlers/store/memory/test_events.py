"""What the memory store has of its own; the rest is `test_store.py`."""

import subprocess
import sys

import pytest
from support import SESSION_ID, id_of

from hivestand.handlers.event.encoding import EncodedEvent
from hivestand.handlers.event.index import IndexEntry, Selection
from hivestand.handlers.store.memory.counters import MAX_COUNTERS, MemoryCounters
from hivestand.handlers.store.memory.events import EXPIRED_PER_WRITE, MemoryStore
from hivestand.handlers.store.memory.tenants import MemoryTenants
from hivestand.handlers.store.protocol import StoreOptions
from hivestand.handlers.store.tenants import MAX_TENANTS
from hivestand.handlers.tenant import tenant_of

TENANT = tenant_of(b"t")
EVENT = EncodedEvent(b"{}", {b'm"a"': b"1"})


def test_the_memory_store_imports_no_redis() -> None:
    """Only the store that is used is imported."""
    code = (
        "import sys; from hivestand.handlers.store.schemes import store_for; store_for('memory://');"
        " print('redis' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


class Time:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.seconds = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.seconds


def entry_of(number: int) -> IndexEntry:
    """The index entry of an event of one session, each later than the one before."""
    return IndexEntry(id_of(str(number)), SESSION_ID, "tool", "n", number)


@pytest.mark.anyio
async def test_events_that_expire_are_not_there_and_cost_no_write_much() -> None:
    """A write deletes a few of them; whoever looks at the index, all; nobody sees one."""
    time = Time()
    store = MemoryStore(StoreOptions(ttl=10), time)
    for number in range(3000):
        await store.create_or_merge(TENANT, entry_of(number), EVENT)
    time.seconds = 11.0
    assert await store.read(TENANT, id_of("7")) is None
    assert not await store.update(TENANT, id_of("8"), {b'm"a"': b"1"})
    assert [None, None] == list(await store.read_each(TENANT, [id_of("9"), id_of("10")]))
    await store.create_or_merge(TENANT, entry_of(4000), EVENT)
    left = len(store._events[TENANT.digest])  # noqa: SLF001 - what is held, which nobody can see otherwise
    assert 3001 - 4 - 2 * EXPIRED_PER_WRITE <= left < 3001
    assert 1 == await store.count(TENANT, Selection())
    assert 1 == len(store._events[TENANT.digest])  # noqa: SLF001
    assert [4000] == [found.start_time for found in await store.find(TENANT, Selection(), 10)]
    again = await store.create_or_merge(TENANT, entry_of(1), EncodedEvent(b"{}", {b'm"new"': b"1"}))
    assert {b'm"new"': b"1"} == again.merged
    time.seconds = 22.0
    assert 0 == await store.count(TENANT, Selection())
    assert {} == store._events  # noqa: SLF001


@pytest.mark.anyio
async def test_a_write_prolongs_an_event() -> None:
    """It expires as long after that."""
    time = Time()
    store = MemoryStore(StoreOptions(ttl=10), time)
    await store.create_or_merge(TENANT, entry_of(1), EVENT)
    await store.create_or_merge(TENANT, entry_of(2), EVENT)
    time.seconds = 9.0
    assert await store.update(TENANT, id_of("1"), {b'm"a"': b"2"})
    time.seconds = 11.0
    assert 1 == await store.count(TENANT, Selection())
    assert [1] == [found.start_time for found in await store.find(TENANT, Selection(), 10)]


def test_only_so_many_tenants_are_registered() -> None:
    """The one that came first is forgotten; its next request registers it again."""
    tenants = MemoryTenants()
    every = [tenant_of(str(number).encode()) for number in range(MAX_TENANTS + 1)]
    for tenant in every:
        tenants.note(tenant)
    assert (MAX_TENANTS, False, True) == (
        len(tenants.noted),
        every[0].digest in tenants.noted,
        every[-1].digest in tenants.noted,
    )
    tenants.note(every[0])
    assert every[0].digest in tenants.noted


@pytest.mark.anyio
async def test_counters_of_faults_that_are_gone_are_forgotten() -> None:
    """Those in use are not."""
    counters = MemoryCounters()
    for number in range(3 * MAX_COUNTERS):
        assert await counters.next_number("t", "in use") == number
        assert await counters.next_number("t", str(number)) == 0
    assert await counters.current_number("t", "0") == 0
    assert len(counters._numbers["t"]) <= MAX_COUNTERS  # noqa: SLF001 - what is held, which nobody can see otherwise
