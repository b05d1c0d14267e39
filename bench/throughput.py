"""How many sessions are started in a second, by each contender in turn, round by round."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from bench import contenders as who
from bench.contenders import Server
from bench.figure import Figure, at_least, median, ratios
from bench.session import body, script
from bench.wrk import rate

WARM_UP: Final = 2.0  # seconds
Rates = Mapping[str, list[float]]
_AGAINST: Final = (
    (who.HIVESTAND_REDIS, who.LIMIT, 1.25),
    (who.HIVESTAND_REDIS, who.STOCK, 4.5),
    (who.HIVESTAND_REDIS, who.PRISM, 2.2),
    (who.HIVESTAND_MEMORY, who.PRISM, 3.0),
    (who.HIVESTAND_REDIS_JOURNAL, who.HIVESTAND_REDIS, 0.92),
    (who.HIVESTAND_MEMORY_JOURNAL, who.HIVESTAND_MEMORY, 0.92),
    (who.HIVESTAND_REDIS_JOURNAL, who.LIMIT, 0.92 * 1.25),
    (who.HIVESTAND_REDIS_JOURNAL, who.STOCK, 0.92 * 4.5),
    (who.HIVESTAND_REDIS_JOURNAL, who.PRISM, 0.92 * 2.2),
    (who.HIVESTAND_MEMORY_JOURNAL, who.PRISM, 0.92 * 3.0),
)


def measure(servers: Mapping[str, Server], folder: Path, rounds: int, seconds: float) -> Rates:
    """Requests a second of each, by name."""
    posting = script(folder, body())
    for server in servers.values():
        rate(server.url, posting, WARM_UP)
    rates: dict[str, list[float]] = {name: [] for name in servers}
    for turn in range(rounds):
        order = list(servers) if turn % 2 == 0 else list(servers)[::-1]
        for name in order:
            rates[name].append(rate(servers[name].url, posting, seconds))
    return rates


def figures(rates: Rates) -> Iterator[Figure]:
    """Each rate, and each ratio that is asked for."""
    for name, rounds in rates.items():
        yield median(name, rounds, "requests/s")
    for one, other, reach in _AGAINST:
        if one.name in rates and other.name in rates:
            yield at_least(f"{one.name} / {other.name}", ratios(rates[one.name], rates[other.name]), reach)
