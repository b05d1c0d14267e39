"""The health of the server."""

import json

import pytest
from support import StoppedClock

from skep.handlers.control import get_health
from skep.handlers.request import Request
from skep.handlers.store import Store, StoreOptions
from skep.handlers.store_redis import RedisStore

pytestmark = pytest.mark.anyio


async def test_it_is_ready_when_its_store_answers(store: Store) -> None:
    """200, with the kind of store and the version."""
    answer = await get_health(Request(store, StoppedClock()))
    assert answer.status == 200
    assert {"live": True, "ready": True, "store": store.kind, "version": "0.1.0"} == {
        name: value for name, value in json.loads(answer.body).items() if name != "warnings"
    }


async def test_it_is_live_but_not_ready_when_its_store_is_away() -> None:
    """503, with Retry-After."""
    store = RedisStore("redis://127.0.0.1:1", StoreOptions())
    answer = await get_health(Request(store, StoppedClock()))
    health = json.loads(answer.body)
    assert (503, {"Retry-After": "1"}) == (answer.status, answer.headers)
    assert (True, False) == (health["live"], health["ready"])
    await store.close()
