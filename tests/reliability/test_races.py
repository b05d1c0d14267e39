"""Proof 1: many first posts of one session at once."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from load import Connection, stored
from redis_servers import redis_running
from support import TOKEN, running

from hivestand.server.auth import authenticate

pytestmark = pytest.mark.anyio
KEYS = 1000


async def test_of_concurrent_posts_one_creates_and_all_others_merge(
    tmp_path: Path, rounds: Callable[[int, int], int], figures: Callable[..., None]
) -> None:
    """Every key is there, every response shows its own write, and all agree on the creation."""
    posts = rounds(2000, 10_000)
    session_id = str(uuid4())
    with redis_running(tmp_path) as redis, running("--workers", "4", "--store", redis.url) as server:
        connections = [Connection(server.address) for _ in range(posts)]
        for start in range(0, posts, 200):
            await asyncio.gather(*(connection.connect() for connection in connections[start : start + 200]))
        replies = await asyncio.gather(
            *(
                connection.post(
                    {
                        "session_id": session_id,
                        "session_name": f"post {number}",
                        "start_time": number,
                        "metadata": {f"k{number % KEYS}": number},
                    }
                )
                for number, connection in enumerate(connections)
            )
        )
        events = stored([redis], authenticate(f"Bearer {TOKEN}".encode()))
        await asyncio.gather(*(connection.close() for connection in connections))
    assert [200] * posts == [reply.status for reply in replies]
    own = [number for number, reply in enumerate(replies) if reply.body["metadata"][f"k{number % KEYS}"] == number]
    assert list(range(posts)) == own
    creations = {(reply.body["event_name"], reply.body["start_time"]) for reply in replies}
    assert len(creations) == 1
    assert list(events) == [session_id]
    metadata = events[session_id]["metadata"]
    assert {f"k{number}" for number in range(min(KEYS, posts))} == metadata.keys()
    assert all(metadata[f"k{number % KEYS}"] % KEYS == number % KEYS for number in range(posts))
    seconds = sorted(reply.seconds for reply in replies)
    figures(
        "1. races",
        "of concurrent first posts of one session exactly one creates, all others merge",
        posts=posts,
        workers=4,
        keys=len(metadata),
        creations=len(creations),
        answers_with_their_own_write=len(own),
        slowest=f"{seconds[-1]:.1f} s",
    )
