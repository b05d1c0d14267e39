"""The plans that workers share."""

import asyncio

import pytest
from support import TOKEN, entry, id_of

from hivestand.handlers.clock import Timing
from hivestand.handlers.errors import StoreUnavailable
from hivestand.handlers.event.encoding import EncodedEvent
from hivestand.handlers.event.index import Selection
from hivestand.handlers.store.memory.events import MemoryStore
from hivestand.handlers.store.plans import ALL_TENANTS, ArmedFault, Plan, combine, decode_plan, encode_plan
from hivestand.handlers.store.protocol import Store, StoreOptions
from hivestand.handlers.store.schemes import store_for
from hivestand.handlers.store.window import Window
from hivestand.handlers.tenant import Tenant, tenant_of

pytestmark = pytest.mark.anyio

TENANT, OTHER = tenant_of(TOKEN.encode()), tenant_of(b"another")
FAULT = ArmedFault("1", TENANT.digest, None, 3, 0.5, 7, {"status": 503})
ID = "0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d10"
EVENT = EncodedEvent(b'{"event_id":"x"}', {b'm"a"': b"1"})


def armed(plan: Plan) -> Plan:
    """The plan with a fault more."""
    return plan._replace(faults=(*plan.faults, FAULT), armed=plan.armed + 1)


def test_a_plan_comes_back() -> None:
    """As it was kept."""
    plan = Plan((FAULT,), Timing(5, 0, 1, 9, TENANT.digest, 2), 4)
    assert plan == decode_plan(encode_plan(plan))


def test_a_tenants_own_time_comes_before_everyones() -> None:
    """Faults add up."""
    own, everyones = Plan((FAULT,), Timing(1, tenant="a")), Plan((FAULT,), Timing(2, tenant="everyone"))
    assert Plan((FAULT, FAULT), Timing(1, tenant="a")) == combine(own, everyones)
    assert Timing(2, tenant="everyone") == (combine(Plan((FAULT,)), everyones) or Plan()).timing
    assert combine(own, None) == own
    assert combine(None, None) is None


async def test_every_worker_has_a_change_once_it_is_answered(store_url: str) -> None:
    """At once where it follows, and when it asks anew otherwise; and so with a reset."""
    stores = [store_for(store_url) for _ in range(1 if store_url == "memory://" else 3)]
    try:
        for store in stores:
            await store.barrier.refresh()
        for number in range(1, 6):
            plan = await stores[0].barrier.change(TENANT, armed)
            assert len(plan.faults) == number
            assert [plan] * len(stores) == [store.plans.plan_for(TENANT) for store in stores]
            assert not [store for store in stores if store.plans.plan_for(OTHER)]
        assert all(store.barrier.is_fresh for store in stores)
        await stores[-1].reset(TENANT)
        assert not [store for store in stores if store.plans.plan_for(TENANT)]
    finally:
        for store in stores:
            await store.close()


async def test_changes_at_once_are_all_there(store: Store) -> None:
    """None undoes another."""
    await store.barrier.refresh()
    await asyncio.gather(*(store.barrier.change(TENANT, armed) for _ in range(10)))
    plan = store.plans.plan_for(TENANT)
    assert plan is not None
    assert (10, 10) == (len(plan.faults), plan.armed)


async def test_a_plan_for_everyone_is_everyones(store: Store) -> None:
    """Whoever asks."""
    await store.barrier.refresh()
    await store.barrier.change(ALL_TENANTS, armed)
    assert Plan((FAULT,), armed=1).faults == (store.plans.plan_for(OTHER) or Plan()).faults
    await store.reset(ALL_TENANTS)
    assert store.plans.plan_for(OTHER) is None


async def registered(store: Store) -> set[Tenant]:
    """The tenants that all workers know of, once each has written down those that it noted."""
    await store.barrier.settle()
    return set(await store.tenants.all())


async def test_tenants_are_known_until_their_reset(store: Store) -> None:
    """And again from their next request on."""
    await store.barrier.refresh()
    store.tenants.note(TENANT)
    store.tenants.note(OTHER)
    assert {TENANT, OTHER} == await registered(store)
    await store.reset(OTHER)
    assert {TENANT} == await registered(store)
    assert store.plans.plan_for(OTHER) is None
    assert {TENANT} == await registered(store)
    store.tenants.note(OTHER)
    assert {TENANT, OTHER} == await registered(store)


async def test_counts_go_on_until_a_reset(store: Store) -> None:
    """Each name by itself."""
    await store.barrier.refresh()
    assert [0, 1, 0] == [await store.counters.next_number(TENANT.digest, name) for name in ("a", "a", "b")]
    assert await store.counters.next_number(OTHER.digest, "a") == 0
    assert [2, 2, 0] == [await store.counters.current_number(TENANT.digest, name) for name in ("a", "a", "c")]
    await store.reset(TENANT)
    assert await store.counters.next_number(TENANT.digest, "a") == 0


async def test_what_is_written_in_a_window_is_visible_later(store: Store) -> None:
    """An update that comes until then is answered, and lost; one that comes after is not."""
    await store.barrier.refresh()
    window = Window(store, 0.2)
    update = EVENT._replace(merged={b'm"b"': b"2"})
    assert await window.create_or_merge(TENANT, entry(ID), EVENT) == EVENT
    assert await store.read(TENANT, ID) is None
    lost = await Window(store, 0).create_or_merge(TENANT, entry(ID), update)
    assert {b'm"a"': b"1", b'm"b"': b"2"} == lost.merged
    while await store.read(TENANT, ID) is None:  # noqa: ASYNC110 - it happens in the store
        await asyncio.sleep(0.02)
    assert await store.read(TENANT, ID) == EVENT
    while await store.hidden.find(TENANT, ID) is not None:  # noqa: ASYNC110 - likewise
        await asyncio.sleep(0.02)
    await window.create_or_merge(TENANT, entry(ID), update)
    assert await store.read(TENANT, ID) == EVENT._replace(merged=lost.merged)


async def test_a_window_says_how_many_were_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the store goes away in the middle; where it was away, that."""
    store = MemoryStore(StoreOptions())
    window, events = Window(store, 5), [(entry(id_of(str(number))), EVENT) for number in range(3)]
    assert (2, set()) == await window.create_or_merge_each(TENANT, events[:2])
    assert 0 == await store.count(TENANT, Selection())
    is_hidden = store.hidden.find

    async def fail_for_the_last(tenant: Tenant, event_id: str) -> bytes | None:
        if event_id == events[2][0].event_id:
            raise StoreUnavailable
        return await is_hidden(tenant, event_id)

    monkeypatch.setattr(store.hidden, "find", fail_for_the_last)
    assert (2, set()) == await window.create_or_merge_each(TENANT, events)
    with pytest.raises(StoreUnavailable):
        await window.create_or_merge_each(TENANT, events[2:])
    await store.close()


async def test_a_reset_closes_windows(store: Store) -> None:
    """What waited to be written never is, and nothing is lost any more."""
    await store.barrier.refresh()
    await Window(store, 0.2).create_or_merge(TENANT, entry(ID), EVENT)
    await store.reset(TENANT)
    assert await store.hidden.find(TENANT, ID) is None
    await asyncio.sleep(0.4)
    assert await store.read(TENANT, ID) is None


async def test_a_worker_that_died_holds_nobody_up_for_long(redis_url: str) -> None:
    """Its word counts for as long as its lease; one that ends says so."""
    dead, ended, living = (store_for(redis_url) for _ in range(3))
    try:
        for store in (dead, ended, living):
            await store.barrier.refresh()
        dead.barrier._following.cancel()  # type: ignore[attr-defined]  # noqa: SLF001 - as if it were killed
        await ended.close()
        async with asyncio.timeout(20):
            await living.barrier.change(TENANT, armed)
        assert not dead.barrier.is_fresh
        await dead.barrier.refresh()
        assert dead.plans.plan_for(TENANT) == living.plans.plan_for(TENANT)
    finally:
        await living.reset(TENANT)
        await dead.close()
        await living.close()
