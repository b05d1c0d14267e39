"""Proof 4: a primary of a cluster killed in the middle of load."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from load import Ledger, stored, storm
from redis_servers import RedisServer, cluster_running, wait_until
from support import running

from hivestand.server.auth import authenticate

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("wait", [1, 0])
async def test_answers_resume_after_a_failover(
    tmp_path: Path, rounds: Callable[[int, int], int], figures: Callable[..., None], wait: int
) -> None:
    """The other shards serve on, the lost one again when its replica takes over; with --store-wait 1 nothing is lost.

    With it, a shard without a replica refuses writes, so there answers resume when the killed server is back as one.
    """
    ledger = Ledger()
    count = rounds(1, 5)
    outages: list[float] = []
    partial = ("--cluster-require-full-coverage", "no", "--appendonly", "yes")
    with cluster_running(tmp_path, *partial, replicas=1) as servers:
        url = f"redis+cluster://127.0.0.1:{servers[-1].port}"
        with running("--workers", "2", "--store", url, "--store-wait", str(wait)) as server:
            end = asyncio.Event()
            load = asyncio.create_task(storm(ledger, server.address, 24, end, shared=60))
            for _ in range(count):
                await asyncio.sleep(2)
                primary, replica = await asyncio.to_thread(shard, servers)
                primary.kill()
                killed = time.monotonic()
                await asyncio.to_thread(takes_over, replica)
                if wait:
                    await asyncio.to_thread(primary.start)
                    await asyncio.to_thread(is_followed, replica)
                outages.append(await resumed(ledger, killed))
                if not wait:
                    await asyncio.to_thread(primary.start)
                    await asyncio.to_thread(is_followed, replica)
            await asyncio.sleep(2)
            end.set()
            await load
        await asyncio.to_thread(settled, servers)
        events = stored([server for server in servers if role(server) == "master"], authenticate(b"Bearer a-token"))
    lost = Ledger(ledger.sessions)
    lost.verify(events)
    assert [] == ledger.wrong or not wait
    assert [] == lost.wrong or not wait
    assert ledger.statuses.keys() <= {200, 503}
    assert ledger.statuses[200] > 500 * count
    figures(
        f"4. failover, --store-wait {wait}",
        "responses resume after the failover, and nothing answered is lost"
        if wait
        else "responses resume (no more is promised)",
        kills=count,
        returned=ledger.statuses[200],
        refused=ledger.statuses[503],
        lost_or_contradicted=len(lost.wrong),
        shard_resumes_after=f"{max(outages):.1f} s at most",
        slowest_answer=f"{max(reply.seconds for _, reply in ledger.replies):.1f} s",
    )


def role(server: RedisServer) -> str:
    """Whether it is a master or a slave."""
    with server.client() as client:
        return str(client.info("replication")["role"])


def takes_over(replica: RedisServer) -> None:
    """Wait until it is the primary."""
    wait_until(lambda: role(replica) == "master", "the replica takes over")


def is_followed(primary: RedisServer) -> None:
    """Wait until it has a replica."""
    with primary.client() as client:
        wait_until(lambda: client.info("replication")["connected_slaves"] == 1, "the killed one follows")


def shard(servers: list[RedisServer]) -> tuple[RedisServer, RedisServer]:
    """A primary, another one each time, and its replica."""
    for primary in servers:
        with primary.client() as client:
            replication = client.info("replication")
        if replication["role"] == "master" and replication["connected_slaves"]:
            servers.append(servers.pop(servers.index(primary)))
            return primary, next(server for server in servers if server.port == replication["slave0"]["port"])
    raise AssertionError("no shard has a replica")


async def resumed(ledger: Ledger, killed: float) -> float:
    """Wait until a second goes by without a refusal; gives how many seconds after the kill the last refusal came."""
    for _ in range(60):
        await asyncio.sleep(0.5)
        refused = [at for at, reply in ledger.replies if reply.status == 503]
        last = max(refused, default=killed)
        if time.monotonic() - last > 1:
            return last - killed
    raise AssertionError("answers do not resume")


def settled(servers: list[RedisServer]) -> None:
    """Wait until every slot has a primary."""
    wait_until(lambda: {server.command("CLUSTER INFO")["cluster_state"] for server in servers} == {"ok"}, "all is well")
