"""Fixtures that more than one folder of tests uses."""

import inspect
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import compatibility
import httpx
import pytest
import redis
from node import installed
from redis_servers import RUNNING, RedisServer, cluster_running, redis_running
from support import Running, running
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

PARCELS = 30  # in which the seeded defects are dealt out, so that no process is left with many of them at the end

# what takes longest, or waits for a download; the seeded defects, in many small parcels, fill what is left at the end
FIRST = (
    *("tests/test_docs.py", "tests/test_package.py", "tests/openapi/", "tests/sdk/", "tests/reliability/"),
    *("tests/conformance/", "tests/test_parity.py", "tests/server/console/", "tests/server/test_readiness.py"),
)
LAST = ("tests/mutants/",)

# httpx gives up after five seconds, for which a machine may well be busy with other tests
PATIENT = inspect.signature(httpx.request).parameters["timeout"].default
PATIENT.connect = PATIENT.read = PATIENT.write = PATIENT.pool = 60.0

signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to end, pytest ends the servers that it started


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare how the page of what the SDKs were run with is written."""
    parser.addoption(compatibility.OPTION, action="store_true", help=f"write {compatibility.PAGE.name}")


def pytest_configure(config: pytest.Config) -> None:
    """Collect what is to be on that page."""
    compatibility.configure(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have what takes longest begin first: otherwise all processes wait for one at the end."""

    def rank(item: pytest.Item) -> int:
        place = next((number for number, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))
        return place + item.nodeid.startswith(LAST)

    items.sort(key=rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """A file's tests go to one process, in order; the seeded defects, hundreds in one file, go to all of them."""
    return Scheduling(config, log)


class Scheduling(LoadFileScheduling):
    """By file, but for the seeded defects, which are dealt out in parcels."""

    def _split_scope(self, nodeid: str) -> str:
        """The parcel of a test: its file, or one of `PARCELS` parts of that of the seeded defects."""
        scope: str = super()._split_scope(nodeid)
        return f"{scope} {crc32(nodeid.encode()) % PARCELS}" if scope.startswith("tests/mutants/") else scope


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real Redis that ends with the tests."""
    with redis_running(tmp_path_factory.mktemp("redis")) as server:
        yield server.url


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RedisServer]]:
    """A real cluster of three primaries that ends with the tests."""
    with cluster_running(tmp_path_factory.mktemp("cluster")) as servers:
        yield servers


@pytest.fixture(scope="module", autouse=True)
def _begin_empty() -> None:
    """Keep what the tests of one file leave in Redis from those of the next, which are others in each run.

    The plans stay, as servers that run on it look at those alone for changes.
    """
    for server in RUNNING:
        with server.client() as client, client.pipeline(transaction=False) as pipeline:
            for key in client.scan_iter(count=1000):
                if b":{plans}" not in key:
                    pipeline.unlink(key)
            pipeline.execute()


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    """A client of that Redis, emptied first."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        yield client


@pytest.fixture(scope="session")
def memory_server() -> Iterator[Running]:
    """A `hivestand serve` in memory."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def redis_backed_server(redis_url: str) -> Iterator[Running]:
    """A `hivestand serve` on Redis."""
    with running("--store", redis_url) as server:
        yield server


@pytest.fixture(params=["memory", "redis"])
def server(request: pytest.FixtureRequest) -> Running:
    """A `hivestand serve` of its own process, once for each kind of store."""
    name = {"memory": "memory_server", "redis": "redis_backed_server"}[request.param]
    running_server: Running = request.getfixturevalue(name)
    return running_server


@pytest.fixture(scope="session")
def typescript_sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the TypeScript SDK, installed once for all workers of pytest-xdist."""
    mine = tmp_path_factory.getbasetemp()
    return installed((mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine) / "typescript-sdk")
