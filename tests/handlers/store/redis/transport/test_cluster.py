"""What a cluster adds: slots that move, and servers that go; on real servers."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.crc import key_slot
from redis_servers import RedisServer, cluster_running, wait_until
from support import entry, event_key, id_of, index_key, totals_key

from hivestand.handlers.errors import StoreUnavailable
from hivestand.handlers.event.encoding import EncodedEvent
from hivestand.handlers.store.protocol import Store, StoreOptions
from hivestand.handlers.store.redis import events
from hivestand.handlers.store.schemes import store_for
from hivestand.handlers.tenant import tenant_of

TENANT = tenant_of(b"a")
ID = id_of("id")
ENTRY = entry(ID)
EVENT = EncodedEvent(b"{}", {b'm"a"': b"1"})
MERGED = EncodedEvent(b"{}", {b'm"a"': b"1", b'm"b"': b"2"})
MERGE = EncodedEvent(b"", {b'm"b"': b"2"})
IDS = [id_of(str(number)) for number in range(300)]

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RedisServer]]:
    """A cluster of its own, as its slots are moved about."""
    with cluster_running(tmp_path_factory.mktemp("moving")) as running:
        yield running


@pytest.fixture(autouse=True)
def _checked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each check looks at the servers."""
    monkeypatch.setattr(events, "CHECKED_SECONDS", 0)


@pytest.fixture
async def store(servers: list[RedisServer]) -> AsyncIterator[Store]:
    """A store on it, which has just looked at the map."""
    for server in servers:
        with server.client() as client:
            client.flushall()
    opened = store_for(f"redis+cluster://127.0.0.1:{servers[0].port}")
    await opened.check()
    yield opened
    await opened.close()


class Move:
    """A slot on its way from the server that holds it to another, in the steps of the Redis cluster specification."""

    def __init__(self, servers: list[RedisServer], slot: int) -> None:
        """Find who holds it."""
        self.slot = slot
        self.servers = servers
        ranges = servers[0].command("CLUSTER SLOTS")
        port = next(primary[1] for first, last, primary, *_ in ranges if first <= slot <= last)
        self.source = next(server for server in servers if server.port == port)
        self.target = next(server for server in servers if server.port != port)

    def begin(self) -> None:
        """From now on what is not at the source is asked for at the target."""
        self.target.command("CLUSTER SETSLOT", self.slot, "IMPORTING", self.source.command("CLUSTER MYID"))
        self.source.command("CLUSTER SETSLOT", self.slot, "MIGRATING", self.target.command("CLUSTER MYID"))

    def carry(self, *keys: str) -> None:
        """Move keys."""
        self.source.command("MIGRATE", "127.0.0.1", self.target.port, "", 0, 5000, "KEYS", *keys)

    def end(self) -> None:
        """From now on the target holds the slot."""
        for server in (self.target, self.source, *self.servers):
            server.command("CLUSTER SETSLOT", self.slot, "NODE", self.target.command("CLUSTER MYID"))


async def test_a_tenant_is_spread_over_all_servers(store: Store, servers: list[RedisServer]) -> None:
    """None has less than half of its share."""
    await asyncio.gather(*(store.create_or_merge(TENANT, entry(event_id), EVENT) for event_id in IDS))
    shares = []
    for server in servers:
        with server.client() as client:
            shares.append(len(list(client.scan_iter(match=f"hivestand:{{{TENANT.digest}:*}}:*-*", count=10_000))))
    assert sum(shares) == len(IDS)
    assert min(shares) > len(IDS) / 6


async def test_a_slot_that_moves_is_followed(store: Store, servers: list[RedisServer]) -> None:
    """Before, while and after its keys are moved, the session is one."""
    await store.create_or_merge(TENANT, ENTRY, EVENT)
    move = Move(servers, key_slot(index_key(TENANT, ID).encode()))
    move.begin()
    assert EVENT == await store.create_or_merge(TENANT, ENTRY, EVENT)
    move.carry(event_key(TENANT, ID), index_key(TENANT, ID), totals_key(TENANT, ID))
    assert MERGED == await store.create_or_merge(TENANT, ENTRY, MERGE)
    move.end()
    assert MERGED == await store.create_or_merge(TENANT, ENTRY, MERGE)
    assert MERGED == await store.read(TENANT, ID)
    await store.reset(TENANT)
    assert await store.read(TENANT, ID) is None


async def test_an_event_that_is_half_moved_is_tried_again(store: Store, servers: list[RedisServer]) -> None:
    """Redis answers TRYAGAIN while an event is at one server and its index at the other; nothing is written then."""
    await store.create_or_merge(TENANT, ENTRY, EVENT)
    move = Move(servers, key_slot(index_key(TENANT, ID).encode()))
    move.begin()
    move.carry(event_key(TENANT, ID))
    with pytest.raises(StoreUnavailable):
        await store.create_or_merge(TENANT, ENTRY, MERGE)
    trying = asyncio.create_task(store.create_or_merge(TENANT, ENTRY, MERGE))
    await asyncio.sleep(0.07)
    move.carry(index_key(TENANT, ID), totals_key(TENANT, ID))
    move.end()
    assert MERGED == await trying


async def test_a_reset_loses_sight_of_nothing_that_moves(store: Store, servers: list[RedisServer]) -> None:
    """With the index at one server and its event at the other, it is refused; afterwards it finds the event."""
    await store.create_or_merge(TENANT, ENTRY, EVENT)
    move = Move(servers, key_slot(index_key(TENANT, ID).encode()))
    move.begin()
    move.carry(index_key(TENANT, ID))
    with pytest.raises(StoreUnavailable):
        await store.reset(TENANT)
    move.carry(event_key(TENANT, ID), totals_key(TENANT, ID))
    move.end()
    assert EVENT == await store.read(TENANT, ID)
    await store.reset(TENANT)
    assert await store.read(TENANT, ID) is None


async def test_the_health_looks_at_the_map_anew(store: Store, servers: list[RedisServer]) -> None:
    """Nobody need post before a failover is noticed: here, that a slot has no server, and has one again."""
    assert len(await store.check()) == 1
    holder = next(server for server in servers if server.command("CLUSTER COUNTKEYSINSLOT", 0) is not None)
    for server in servers:
        server.command("CLUSTER DELSLOTS", 0)
    with pytest.raises(StoreUnavailable):
        await store.check()
    for server in servers:
        server.command("CLUSTER SETSLOT", 0, "NODE", holder.command("CLUSTER MYID"))
    wait_until(lambda: {server.command("CLUSTER INFO")["cluster_state"] for server in servers} == {"ok"}, "it is whole")
    assert len(await store.check()) == 1


@pytest.mark.parametrize("option", ["decode_responses=yes", "socket_timeout=0.001"])
async def test_an_option_in_the_url_does_not_change_what_is_ours(servers: list[RedisServer], option: str) -> None:
    """Replies stay bytes, and time-outs are the store's."""
    store = store_for(f"redis+cluster://127.0.0.1:{servers[0].port}?{option}")
    await store.create_or_merge(TENANT, entry(id_of("option")), EVENT)
    assert EVENT == await store.read(TENANT, id_of("option"))
    await store.close()


@pytest.mark.parametrize("turns", [0, 2, 3])
async def test_a_process_that_is_kept_from_the_processor_still_reads_the_map(
    servers: list[RedisServer], turns: int
) -> None:
    """Whatever it was about to do: its clock goes on while it does nothing, and that says nothing of the cluster."""
    store = store_for(f"redis+cluster://127.0.0.1:{servers[0].port}", StoreOptions(timeout=2))
    call = asyncio.create_task(store.create_or_merge(TENANT, entry(id_of("first")), EVENT))
    for _ in range(turns):
        await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(time.sleep, 2.2)
    assert EVENT == await call
    await store.close()


async def test_a_server_that_is_no_cluster_is_refused(redis_url: str) -> None:
    """By one that is asked for the map."""
    store = store_for(redis_url.replace("redis://", "redis+cluster://"))
    with pytest.raises(StoreUnavailable):
        await store.check()
    with pytest.raises(StoreUnavailable):
        await store.create_or_merge(TENANT, ENTRY, EVENT)
    await store.close()


async def test_a_lost_server_costs_its_slots_alone(tmp_path: Path) -> None:
    """The sessions of the others are served, its own come back with it, and the health tells."""
    durable = ("--appendonly", "yes", "--appendfsync", "always")
    with cluster_running(tmp_path, "--cluster-require-full-coverage", "no", *durable) as servers:
        patient = StoreOptions(timeout=20)  # a disk that is written to after each call may be slow
        store = store_for(f"redis+cluster://127.0.0.1:{servers[0].port}", patient)
        await asyncio.gather(*(store.create_or_merge(TENANT, entry(event_id), EVENT) for event_id in IDS))
        servers[0].kill()
        for _ in range(2):
            posts = (store.create_or_merge(TENANT, entry(event_id), MERGE) for event_id in IDS)
            responses = await asyncio.gather(*posts, return_exceptions=True)
            served = [response for response in responses if response == MERGED]
            refused = [response for response in responses if isinstance(response, StoreUnavailable)]
            assert len(served) + len(refused) == len(IDS)
            assert len(served) > len(IDS) / 2
            assert len(refused) > len(IDS) / 6
            with pytest.raises(StoreUnavailable):
                await store.check()
        servers[0].start()
        wait_until(lambda: servers[0].command("CLUSTER INFO")["cluster_state"] == "ok", "it is back")
        responses = await asyncio.gather(*(store.create_or_merge(TENANT, entry(event_id), MERGE) for event_id in IDS))
        assert [MERGED] * len(IDS) == responses
        assert await store.check() == ()
        await store.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
async def test_a_cluster_may_hide_its_endpoints(tmp_path: Path, host: str) -> None:
    """A server that is told without its host is where the one is that answers; slots that move are followed."""
    hidden = ("--cluster-preferred-endpoint-type", "unknown-endpoint")
    with cluster_running(tmp_path, *hidden, host=host) as servers:
        store = store_for(f"redis+cluster://{host}:{servers[0].port}")
        await store.check()
        await asyncio.gather(*(store.create_or_merge(TENANT, entry(event_id), EVENT) for event_id in IDS))
        slot = key_slot(index_key(TENANT, IDS[0]).encode())
        ranges = servers[0].command("CLUSTER SLOTS")
        port = next(primary[1] for first, last, primary, *_ in ranges if first <= slot <= last)
        source = next(server for server in servers if server.port == port)
        target = next(server for server in servers if server.port != port)
        target.command("CLUSTER SETSLOT", slot, "IMPORTING", source.command("CLUSTER MYID"))
        source.command("CLUSTER SETSLOT", slot, "MIGRATING", target.command("CLUSTER MYID"))
        keys = source.command("CLUSTER GETKEYSINSLOT", slot, 1000)
        source.command("MIGRATE", host, target.port, "", 0, 5000, "KEYS", *keys)
        assert EVENT == await store.read(TENANT, IDS[0])  # by ASK
        for server in (target, source):
            server.command("CLUSTER SETSLOT", slot, "NODE", target.command("CLUSTER MYID"))
        read = await asyncio.gather(*(store.read(TENANT, event_id) for event_id in IDS))  # by MOVED
        assert [EVENT] * len(IDS) == read
        await store.close()
