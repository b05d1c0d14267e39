"""Proof 7: tokens and what they reach."""

import random
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from load import Connection, stored
from redis_servers import redis_running
from support import running

from hivestand.server.auth import authenticate

pytestmark = pytest.mark.anyio
# names that begin alike, differ in case, or look like a part of a key
TOKENS = ["a", "b", "A", "aa", "a:b", "{a}", "*", "a*", "?", "hivestand", "ä", "0" * 64]


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_no_token_reaches_what_another_made(
    tmp_path: Path, rounds: Callable[[int, int], int], figures: Callable[..., None], kind: str
) -> None:
    """Reading, merging and resetting, with its session ids too: each token sees what a server of its own would show."""
    posts = rounds(2000, 20_000)
    dice = random.Random(7)  # noqa: S311 - it guards nothing
    ids = [str(UUID(int=dice.getrandbits(128), version=4)) for _ in range(20)]
    expected: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    resets = 0
    with redis_running(tmp_path) as store:
        options = ["--store", store.url, "--workers", "2"] if kind == "redis" else []
        with running(*options) as server:
            connections = {token: Connection(server.address, token) for token in TOKENS}
            for number in range(posts):
                token = dice.choice(TOKENS)
                if dice.random() < 0.01:
                    assert {"reset": True} == (await connections[token].post({}, "/__admin/reset")).body
                    expected[token].clear()
                    resets += 1
                    continue
                session_id, key = dice.choice(ids), f"k{dice.randrange(5)}"
                body = {"session_id": session_id, "session_name": f"{token} {number}", "metadata": {key: number}}
                event = (await connections[token].post(body)).body
                known = expected[token].setdefault(session_id, {"name": f"{token} {number}", "metadata": {}})
                known["metadata"][key] = number
                assert known == {"name": event["event_name"], "metadata": event["metadata"]}
            for connection in connections.values():
                await connection.close()
        if kind == "redis":
            for token in TOKENS:
                held = stored([store], authenticate(f"Bearer {token}".encode()))
                seen = {
                    key: {"name": event["event_name"], "metadata": event["metadata"]} for key, event in held.items()
                }
                assert expected[token] == seen
    assert sum(len(sessions) for sessions in expected.values()) > 100
    figures(
        f"7. tenants, {kind}",
        "no token reads, merges into or resets what another made, with its ids too",
        tokens=len(TOKENS),
        ids_shared_by_all=len(ids),
        posts=posts - resets,
        resets=resets,
        leaks=0,
    )
