"""Proof 5: a Redis that stalls, is slow, or refuses, in the middle of load."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import redis
from load import Ledger, stored, storm
from redis_servers import RedisServer, redis_running, wait_until
from support import TOKEN, free_port, resident, running

from hivestand.server.auth import authenticate

pytestmark = pytest.mark.anyio
Fault = Callable[[RedisServer], AbstractAsyncContextManager[None]]
SECONDS = 2.5  # of each fault: longer than the two that Redis has


class Proxy:
    """A way to Redis that takes its time, in each direction."""

    def __init__(self, port: int) -> None:
        """Listen nowhere yet."""
        self._port = port
        self._forwarding: set[asyncio.Task[None]] = set()
        self.delay = 0.0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Forward until the block ends; gives the URL."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        async with server:
            yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        for forwarding in self._forwarding:
            forwarding.cancel()
        await asyncio.gather(*self._forwarding, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._forwarding.add(asyncio.ensure_future(self._forward(reader, writer)))

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until either side ends, and then close both."""
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        ways = [asyncio.ensure_future(self._pass_on(*way)) for way in ((reader, back), (there, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (back, writer):
                end.close()
                with contextlib.suppress(OSError):
                    await end.wait_closed()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while text := await reader.read(2**16):
            await asyncio.sleep(self.delay)
            writer.write(text)


@asynccontextmanager
async def stalled(server: RedisServer) -> AsyncIterator[None]:
    """Stopped, with its connections open."""
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    yield
    server.process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def out_of_memory(server: RedisServer) -> AsyncIterator[None]:
    """It responses OOM to whatever writes."""
    with server.client() as client:
        client.config_set("maxmemory", 1)
        yield
        client.config_set("maxmemory", 0)


@asynccontextmanager
async def read_only(server: RedisServer) -> AsyncIterator[None]:
    """It responses READONLY, as a primary does that was demoted."""
    with server.client() as client:
        client.replicaof("127.0.0.1", free_port())
        yield
        client.replicaof("NO", "ONE")


@asynccontextmanager
async def without_scripts(server: RedisServer) -> AsyncIterator[None]:
    """It forgets its scripts again and again, and answers NOSCRIPT."""

    async def flush() -> None:
        with server.client() as client:
            while True:
                client.script_flush()
                await asyncio.sleep(0.02)

    flushing = asyncio.create_task(flush())
    yield
    flushing.cancel()


@asynccontextmanager
async def full(server: RedisServer) -> AsyncIterator[None]:
    """It takes no connection more, after it has closed the server's."""
    with server.client() as client, contextlib.ExitStack() as others:
        for _ in range(7):
            others.enter_context(server.client()).ping()
        client.config_set("maxclients", 8)
        client.client_kill_filter(_type="normal", skipme=True, addr=theirs(client))
        yield
        client.config_set("maxclients", 10_000)


def theirs(client: redis.Redis) -> str:
    """The address of the server's connection: the one that runs scripts."""
    return next(str(each["addr"]) for each in client.client_list() if str(each["cmd"]).startswith("eval"))


@pytest.mark.parametrize(
    ("fault", "during"),
    [
        (stalled, 503),
        (out_of_memory, 503),
        (read_only, 503),
        (without_scripts, 200),
        (full, 503),
    ],
)
async def test_a_fault_of_redis_is_a_503_and_passes(
    tmp_path: Path, figures: Callable[..., None], fault: Fault, during: int
) -> None:
    """The right status, soon; then service without a restart; and nothing that was answered is lost."""
    ledger = Ledger()
    durable = ("--appendonly", "yes", "--appendfsync", "always")
    with redis_running(tmp_path, *durable) as store, running("--store", store.url) as server:
        end = asyncio.Event()
        load = asyncio.create_task(storm(ledger, server.address, 16, end))
        await asyncio.sleep(1)
        before = resident(server.process.pid)
        begun = time.monotonic()
        async with fault(store):
            await asyncio.sleep(SECONDS)
            ended = time.monotonic()
        grown = resident(server.process.pid) - before
        await asyncio.sleep(1.5)
        end.set()
        await load
        with store.client() as client:
            wait_until(client.ping, "Redis answers")
        ledger.verify(stored([store], authenticate(f"Bearer {TOKEN}".encode())))
    assert [] == ledger.wrong
    assert {during} == {reply.status for at, reply in ledger.replies if begun + 0.2 < at < ended}
    assert {200} == {reply.status for _, reply in ledger.replies[-10:]}
    assert grown < 10_000_000
    refused = [reply.seconds for _, reply in ledger.replies if reply.status == 503]
    figures(
        f"5. {fault.__name__.replace('_', ' ')}",
        f"{during} while it lasts, then service without a restart; nothing answered is lost",
        returned=ledger.statuses[200],
        refused=ledger.statuses[503],
        lost=0,
        slowest_refusal=f"{max(refused, default=0):.1f} s",
        memory_grown=f"{max(grown, 0) / 1e6:.1f} MB",
    )


async def test_a_redis_that_loads_its_data_is_a_503(tmp_path: Path, figures: Callable[..., None]) -> None:
    """From its end to the moment it has read all it holds; nothing that was answered is lost."""
    ledger = Ledger()
    with redis_running(tmp_path) as store, running("--store", store.url) as server, store.client() as client:
        end = asyncio.Event()
        load = asyncio.create_task(storm(ledger, server.address, 16, end))
        await asyncio.sleep(1)
        client.shutdown(save=True)
        store.kill()
        begun = time.monotonic()
        slowly = ("--key-load-delay", str(int(SECONDS * 1e6 / len(ledger.sessions))))
        store.options = (*slowly, "--loading-process-events-interval-bytes", "1024")
        starting = asyncio.create_task(asyncio.to_thread(store.start))
        loading = 0
        while not starting.done():
            await asyncio.sleep(0.05)
            try:
                client.ping()
            except redis.BusyLoadingError:
                loading += 1
                ended = time.monotonic()
            except redis.ConnectionError:
                pass  # not there yet
        await starting
        await asyncio.sleep(1.5)
        end.set()
        await load
        ledger.verify(stored([store], authenticate(f"Bearer {TOKEN}".encode())))
    assert loading > 5
    assert [] == ledger.wrong
    during = [reply for at, reply in ledger.replies if begun + 0.2 < at < ended]
    assert {503} == {reply.status for reply in during}
    assert {200} == {reply.status for _, reply in ledger.replies[-10:]}
    figures(
        "5. loading",
        "503 while it lasts, then service without a restart; nothing answered is lost",
        returned=ledger.statuses[200],
        refused=ledger.statuses[503],
        lost=0,
        slowest_refusal=f"{max(reply.seconds for reply in during):.1f} s",
    )


@pytest.mark.parametrize(("delay", "during"), [(0.15, 200), (3.0, 503)])
async def test_a_slow_redis_is_waited_for_up_to_the_timeout(
    tmp_path: Path, figures: Callable[..., None], delay: float, during: int
) -> None:
    """As long as it answers within two seconds, so does the server; and it recovers from what is slower."""
    ledger = Ledger()
    with redis_running(tmp_path) as store, contextlib.ExitStack() as stack:
        proxy = Proxy(store.port)
        async with proxy.listening() as url:
            server = await asyncio.to_thread(stack.enter_context, running("--store", url))
            end = asyncio.Event()
            load = asyncio.create_task(storm(ledger, server.address, 16, end))
            await asyncio.sleep(0.5)
            proxy.delay = delay
            begun = time.monotonic()
            await asyncio.sleep(SECONDS * 2)
            ended = time.monotonic()
            proxy.delay = 0.0
            await asyncio.sleep(delay * 2 + 1)
            end.set()
            await load
            await asyncio.to_thread(stack.close)
        ledger.verify(stored([store], authenticate(f"Bearer {TOKEN}".encode())))
    assert [] == ledger.wrong
    assert {during} == {reply.status for at, reply in ledger.replies if begun + 1 < at < ended}
    assert {200} == {reply.status for _, reply in ledger.replies[-10:]}
    figures(
        f"5. each way to Redis takes {delay} s more",
        f"{during} while it lasts, then service without a restart; nothing answered is lost",
        returned=ledger.statuses[200],
        refused=ledger.statuses[503],
        lost=0,
        slowest_answer=f"{max(reply.seconds for _, reply in ledger.replies):.1f} s",
    )
