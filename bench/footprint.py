"""How soon a server responds, and how much memory it holds."""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bench.contenders import HIVESTAND_MEMORY, HIVESTAND_REDIS, PRISM_SMALL, Contender, serving
from bench.figure import Figure, at_most, median, ratios
from bench.processes import resident
from bench.session import body, script
from bench.wrk import rate

SESSIONS: Final = 100_000
MEGABYTE: Final = 1_000_000
TEST: Final = """
def test_first(hivestand):
    assert hivestand.sessions == []
"""


def starts(contenders: Sequence[Contender], redis: int, folder: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds from the start of each to its first response, by name; once more before, as files come cold."""
    found: dict[str, list[float]] = {each.name: [] for each in contenders}
    for turn in range(rounds + 1):
        for each in contenders:
            with serving(each, redis, folder) as server:
                if turn:
                    found[each.name].append(server.seconds)
    return found


def first_test(folder: Path) -> float:
    """Seconds that the first test of a run takes, with what the fixture `hivestand` sets up for it."""
    (folder / "test_first.py").write_text(TEST, encoding="utf-8")
    command = ("-m", "pytest", "-p", "no:cacheprovider", "--durations=0", "-vv", str(folder / "test_first.py"))
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    took = re.findall(r"^([0-9.]+)s (?:setup|call) ", done.stdout, flags=re.MULTILINE)
    assert len(took) == 2
    return sum(map(float, took))


def measure(redis: int, folder: Path, rounds: int) -> Iterator[Figure]:
    """Starts and memory, and both against Prism's."""
    asked = [each for each in (HIVESTAND_REDIS, HIVESTAND_MEMORY, PRISM_SMALL) if not each.missing]
    found = starts(asked, redis, folder, rounds)
    yield median(f"start, {HIVESTAND_REDIS.name}", found[HIVESTAND_REDIS.name], "s")
    yield median(f"start, {HIVESTAND_MEMORY.name}", found[HIVESTAND_MEMORY.name], "s")
    yield at_most("fixture, first test of a run", [first_test(folder) for _ in range(rounds)], 0.6, "s")
    with serving(HIVESTAND_REDIS, redis, folder) as server:
        stored = 0.0
        while stored < SESSIONS:
            stored += 5 * rate(server.url, script(folder, body()), 5)
        held = resident(server.pid) / MEGABYTE
    yield median(f"memory after {stored:,.0f} sessions, {HIVESTAND_REDIS.name}", [held], "MB")
    if PRISM_SMALL in asked:
        prism = PRISM_SMALL.name
        yield median(f"start, {prism}", found[prism], "s")
        for each in (HIVESTAND_REDIS, HIVESTAND_MEMORY):
            yield at_most(f"start, {each.name} / {prism}", ratios(found[each.name], found[prism]), 0.33)
        with serving(PRISM_SMALL, redis, folder) as server:
            idle = resident(server.pid) / MEGABYTE
        yield median(f"memory, idle, {prism}", [idle], "MB")
        yield at_most(f"memory, {HIVESTAND_REDIS.name} / {prism}, idle", [held / idle], 0.48)
