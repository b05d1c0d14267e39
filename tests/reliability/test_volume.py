"""Proof 6: many sessions."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from redis_servers import redis_running
from support import TOKEN, resident, running

pytestmark = pytest.mark.anyio
BATCH = 100
BODY: dict[str, Any] = {
    "session_name": "nightly evaluation of the support agent",
    "source": "ci",
    "start_time": 1767225600000,
    "config": {"model": "small-1", "temperature": 0.2, "app_version": "1.4.2", "max_tokens": 800},
    "inputs": {"question": "How do I change the address that my invoices are sent to, and from when does it hold?"},
    "metadata": {"release": 7, "branch": "main", "commit": "9a3e2c1f4b7a9d10", "runner": "linux-12", "attempt": 1},
    "user_properties": {"user_id": "u-48213", "plan": "team", "country": "NZ", "email": "someone@example.com"},
    "outputs": {"answer": ""},
}
BODY["outputs"]["answer"] = "x" * (600 - len(json.dumps(BODY)))


async def post_many(address: tuple[str, int], count: int) -> bytes:
    """Post the body so many times, down one connection, many at once; gives the last response's event."""
    reader, writer = await asyncio.open_connection(*address, limit=2**20)
    text = json.dumps(BODY).encode()
    head = f"POST /v1/sessions HTTP/1.1\r\nHost: hivestand\r\nAuthorization: Bearer {TOKEN}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    request = head.encode() + text
    for _ in range(count // BATCH):
        writer.write(request * BATCH)
        for _ in range(BATCH):
            returned = await reader.readuntil(b"\r\n\r\n")
            assert returned.startswith(b"HTTP/1.1 200 ")
            length = int(returned.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            event = await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()
    return event


async def test_a_million_sessions_cost_the_server_no_memory_and_redis_little(
    tmp_path: Path, rounds: Callable[[int, int], int], figures: Callable[..., None]
) -> None:
    """The server's memory stays flat; Redis holds at most twice an event's JSON for it, index included."""
    sessions = rounds(20_000, 1_000_000)
    with redis_running(tmp_path) as store, running("--store", store.url) as server, store.client() as client:
        await post_many(server.address, BATCH)  # whatever is made once is made
        client.flushall()
        empty = client.info("memory")["used_memory"]
        sizes = []
        for _ in range(10):
            events = await asyncio.gather(*(post_many(server.address, sessions // 40) for _ in range(4)))
            sizes.append(resident(server.process.pid))
        held = sum(client.zcard(key) for key in client.scan_iter(match="*:??}", count=1000))
        used = client.info("memory")["used_memory"] - empty
    json_size = len(events[0])
    assert len(json.dumps(BODY)) == 600
    assert held == 3 * sessions
    assert used / sessions <= 2 * json_size
    assert sizes[-1] - sizes[0] < 5_000_000
    figures(
        "6. volume",
        "the server's memory is flat; Redis holds at most twice an event's JSON, index included",
        sessions=sessions,
        server_after_a_tenth=f"{sizes[0] / 1e6:.1f} MB",
        server_after_all=f"{sizes[-1] / 1e6:.1f} MB",
        json_of_an_event=f"{json_size} bytes",
        redis_for_an_event=f"{used / sessions:.0f} bytes",
        ratio=f"{used / sessions / json_size:.2f}",
    )
