"""Counts of requests in Prometheus's format: the one module that knows prometheus-client's API.

Counting only updates a dict; prometheus-client is imported when somebody asks. Workers write their counts to files in a
shared folder when one of them is asked, so that any of them can report for all, ended ones included.
"""

import logging
import os
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import orjson

from hivestand.server.http.request import HttpRequest
from hivestand.server.http.response import UNWRITTEN, HttpResponse
from hivestand.server.stderr import LineWriter

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds

# statuses with a label of their own; any other, which only a fault or a preference can bring, is counted by its class
STATUSES: Final = frozenset({200, 201, 204, 400, 401, 403, 404, 405, 408, 413, 415, 429, 431, 500, 502, 503, 504})

_DROPPED: Final = ""  # the name under which dropped lines are counted
_log = logging.getLogger(__name__)

_Counts = dict[str, list[float]]  # by operation and status: seconds in all, then the requests of each bucket


class Metrics:
    """The counts of this process, and those that other workers left in `folder`."""

    def __init__(self, log: LineWriter[str], folder: Path | None = None) -> None:
        """Count from zero; `log` counts the lines it drops; without a folder this process is the only one."""
        self._lines = log
        self._folder = folder
        self._is_written = True
        self._counts: defaultdict[str, list[float]] = defaultdict(lambda: [0.0] * (len(BUCKETS) + 2))

    def __call__(self, request: HttpRequest, response: HttpResponse) -> None:
        """Count a request to the mocked API."""
        known = response.status if response.status in STATUSES else f"{response.status // 100}xx"
        status = "none" if response.ending in UNWRITTEN else known
        seconds = request.duration / 1000
        counts = self._counts[f"{request.operation or 'none'} {status}"]
        counts[0] += seconds
        counts[1 + bisect_left(BUCKETS, seconds)] += 1

    def leave(self) -> None:
        """Write this worker's counts where the others find them; where that fails, they are not in the others' sum."""
        if self._folder is None:
            return
        mine = self._folder / f"{os.getpid()}.json"
        fresh = mine.with_suffix(".new")
        try:
            self._folder.mkdir(exist_ok=True)  # somebody may clean the system's temporary folder
            fresh.write_bytes(orjson.dumps(self._all()))
            fresh.replace(mine)
            self._is_written = True
        except OSError as error:
            if self._is_written:
                _log.warning("the metrics of this worker cannot be written, and are left out: %s", error)
            self._is_written = False

    def _all(self) -> _Counts:
        """The counts, and the lines that were dropped under a name of their own."""
        return {**self._counts, _DROPPED: [float(self._lines.dropped)]}

    def text(self) -> bytes:
        """The counts of all workers in Prometheus's text format."""
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - it takes a tenth of a second

        self.leave()
        everyones = [self._all(), *([] if self._folder is None else _others(self._folder))]
        registry = CollectorRegistry()
        registry.register(_Collected(_sum(everyones)))
        return generate_latest(registry)


class _Collected:
    """The collector that prometheus-client asks for counts."""

    def __init__(self, counts: _Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily  # noqa: PLC0415 - as above

        labels = ["operation", "status"]
        requests = CounterMetricFamily("hivestand_requests", "Requests to the mocked API.", labels=labels)
        seconds = HistogramMetricFamily(
            "hivestand_request_seconds", "Seconds until their responses were on their way.", labels=labels
        )
        dropped = CounterMetricFamily("hivestand_log_lines_dropped", "Lines of the log that could not be written.")
        dropped.add_metric([], sum(self._counts.pop(_DROPPED, [0.0])))
        yield dropped
        for name, (total, *numbers) in sorted(self._counts.items()):
            values = name.split(" ")
            requests.add_metric(values, sum(numbers))
            seconds.add_metric(values, list(_cumulated(numbers)), total)
        yield requests
        yield seconds


def _cumulated(numbers: Iterable[float]) -> Iterator[tuple[str, float]]:
    count = 0.0
    for bound, number in zip((*map(str, BUCKETS), "+Inf"), numbers, strict=True):
        count += number
        yield bound, count


def _sum(everyones: Iterable[_Counts]) -> _Counts:
    total: _Counts = {}
    for counts in everyones:
        for name, numbers in counts.items():
            total[name] = [sum(pair) for pair in zip(total.get(name, [0.0] * len(numbers)), numbers, strict=True)]
    return total


def _others(folder: Path) -> Iterator[_Counts]:
    """The counts that other workers have written."""
    for path in folder.glob("*.json"):
        if path.stem != str(os.getpid()):
            with suppress(OSError, orjson.JSONDecodeError):
                yield orjson.loads(path.read_bytes())
