"""Measure everything, or what is named, and write `bench/results/latest.json` and the plot."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

from bench import aggregation, console, fairness, footprint, growth, latency, plot, throughput, trace
from bench import contenders as who
from bench.figure import Figure
from bench.processes import OTHER_CORE, redis

RESULTS: Final = Path(__file__).parent / "results"
SESSIONS: Final = 1_000_000  # of a store that is called full
TITLE: Final = "Sessions started in a second, one core, 32 connections, 600 bytes each"


class Run:
    """What is measured, with how many rounds and for how long each."""

    def __init__(self, rounds: int, seconds: float, folder: Path) -> None:
        """Take what applies to every measure."""
        self._rounds = rounds
        self._seconds = seconds
        self._folder = folder
        self.rates: throughput.Rates = {}

    def throughput(self) -> Iterator[Figure]:
        """Of all contenders, and how late responses are at half of Prism's."""
        asked = [each for each in who.ALL if not each.missing]
        with redis() as port, who.all_of(asked, port, self._folder) as servers:
            self.rates = throughput.measure(servers, self._folder, self._rounds, self._seconds)
            yield from throughput.figures(self.rates)
            if who.PRISM.name in servers:
                rate = median(self.rates[who.PRISM.name]) / 2
                yield from latency.figures(latency.measure(servers, rate, self._rounds, self._seconds), rate)

    def footprint(self) -> Iterator[Figure]:
        """Starts and memory."""
        with redis() as port:
            yield from footprint.measure(port, self._folder, self._rounds)

    def volume(self) -> Iterator[Figure]:
        """A full store against an empty one."""
        yield from growth.volume(self._folder, SESSIONS, self._rounds, self._seconds)

    def growth(self) -> Iterator[Figure]:
        """Merges, bodies, workers."""
        for measure in (growth.bodies, growth.workers):
            with redis() as port:
                yield from measure(port, self._folder, self._rounds, self._seconds)
        with redis() as port:
            yield from growth.merges(port, self._folder)

    def fairness(self) -> Iterator[Figure]:
        """What the largest requests of one client cost the others; writes `docs/performance.md`."""
        yield from fairness.figures(self._folder)

    def trace(self) -> Iterator[Figure]:
        """Spans of a long trace."""
        with redis() as port:
            yield from trace.measure(port, self._folder, self._rounds)

    def aggregation(self) -> Iterator[Figure]:
        """What the totals of sessions cost."""
        yield from aggregation.measure(self._folder, self._rounds, self._seconds)

    def console(self) -> Iterator[Figure]:
        """What it costs that somebody looks."""
        yield from console.measure(self._folder, self._rounds, self._seconds)


MEASURES: Final[dict[str, Callable[[Run], Iterator[Figure]]]] = {
    "throughput": Run.throughput,
    "footprint": Run.footprint,
    "growth": Run.growth,
    "volume": Run.volume,
    "trace": Run.trace,
    "aggregation": Run.aggregation,
    "console": Run.console,
    "fairness": Run.fairness,
}


def main() -> int:
    """Measure; the exit status is 0 if all that was asked for was reached."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=f"{', '.join(MEASURES)}; all if none is named")
    parser.add_argument("--rounds", type=int, default=5, help="of each measure, in turn with what it is compared with")
    parser.add_argument("--seconds", type=float, default=5, help="of each round")
    arguments = parser.parse_args()
    unknown = set(arguments.measures) - MEASURES.keys()
    if unknown:
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    who.install()
    os.sched_setaffinity(0, {OTHER_CORE})
    left_out = {each.name: each.missing for each in who.ALL if each.missing}
    for name, missing in left_out.items():
        print(f"left out: {name}, as there is no {' and no '.join(missing)}", flush=True)
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        run = Run(arguments.rounds, arguments.seconds, Path(folder))
        for name in arguments.measures or MEASURES:
            for figure in MEASURES[name](run):
                print(figure, flush=True)
                figures.append(figure)
    RESULTS.mkdir(exist_ok=True)
    if not arguments.measures:
        _write(figures, left_out, arguments.rounds, arguments.seconds)
    if run.rates:
        (RESULTS / "throughput.svg").write_text(plot.bars(run.rates, TITLE), encoding="utf-8")
    return 0 if all(figure.is_met is not False for figure in figures) else 1


def _write(figures: list[Figure], left_out: Mapping[str, Sequence[str]], rounds: int, seconds: float) -> None:
    results = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "rounds": rounds,
        "seconds": seconds,
        "left_out": left_out,
        "figures": [figure.as_json() for figure in figures],
    }
    (RESULTS / "latest.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
