"""wrk, the load generator: as many requests as 32 connections can make."""

import re
import subprocess
from pathlib import Path

from bench.processes import OTHER_CORE

CONNECTIONS = 32


def rate(url: str, script: Path, seconds: float) -> float:
    """Requests a second.

    Raises:
        ValueError: some had no 2xx response, or none at all.
    """
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}", "--timeout", "10", "-s", str(script), url]
    done = subprocess.run(
        ["taskset", "-c", str(OTHER_CORE), "wrk", *options], capture_output=True, text=True, check=True
    )
    found = re.search(r"Requests/sec:\s+([0-9.]+)", done.stdout)
    if found is None or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise ValueError(done.stdout)
    return float(found[1])
