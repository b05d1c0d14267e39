"""All stores, each empty."""

from collections.abc import AsyncIterator

import pytest
import redis
from redis_servers import RedisServer

from skep.handlers.store import Store, store_for


@pytest.fixture(params=["memory", "redis", "redis cluster"])
async def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of a store of each kind; those of Redis are real servers."""
    if request.param == "memory":
        return "memory://"
    if request.param == "redis":
        url: str = request.getfixturevalue("redis_url")
        with redis.Redis.from_url(url) as client:
            client.flushall()
        return url
    servers: list[RedisServer] = request.getfixturevalue("cluster")
    for server in servers:
        with server.client() as client:
            client.flushall()
    return f"redis+cluster://127.0.0.1:{servers[0].port}"


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """A store of each kind."""
    opened = store_for(store_url)
    yield opened
    await opened.close()
