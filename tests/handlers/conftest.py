"""Both stores, each opened and empty."""

from collections.abc import AsyncIterator

import pytest
import redis

from skep.handlers.store import Store, store_for


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """A store of each kind; the Redis one on a real server."""
    url = "memory://"
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        with redis.Redis.from_url(url) as client:
            client.flushall()
    opened = store_for(url)
    await opened.open()
    yield opened
    await opened.close()
