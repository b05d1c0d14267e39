"""Proof 8: a server that is used for an hour, and misused now and then, stays as it is."""

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from load import Connection, Reply
from redis_servers import redis_running
from support import Running, children, running

pytestmark = pytest.mark.anyio

RATE = 150  # requests a second
READERS = 20  # connections that share them
TENANTS = 12
TTL = 60  # seconds, in memory
CHECKED_AFTER = 5.0  # seconds after which a write is read again
TARGET_SLOPE = 0.05  # MB a minute that the memory may grow by in the second half
TARGET_P99 = 50.0  # milliseconds
MIB = 1024 * 1024


@dataclass
class Soak:
    """What the load has seen.

    Attributes:
        responses: those that came.
        checked: acknowledged sessions that were read again, long before they could expire.
        lost: those of them that were not there, or not whole.
        unexpected: statuses that nothing accounts for.
        latencies: seconds of each response to an ordinary request.
        memory: when, minutes, and how much the server held, MB.
    """

    responses: int = 0
    checked: int = 0
    lost: int = 0
    unexpected: list[int] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)

    @property
    def p99(self) -> float:
        """Milliseconds that one response in a hundred took longer than."""
        return sorted(self.latencies)[len(self.latencies) * 99 // 100] * 1000

    @property
    def slope(self) -> float:
        """MB a minute by which the memory grew in the second half: the line of least squares."""
        half = self.memory[len(self.memory) // 2 :]
        mean_at = sum(at for at, _ in half) / len(half)
        mean = sum(held for _, held in half) / len(half)
        spread = sum((at - mean_at) ** 2 for at, _ in half)
        return sum((at - mean_at) * (held - mean) for at, held in half) / spread if spread else 0.0


class Load:
    """Ordinary requests at a fixed rate, each new session read again a little later."""

    def __init__(self, server: Running, seen: Soak, seed: int) -> None:
        """Send to the server; the seed decides what."""
        self._address = server.address
        self._seen = seen
        self._random = random.Random(seed)  # noqa: S311 - to repeat, not to hide
        self._written: deque[tuple[float, str, str, dict[str, Any]]] = deque()  # when, token, session, metadata
        self._tokens = [f"soak-{number}" for number in range(TENANTS)]

    async def run(self, end: float) -> None:
        """Send until the time is up, on the loop's clock."""
        async with asyncio.TaskGroup() as group:
            for number in range(READERS):
                group.create_task(self._client(number, end))

    async def _client(self, number: int, end: float) -> None:
        loop = asyncio.get_running_loop()
        connections = {token: Connection(self._address, token) for token in self._tokens}
        due = loop.time() + number / RATE
        while due < end:
            await asyncio.sleep(max(0.0, due - loop.time()))
            due += READERS / RATE
            await self._one(connections)
        for connection in connections.values():
            await connection.close()

    async def _one(self, connections: dict[str, Connection]) -> None:
        token = self._random.choice(self._tokens)
        connection = connections[token]
        kind = self._random.random()
        session_id = str(UUID(int=self._random.getrandbits(128), version=4))
        if kind < 0.45 and self._written and self._written[0][0] < time.monotonic() - CHECKED_AFTER:
            _, token, session_id, metadata = self._written.popleft()
            reply = await connections[token].post(
                {"filters": [_is("session_id", session_id)], "limit": 10}, "/v1/events/search"
            )
            found = reply.body["events"] if reply.status == 200 else []
            self._seen.checked += 1
            if reply.status == 200 and not any(metadata.items() <= event["metadata"].items() for event in found):
                self._seen.lost += 1
        elif kind < 0.75:
            metadata = {f"key-{self._random.randrange(20)}": self._random.randrange(1000) for _ in range(3)}
            body = {"session_id": session_id, "metadata": metadata, "inputs": {"text": "x" * 200}}
            reply = await connection.post(body)
            if reply.status == 200:
                self._written.append((time.monotonic(), token, session_id, metadata))
        elif kind < 0.83:
            event = {"event_type": "tool", "inputs": {"a": 1}, "session_id": session_id}
            reply = await connection.post({"events": [event] * 10}, "/v1/events/batch")
        elif kind < 0.91:
            reply = await connection.post(_spans(session_id), "/opentelemetry/v1/traces")
        else:
            reply = await connection.post({"limit": 20}, "/v1/events/search")
        self._note(reply)

    def _note(self, reply: Reply) -> None:
        if reply.status == 0:
            return  # its worker was killed
        self._seen.responses += 1
        self._seen.latencies.append(reply.seconds)
        if reply.status != 200:
            self._seen.unexpected.append(reply.status)


def _is(field_: str, value: str) -> dict[str, str]:
    return {"field": field_, "operator": "is", "value": value, "type": "string"}


def _spans(session_id: str) -> dict[str, Any]:
    spans = [
        {
            "traceId": session_id.replace("-", ""),
            "spanId": f"{number + 1:016x}",
            "name": "step",
            "startTimeUnixNano": str(time.time_ns()),
            "attributes": [{"key": "honeyhive_inputs.a", "value": {"stringValue": "x" * 50}}],
        }
        for number in range(5)
    ]
    return {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}


async def _misuse(server: Running, end: float, kill: Callable[[], None]) -> None:
    """Now and then: faults, resets, a tenant for once, clients that do not read or leave, a large body, a kill."""
    loop = asyncio.get_running_loop()
    turn = 0
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        while loop.time() < end:
            turn += 1
            token = {"Authorization": f"Bearer misuse-{turn % 40}"}
            with contextlib.suppress(httpx.HTTPError):  # a worker may have been killed under it
                await client.post("/__admin/faults", json={"kind": "reset", "times": 2}, headers=token)
                for _ in range(3):
                    with contextlib.suppress(httpx.HTTPError):
                        await client.post("/v1/sessions", json={"source": "x"}, headers=token)
                large = {"session_id": str(UUID(int=turn % 7)), "inputs": {"text": "x" * MIB}}
                await client.post("/v1/sessions", json=large, headers=token)
                await _half(server, token)
                await client.post("/v1/sessions", json={}, headers={**token, "Prefer": "hivestand-delay=1000"})
                await client.post("/__admin/requests/verify", json={"operation": "createSession"}, headers=token)
                await client.post("/__admin/reset", json={}, headers=token)
            if turn % 20 == 0:
                kill()
            await asyncio.sleep(3)


async def _half(server: Running, token: dict[str, str]) -> None:
    """Send half of a body and leave; ask for a response and do not read it."""
    for length, sent in ((1000, b"{"), (2, b"{}")):
        _, writer = await asyncio.open_connection(*server.address)
        head = f"POST /v1/sessions HTTP/1.1\r\nHost: h\r\nAuthorization: {token['Authorization']}\r\n"
        writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode() + sent)
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _watch(pids: Callable[[], Sequence[int]], seen: Soak, end: float, every: float) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    while loop.time() < end:
        held = 0.0
        for pid in pids():
            with contextlib.suppress(OSError, StopIteration):
                held += _resident(pid)
        seen.memory.append(((loop.time() - began) / 60, held))
        await asyncio.sleep(every)


def _resident(pid: int) -> float:
    """MB of memory that a process holds."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


async def _soaked(server: Running, seconds: float, kill: Callable[[], None], pids: Callable[[], Sequence[int]]) -> Soak:
    seen = Soak()
    end = asyncio.get_running_loop().time() + seconds
    async with asyncio.TaskGroup() as group:
        group.create_task(Load(server, seen, 1).run(end))
        group.create_task(_misuse(server, end, kill))
        group.create_task(_watch(pids, seen, end, min(10, seconds / 20)))
    return seen


@contextlib.asynccontextmanager
async def _served(store: str, tmp_path: Path) -> AsyncIterator[tuple[Running, Callable[[], None]]]:
    """A server on a store, and what kills one of its workers."""
    if store == "memory":
        with running("--ttl", str(TTL)) as server:
            yield server, lambda: None
        return
    with redis_running(tmp_path) as redis, running("--workers", "4", "--store", redis.url) as server:
        await asyncio.sleep(1)
        yield server, lambda: os.kill(min(children(server.process.pid)), signal.SIGKILL)


@pytest.mark.parametrize("store", ["memory", "redis"])
async def test_an_hour_of_use_leaves_it_as_it_was(
    store: str, tmp_path: Path, rounds: Callable[[int, int], int], figures: Callable[..., None]
) -> None:
    """Memory is flat, no acknowledged write is lost, and nothing but what was armed or killed fails."""
    seconds = int(os.environ.get("HIVESTAND_SOAK_SECONDS", rounds(15, 3600)))
    async with _served(store, tmp_path) as (server, kill):
        seen = await _soaked(server, seconds, kill, lambda: [server.process.pid, *children(server.process.pid)])
    figures(
        f"8. soak, {store}",
        f"{RATE} requests/s, with faults, resets, slow clients and kills: memory is flat, nothing answered is lost",
        minutes=seconds // 60,
        responses=seen.responses,
        read_again=seen.checked,
        lost=seen.lost,
        unexpected=len(seen.unexpected),
        p99=f"{seen.p99:.1f} ms",
        memory=f"{seen.memory[-1][1]:.0f} MB",
        growth_in_the_second_half=f"{seen.slope:.3f} MB/min",
    )
    assert [] == seen.unexpected
    assert seen.lost == 0
    assert seen.checked > 100
    assert seen.responses > RATE * seconds * 0.8
    if seconds > 600:  # the short run has not come to rest
        assert seen.slope <= TARGET_SLOPE
        assert seen.p99 <= TARGET_P99
