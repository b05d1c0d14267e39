"""Proof 3: Redis killed and started again in the middle of load."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from load import Ledger, stored, storm
from redis_servers import redis_running
from support import TOKEN, running

from hivestand.server.auth import authenticate

pytestmark = pytest.mark.anyio
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


async def first_answer(ledger: Ledger, since: float) -> float:
    """When the first session was answered since then; a busy machine may take its time."""
    async with asyncio.timeout(30):
        while True:
            for at, reply in ledger.replies:
                if reply.status == 200 and at > since:
                    return at
            await asyncio.sleep(0.1)


async def test_what_was_answered_survives_redis(
    tmp_path: Path, rounds: Callable[[int, int], int], figures: Callable[..., None]
) -> None:
    """During an outage every response is 503, and soon; afterwards nothing is lost, and nothing has to be restarted."""
    ledger = Ledger()
    count = rounds(3, 10)
    outages: list[tuple[float, float]] = []
    recoveries: list[float] = []
    with redis_running(tmp_path, *DURABLE) as redis, running("--workers", "2", "--store", redis.url) as server:
        end = asyncio.Event()
        load = asyncio.create_task(storm(ledger, server.address, 32, end))
        for _ in range(count):
            await asyncio.sleep(1)
            redis.kill()
            killed = time.monotonic()
            await asyncio.sleep(1)
            outages.append((killed, time.monotonic()))
            await asyncio.to_thread(redis.start)
            back = time.monotonic()
            recoveries.append(max(0.0, await first_answer(ledger, killed) - back))
            await asyncio.sleep(1)
        end.set()
        await load
        ledger.verify(stored([redis], authenticate(f"Bearer {TOKEN}".encode())))
    assert [] == ledger.wrong
    assert ledger.statuses.keys() == {200, 503}
    during = [reply for at, reply in ledger.replies for begun, ended in outages if begun + 0.1 < at < ended]
    assert len(during) > 100 * count
    assert {503} == {reply.status for reply in during}
    figures(
        "3. kill -9 of Redis",
        "with appendfsync always nothing answered is lost; during the outage every response is 503 within the time-out",
        kills=count,
        returned=ledger.statuses[200],
        refused=ledger.statuses[503],
        lost=0,
        slowest_refusal=f"{1000 * max(reply.seconds for _, reply in ledger.replies if reply.status == 503):.0f} ms",
        slowest_recovery=f"{1000 * max(recoveries):.0f} ms after Redis answers",
    )
