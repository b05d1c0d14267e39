"""All stores, each empty."""

from collections.abc import AsyncIterator, Iterator

import pytest
import redis
from redis_servers import RedisServer, redis_running

from hivestand.handlers.store.protocol import Store
from hivestand.handlers.store.schemes import store_for


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis that no server uses, so that its keys and connections are those of the test alone."""
    with redis_running(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


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
