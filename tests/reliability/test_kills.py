"""Proof 2: workers, and the whole server, killed in the middle of load."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from load import NOBODY, Ledger, stored, storm
from redis_servers import redis_running
from support import HIVESTAND, TOKEN, children, free_port

from hivestand.server.auth import authenticate

pytestmark = pytest.mark.anyio


@contextmanager
def killed_in_the_end(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A server that answers, until all of it is killed at once."""
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    try:
        assert server.stdout is not None
        assert "listening" in server.stdout.readline()
        yield server
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.communicate()


async def test_what_was_answered_survives_the_server(
    tmp_path: Path, rounds: Callable[[int, int], int], figures: Callable[..., None]
) -> None:
    """Every answered session is in Redis, whole, with every answered merge; none is half-written."""
    ledger = Ledger()
    count = rounds(4, 20)
    port = free_port()
    with redis_running(tmp_path) as redis:
        command = [str(HIVESTAND), "serve", "--port", str(port), "--workers", "2", "--store", redis.url]
        end = asyncio.Event()
        load = asyncio.create_task(storm(ledger, ("127.0.0.1", port), 32, end))
        for number in range(count):
            with killed_in_the_end(command) as server:
                await asyncio.sleep(1)
                if number % 2:
                    os.kill(min(children(server.pid)), signal.SIGKILL)
                    await asyncio.sleep(1.5)  # the other serves on, and another takes its place
        end.set()
        await load
        ledger.verify(stored([redis], authenticate(f"Bearer {TOKEN}".encode())))
    assert [] == ledger.wrong
    assert ledger.statuses.keys() == {200, NOBODY}
    assert ledger.statuses[200] > 100 * count
    figures(
        "2. kill -9 of the server",
        "every answered session is whole, with every answered merge; none is half-written",
        kills_of_the_server=count,
        kills_of_a_worker=count // 2,
        returned=ledger.statuses[200],
        sessions=len(ledger.sessions),
        lost=0,
        half_written=0,
    )
