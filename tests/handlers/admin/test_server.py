"""The operations of the admin API, on every store."""

import json

import pytest
from support import StoppedClock

from hivestand.handlers.admin.server import get_health, reset
from hivestand.handlers.api.sessions import create_session
from hivestand.handlers.request import Request
from hivestand.handlers.store.protocol import Store, StoreOptions
from hivestand.handlers.store.redis.events import RedisStore
from hivestand.handlers.tenant import tenant_of

pytestmark = pytest.mark.anyio


async def test_it_is_ready_when_its_store_answers(store: Store) -> None:
    """200, with the kind of store and the version."""
    response = await get_health(Request(store, store, StoppedClock()))
    assert response.status == 200
    warnings = list(await store.check())
    health = {"live": True, "ready": True, "store": store.kind, "warnings": warnings, "version": "0.1.0"}
    assert health == json.loads(response.body)


async def test_a_reset_forgets_what_the_tenant_has(store: Store) -> None:
    """And nothing of another's."""
    ours, theirs = (
        Request(store, store, StoppedClock(), tenant_of(token), {"metadata": {"a": 1}}) for token in (b"a", b"b")
    )
    for request in (ours, theirs):
        await create_session(request)
    assert b'{"reset":true}' == (await reset(ours)).body
    merged = [await create_session(request._replace(body={})) for request in (ours, theirs)]
    assert [{}, {"a": 1}] == [json.loads(response.body)["metadata"] for response in merged]


async def test_it_is_live_but_not_ready_when_its_store_is_away() -> None:
    """503, with Retry-After."""
    store = RedisStore("redis://127.0.0.1:1", StoreOptions())
    response = await get_health(Request(store, store, StoppedClock()))
    health = json.loads(response.body)
    assert (503, {"Retry-After": "1"}) == (response.status, response.headers)
    assert (True, False) == (health["live"], health["ready"])
    await store.close()
