"""Who has come, as Redis knows it."""

import asyncio

import pytest

from hivestand.handlers.store.protocol import StoreOptions
from hivestand.handlers.store.redis.events import RedisStore
from hivestand.handlers.store.redis.tenants import RedisTenants
from hivestand.handlers.tenant import tenant_of

pytestmark = pytest.mark.anyio


async def test_those_that_came_last_are_at_the_end(redis_url: str) -> None:
    """However many there are: who follows all tenants follows the last of these."""
    store = RedisStore(redis_url, StoreOptions(prefix="who-came"))
    tenants = store.tenants
    assert isinstance(tenants, RedisTenants)
    await store.barrier.refresh()
    groups = [[tenant_of(f"{group} {number}".encode()) for number in range(150)] for group in range(3)]
    found = await tenants.all()
    for number, group in enumerate(groups, 1):
        for tenant in group:
            tenants.note(tenant)
        async with asyncio.timeout(20):
            while len(found) < 150 * number:
                await asyncio.sleep(0.05)
                found = await tenants.all()
    await store.close()
    assert [set(group) for group in groups] == [set(found[at : at + 150]) for at in (0, 150, 300)]
