"""How soon a server responds, and how much memory it holds."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bench.contenders import HIVESTAND_MEMORY, HIVESTAND_REDIS, PRISM, Contender, serving
from bench.figure import Figure, at_most, median, ratios
from bench.processes import resident
from bench.session import body, script
from bench.wrk import rate

SESSIONS: Final = 100_000
MEGABYTE: Final = 1_000_000


def starts(contenders: Sequence[Contender], redis: int, folder: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds from the start of each to its first response, by name; once more before, as files come cold."""
    found: dict[str, list[float]] = {each.name: [] for each in contenders}
    for turn in range(rounds + 1):
        for each in contenders:
            with serving(each, redis, folder) as server:
                if turn:
                    found[each.name].append(server.seconds)
    return found


def measure(redis: int, folder: Path, rounds: int) -> Iterator[Figure]:
    """Starts and memory, and both against Prism's."""
    asked = [each for each in (HIVESTAND_REDIS, HIVESTAND_MEMORY, PRISM) if not each.missing]
    found = starts(asked, redis, folder, rounds)
    yield at_most(f"start, {HIVESTAND_REDIS.name}", found[HIVESTAND_REDIS.name], 0.7, "s")
    yield at_most(f"start, {HIVESTAND_MEMORY.name}", found[HIVESTAND_MEMORY.name], 0.7, "s")
    with serving(HIVESTAND_REDIS, redis, folder) as server:
        stored = 0.0
        while stored < SESSIONS:
            stored += 5 * rate(server.url, script(folder, body()), 5)
        held = resident(server.pid) / MEGABYTE
    yield at_most(f"memory after {stored:,.0f} sessions, {HIVESTAND_REDIS.name}", [held], 85, "MB")
    if PRISM in asked:
        yield median(f"start, {PRISM.name}", found[PRISM.name], "s")
        for each in (HIVESTAND_REDIS, HIVESTAND_MEMORY):
            yield at_most(f"start, {each.name} / {PRISM.name}", ratios(found[each.name], found[PRISM.name]), 0.25)
        with serving(PRISM, redis, folder) as server:
            idle = resident(server.pid) / MEGABYTE
        yield median(f"memory, idle, {PRISM.name}", [idle], "MB")
        yield at_most(f"memory, {HIVESTAND_REDIS.name} / {PRISM.name}", [held / idle], 0.55)
