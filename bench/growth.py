"""How the cost grows: with sessions, merges, bodies and workers."""

import asyncio
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from statistics import median as middle
from time import perf_counter
from typing import Final

import httpx
from redis import Redis

from bench.aggregation import PATH as EVENTS
from bench.aggregation import event
from bench.contenders import HIVESTAND_REDIS, Contender, Server, hivestand, serving
from bench.figure import Figure, at_least, at_most, median, ratios
from bench.plot import Curve
from bench.processes import cpu_seconds, redis
from bench.session import HEADERS, PATH, body, body_of, json_body, script, session
from bench.wrk import rate
from hivestand.handlers.clock import SystemClock
from hivestand.handlers.event.encoding import encode, entry_of
from hivestand.handlers.event.normalise import normalise_session
from hivestand.handlers.store.protocol import StoreOptions
from hivestand.handlers.store.redis.events import RedisStore
from hivestand.server.auth import authenticate

EVENTS_AT_ONCE: Final = 500
MERGES: Final = 10_000
FIRST: Final = 200  # merges whose median stands for the first and the last
AT: Final = (1, 10, 100, 1000, 3000, 10_000)  # merges at which their time is shown
SIZES: Final = (1000, 10_000, 100_000, 1_000_000)  # bytes of a body
SMALL, LARGE = SIZES[1], SIZES[3]
LENGTHS: Final = (100, 1000, 10_000, 100_000)  # events of a session
BATCH: Final = 1000


async def fill(port: int, sessions: int) -> None:
    """Store so many sessions of the tenant that is measured."""
    store = RedisStore(f"redis://127.0.0.1:{port}", StoreOptions())
    tenant, clock = authenticate(HEADERS["Authorization"].encode()), SystemClock()
    for _ in range(0, sessions, EVENTS_AT_ONCE):
        events = [normalise_session(session(), clock)[0] for _ in range(EVENTS_AT_ONCE)]
        await store.create_or_merge_each(tenant, [(entry_of(event), encode(event)) for event in events])
    await store.close()


def volume(folder: Path, sessions: int, rounds: int, seconds: float) -> Iterator[Figure | Curve]:
    """Throughput on a store that fills, and on the full one against an empty one, each in a Redis of its own."""
    posting = script(folder, body())
    found: dict[str, list[float]] = {"full": [], "empty": []}
    points: list[tuple[float, float]] = []
    with (
        redis() as full,
        redis() as empty,
        serving(HIVESTAND_REDIS, full, folder) as crowded,
        serving(HIVESTAND_REDIS, empty, folder) as roomy,
    ):
        rate(crowded.url, posting, seconds)
        stored = 0
        for number in (sessions // 1000, sessions // 100, sessions // 10, sessions):
            asyncio.run(fill(full, number - stored))
            stored = number
            points.append((number, rate(crowded.url, posting, seconds)))
        for turn in range(rounds + 1):
            Redis(port=empty).flushdb()
            for name, server in (("full", crowded), ("empty", roomy)):
                measured = rate(server.url, posting, seconds)
                if turn:
                    found[name].append(measured)
    yield Curve("sessions", "Requests a second on a store that fills", "sessions stored in Redis", points, "requests/s")
    yield median(f"with {sessions:,} sessions stored", found["full"], "requests/s")
    yield at_least(f"{sessions:,} sessions / an empty store", ratios(found["full"], found["empty"]), 0.95)


def merges(port: int, folder: Path) -> Iterator[Figure | Curve]:
    """The last merges into a session against the first, the same keys each time."""
    sent = body(session_id="0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d10")
    with serving(HIVESTAND_REDIS, port, folder) as server:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
        took = [_post(connection, sent) for _ in range(MERGES + FIRST)][FIRST:]  # the first warm up
        connection.close()
    points = [(at, middle(took[at - 1 : at - 1 + FIRST] or took[-FIRST:]) * 1000) for at in AT]
    yield Curve("merges", "Time of a merge into the same session", "merges before", points, "ms")
    first, last = middle(took[:FIRST]), middle(took[-FIRST:])
    yield at_most(f"merge {MERGES:,} / merge 1", [last / first], 1.1)


def _post(connection: HTTPConnection, sent: bytes) -> float:
    began = perf_counter()
    connection.request("POST", PATH, sent, HEADERS)
    response = connection.getresponse()
    response.read()
    assert response.status == 200
    return perf_counter() - began


def bodies(port: int, folder: Path, rounds: int, seconds: float) -> Iterator[Figure | Curve]:
    """Bytes a second of large bodies against small ones."""
    scripts = {size: script(folder, body_of(size)) for size in SIZES}
    found: dict[int, list[float]] = {size: [] for size in scripts}
    with serving(HIVESTAND_REDIS, port, folder) as server:
        for turn in range(rounds + 1):
            for size, posting in scripts.items():
                measured = rate(server.url, posting, seconds) * size / 1_000_000
                if turn:
                    found[size].append(measured)
                Redis(port=port).flushdb()
    points = [(size, middle(rounds_)) for size, rounds_ in found.items()]
    yield Curve("bodies", "Megabytes a second by the size of a body", "bytes of a body", points, "MB/s")
    yield at_least("MB/s at 1 MB / at 10 KB", ratios(found[LARGE], found[SMALL]), 1.0)


def lengths(port: int, folder: Path, seconds: float) -> Iterator[Figure | Curve]:
    """Events a second of a session that grows."""
    posting = script(folder, json_body(event()))
    points: list[tuple[float, float]] = []
    with serving(HIVESTAND_REDIS, port, folder) as server:
        url = f"http://127.0.0.1:{server.port}{EVENTS}"
        rate(url, script(folder, json_body(event(session_id=None))), seconds)
        there = 0
        with httpx.Client(headers=HEADERS, timeout=60) as client:
            for length in LENGTHS:
                for at in range(there, length, BATCH):
                    batch = json_body({"events": [event()] * min(BATCH, length - at)})
                    client.post(f"{url}/batch", content=batch).raise_for_status()
                there = length
                points.append((length, rate(url, posting, seconds)))
    yield Curve("events", "Events a second of one session", "events of the session before", points, "events/s")
    yield at_least(f"events of a session of {LENGTHS[-1]:,} / of {LENGTHS[0]}", [points[-1][1] / points[0][1]], 0.9)


def workers(port: int, folder: Path, rounds: int, seconds: float) -> Iterator[Figure | Curve]:
    """Seconds of a core for each request, by two workers against one; both on the server's core."""
    one = HIVESTAND_REDIS
    two = Contender("hivestand, Redis, two workers", hivestand("redis://{redis}", "--workers", "2"))
    found: dict[str, list[float]] = {one.name: [], two.name: []}
    posting = script(folder, body())
    with serving(one, port, folder) as first, serving(two, port, folder) as second:
        for turn in range(rounds + 1):
            for name, server in ((one.name, first), (two.name, second)):
                cost = _cost(server, posting, seconds)
                if turn:
                    found[name].append(cost)
    for name, rounds_ in found.items():
        yield median(f"CPU a request, {name}", [each * 1_000_000 for each in rounds_], "µs")
    points = [(number, middle(found[each.name]) * 1_000_000) for number, each in ((1, one), (2, two))]
    yield Curve("workers", "Processor time of a request, all workers on one core", "workers", points, "µs")
    yield at_most("CPU a request, two workers / one", ratios(found[two.name], found[one.name]), 1.1)


def _cost(server: Server, posting: Path, seconds: float) -> float:
    before = cpu_seconds(server.pid)
    requests = rate(server.url, posting, seconds) * seconds
    return (cpu_seconds(server.pid) - before) / requests
