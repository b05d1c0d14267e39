"""How many sessions are started in a second, by each contender in turn, and how late the slowest responses are."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from bench import contenders as who
from bench.contenders import Contender, Server
from bench.figure import Figure, at_least, at_most, median, ratios
from bench.session import body, script
from bench.wrk import Load, load, rate

WARM_UP: Final = 2.0  # seconds
Loads = Mapping[str, Sequence[Load]]
_FASTER: Final = (
    (who.HIVESTAND_MEMORY, who.FLOOR, 0.45),
    (who.HIVESTAND_MEMORY, who.PRISM_SMALL, 4),
    (who.HIVESTAND_REDIS, who.BARE, 1.5),
    (who.HIVESTAND_REDIS, who.PRISM_SMALL, 3),
    (who.HIVESTAND_REDIS, who.STOCK, 7),
    (who.HIVESTAND_MEMORY, who.SILENT_MEMORY, 0.95),
    (who.HIVESTAND_REDIS, who.SILENT_REDIS, 0.95),
)
_SOONER: Final = tuple(
    (one, other, reach)
    for one in (who.HIVESTAND_MEMORY, who.HIVESTAND_REDIS)
    for other, reach in ((who.PRISM_SMALL, 1 / 20), (who.BARE, 0.5))
)


def measure(servers: Mapping[str, Server], folder: Path, rounds: int, seconds: float) -> Loads:
    """What wrk measures of each, by name."""
    posting = script(folder, body())
    for server in servers.values():
        rate(server.url, posting, min(WARM_UP, seconds))
    loads: dict[str, list[Load]] = {name: [] for name in servers}
    for turn in range(rounds):
        order = list(servers) if turn % 2 == 0 else list(servers)[::-1]
        for name in order:
            loads[name].append(load(servers[name].url, posting, seconds))
    return loads


def figures(loads: Loads) -> Iterator[Figure]:
    """Each rate and latency, and each ratio that is asked for."""
    for name, rounds in loads.items():
        yield median(name, [each.rate for each in rounds], "requests/s")
    for name, rounds in loads.items():
        yield median(f"p99, {name}", [each.p99 for each in rounds], "ms")
    for one, other, reach in _FASTER:
        if compared := _compared(loads, one, other, "rate"):
            yield at_least(f"{one.name} / {other.name}", compared, reach)
    for one, other, reach in _SOONER:
        if compared := _compared(loads, one, other, "p99"):
            yield at_most(f"p99, {one.name} / {other.name}", compared, reach)


def _compared(loads: Loads, one: Contender, other: Contender, measure: Literal["rate", "p99"]) -> list[float]:
    """One against the other, round by round; nothing if either was not measured."""
    if one.name not in loads or other.name not in loads:
        return []
    ours, theirs = ([getattr(each, measure) for each in loads[name]] for name in (one.name, other.name))
    return ratios(ours, theirs)
