"""wrk, the load generator: as many requests as 32 connections can make."""

import re
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

from bench.processes import OTHER_CORE

CONNECTIONS: Final = 32
SPARE: Final = 30  # seconds beyond its own that wrk may take
_UNITS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Load(NamedTuple):
    """What wrk has measured: requests a second, and the latency that one in a hundred exceeds, milliseconds."""

    rate: float
    p99: float


def load(url: str, script: Path, seconds: float) -> Load:
    """Post as often as the server lets.

    Raises:
        ValueError: some had no 2xx response, or none at all.
        TimeoutExpired: wrk does not end.
    """
    whole = max(1, round(seconds))  # wrk takes no fractions
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{whole}", "--latency", "--timeout", "10", "-s", str(script), url]
    done = subprocess.run(
        ["taskset", "-c", str(OTHER_CORE), "wrk", *options],
        capture_output=True,
        text=True,
        check=True,
        timeout=whole + SPARE,
    )
    found = re.search(r"Requests/sec:\s+([0-9.]+)", done.stdout)
    late = re.search(r"99%\s+([0-9.]+)(us|ms|s)", done.stdout)
    if found is None or late is None or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise ValueError(done.stdout)
    return Load(float(found[1]), float(late[1]) * _UNITS[late[2]])


def rate(url: str, script: Path, seconds: float) -> float:
    """Requests a second.

    Raises:
        ValueError: some had no 2xx response, or none at all.
        TimeoutExpired: wrk does not end.
    """
    return load(url, script, seconds).rate
