"""What it costs that sessions show what their events add up to: on each event, and on a read of a long session."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median as middle
from time import perf_counter
from typing import Any, Final

import httpx

from bench.contenders import Contender, hivestand, serving
from bench.figure import Figure, at_least, at_most, ratios
from bench.processes import redis
from bench.session import HEADERS, json_body, script
from bench.wrk import rate

SESSION_ID: Final = "0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d10"
PATH: Final = "/v1/events"
LONG: Final = 10_000  # events of a long session
SHORT: Final = 10
BATCH: Final = 1000
READS: Final = 200
STORES: Final = {"memory": "memory://", "Redis": "redis://{redis}"}


def event(**members: Any) -> dict[str, Any]:
    """The call of a model, with the numbers that are counted."""
    return {
        "session_id": SESSION_ID,
        "event_type": "model",
        "event_name": "chat",
        "source": "dev",
        "start_time": 1767225600000,
        "end_time": 1767225601000,
        "config": {"model": "gpt-4o"},
        "inputs": {"question": "What is a hivestand?"},
        "outputs": {"answer": "A stand for beehives."},
        "metadata": {"cost": 0.01, "prompt_tokens": 12, "completion_tokens": 7, "release": "1"},
        **members,
    }


def measure(folder: Path, rounds: int, seconds: float) -> Iterator[Figure]:
    """Events a second with aggregation against without, and reads of a long session against a short one."""
    for name, store in STORES.items():
        contenders = {
            each: Contender(f"hivestand, {name}, aggregation {each}", hivestand(store, *options))
            for each, options in (("on", ()), ("off", ("--no-aggregation",)))
        }
        found: dict[str, list[float]] = {each: [] for each in contenders}
        for turn in range(rounds + 1):
            for each, contender in contenders.items():
                measured = _writes(contender, folder, seconds)
                if turn:
                    found[each].append(measured)
        yield at_least(f"events, {name}: aggregation on / off", ratios(found["on"], found["off"]), 0.9)
        longer = _reads(contenders["on"], folder)
        yield at_most(f"get of a session, {name}: with {LONG:,} events more than with {SHORT}", [longer], 2, "ms")


def _writes(contender: Contender, folder: Path, seconds: float) -> float:
    """Events a second, all of one session."""
    with redis() as port, serving(contender, port, folder) as server:
        return rate(f"http://127.0.0.1:{server.port}{PATH}", script(folder, json_body(event())), seconds)


def _reads(contender: Contender, folder: Path) -> float:
    """By how much a read of a session with many events takes longer, milliseconds."""
    sessions = {LONG: "0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d11", SHORT: "0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d12"}
    took: dict[int, list[float]] = {LONG: [], SHORT: []}
    with (
        redis() as port,
        serving(contender, port, folder) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{server.port}", headers=HEADERS, timeout=60) as client,
    ):
        for count, session_id in sessions.items():
            client.post("/v1/sessions", content=json_body({"session_id": session_id})).raise_for_status()
            for at in range(0, count, BATCH):
                events = [event(session_id=session_id) for _ in range(min(BATCH, count - at))]
                client.post("/v1/events/batch", content=json_body({"events": events})).raise_for_status()
        for _ in range(READS):
            for count, session_id in sessions.items():
                began = perf_counter()
                shown = client.get(f"/v1/events/{session_id}").json()["event"]
                took[count].append((perf_counter() - began) * 1000)
                assert shown["metadata"]["num_events"] == count
    return middle(took[LONG]) - middle(took[SHORT])
