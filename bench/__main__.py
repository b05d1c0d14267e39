"""Measure everything, or what is named; write `bench/results`, the plots, and the tables of `docs/performance.md`."""

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
from typing import Final, NamedTuple

from bench import aggregation, console, fairness, footprint, growth, latency, page, parts, plot, throughput, trace
from bench import contenders as who
from bench.figure import Figure
from bench.plot import Curve
from bench.processes import OTHER_CORE, redis
from bench.progress import Bar, TooLong

RESULTS: Final = Path(__file__).parent / "results"
TITLE: Final = "Sessions started in a second: server on one core, 32 connections, 543 bytes each"


class Plan(NamedTuple):
    """How much is measured.

    Attributes:
        rounds: of each measure, in turn with what it is compared with.
        seconds: of each round.
        sessions: of a store that is called full.
    """

    rounds: int = 5
    seconds: float = 3
    sessions: int = 1_000_000


QUICK: Final = Plan(1, 1, 20_000)


class Run:
    """One run of what is measured."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        """Measure by the plan; the folder is for what contenders read."""
        self._plan = plan
        self._folder = folder
        self.rates: Mapping[str, Sequence[float]] = {}

    def throughput(self) -> Iterator[Figure | Curve]:
        """Of all contenders, and how late responses are at half of Prism's."""
        asked = [each for each in who.ALL if not each.missing]
        with redis() as port, who.all_of(asked, port, self._folder) as servers:
            loads = throughput.measure(servers, self._folder, self._plan.rounds, self._plan.seconds)
            self.rates = {name: [each.rate for each in rounds] for name, rounds in loads.items()}
            yield from throughput.figures(loads)
            if who.PRISM_SMALL.name in servers:
                rate = median(self.rates[who.PRISM_SMALL.name]) / 2
                found = latency.measure(servers, rate, self._plan.rounds, self._plan.seconds)
                yield from latency.figures(found, rate)

    def footprint(self) -> Iterator[Figure | Curve]:
        """Starts and memory."""
        with redis() as port:
            yield from footprint.measure(port, self._folder, self._plan.rounds)

    def volume(self) -> Iterator[Figure | Curve]:
        """A store that fills."""
        yield from growth.volume(self._folder, self._plan.sessions, self._plan.rounds, self._plan.seconds)

    def growth(self) -> Iterator[Figure | Curve]:
        """Merges, bodies, long sessions, workers."""
        for measure in (growth.bodies, growth.workers):
            with redis() as port:
                yield from measure(port, self._folder, self._plan.rounds, self._plan.seconds)
        with redis() as port:
            yield from growth.merges(port, self._folder)
        with redis() as port:
            yield from growth.lengths(port, self._folder, self._plan.seconds)

    def fairness(self) -> Iterator[Figure | Curve]:
        """What the largest requests of one client cost the others."""
        yield from fairness.figures(self._folder)

    def trace(self) -> Iterator[Figure | Curve]:
        """Spans of a long trace."""
        with redis() as port:
            yield from trace.measure(port, self._folder, self._plan.rounds)

    def aggregation(self) -> Iterator[Figure | Curve]:
        """What the totals of sessions cost."""
        yield from aggregation.measure(self._folder, self._plan.rounds, self._plan.seconds)

    def parts(self) -> Iterator[Figure | Curve]:
        """What the replacements of parts of uvicorn and Connexion buy."""
        yield from parts.measure(self._folder, self._plan.rounds, self._plan.seconds)

    def console(self) -> Iterator[Figure | Curve]:
        """What it costs that somebody looks."""
        yield from console.measure(self._folder, self._plan.rounds, self._plan.seconds)


MEASURES: Final[dict[str, Callable[[Run], Iterator[Figure | Curve]]]] = {
    "throughput": Run.throughput,
    "footprint": Run.footprint,
    "trace": Run.trace,
    "growth": Run.growth,
    "volume": Run.volume,
    "aggregation": Run.aggregation,
    "parts": Run.parts,
    "console": Run.console,
    "fairness": Run.fairness,
}
_NOT_QUICK: Final = ("fairness", "console", "aggregation")  # no shorter than they are


def main() -> int:
    """Measure; the exit status is 0 if all that was asked for was reached."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=f"{', '.join(MEASURES)}; all if none is named")
    parser.add_argument("--quick", action="store_true", help="a short round of each, in three minutes; writes nothing")
    parser.add_argument("--rounds", type=int, default=Plan().rounds, help="of each measure, in turn")
    parser.add_argument("--seconds", type=float, default=Plan().seconds, help="of each round")
    arguments = parser.parse_args()
    unknown = set(arguments.measures) - MEASURES.keys()
    if unknown:
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    plan = QUICK if arguments.quick else Plan(arguments.rounds, arguments.seconds)
    all_of_them = [name for name in MEASURES if not (arguments.quick and name in _NOT_QUICK)]
    who.install()
    os.sched_setaffinity(0, {OTHER_CORE})
    left_out = {each.name: each.missing for each in who.ALL if each.missing}
    for name, missing in left_out.items():
        print(f"left out: {name}, as there is no {' and no '.join(missing)}", flush=True)
    began = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(plan, Path(folder))
        figures, curves, failures = _measured(run, arguments.measures or all_of_them)
    minutes = (datetime.now(UTC) - began).total_seconds() / 60
    print(f"{minutes:.1f} minutes", flush=True)
    if not arguments.quick:
        _write(run, figures, curves, _about(plan, left_out, minutes), is_whole=not arguments.measures and not failures)
    return 0 if not failures and all(figure.is_met is not False for figure in figures) else 1


def _measured(run: Run, names: Sequence[str]) -> tuple[list[Figure], list[Curve], int]:
    """The figures and curves of these measures, and how many measures failed; none takes the others with it."""
    figures: list[Figure] = []
    curves: list[Curve] = []
    failures = 0
    with Bar(len(names)) as bar:
        for name in names:
            try:
                with bar.step(name):
                    for found in MEASURES[name](run):
                        if isinstance(found, Curve):
                            curves.append(found)
                        else:
                            bar.say(found)
                            figures.append(found)
            except (TooLong, TimeoutError, OSError, ValueError, AssertionError) as error:
                failures += 1
                bar.say(f"{name} failed: {error}")
    return figures, curves, failures


def _about(plan: Plan, left_out: Mapping[str, Sequence[str]], minutes: float) -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "minutes": round(minutes, 1),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores of {_processor()}",
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "left_out": left_out,
    }


def _processor() -> str:
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8").splitlines() if about.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown make")


def _write(
    run: Run, figures: Sequence[Figure], curves: Sequence[Curve], about: Mapping[str, object], *, is_whole: bool
) -> None:
    """Keep the results: the file and the page of a whole run, the plots of what was measured."""
    RESULTS.mkdir(exist_ok=True)
    for theme in plot.THEMES:
        if run.rates:
            bars = plot.bars(run.rates, TITLE, theme)
            (RESULTS / f"throughput-{theme.name}.svg").write_text(bars, encoding="utf-8")
        for drawn in curves:
            (RESULTS / f"{drawn.name}-{theme.name}.svg").write_text(plot.curve(drawn, theme), encoding="utf-8")
    if is_whole:
        results = {**about, "figures": [figure.as_json() for figure in figures]}
        (RESULTS / "latest.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        page.write(results)


if __name__ == "__main__":
    sys.exit(main())
