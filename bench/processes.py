"""Processes on a core of their own, and what they use."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import create_connection, create_server

from bench.session import HEADERS, PATH, body

SERVER_CORE, OTHER_CORE = 0, 1  # of the machine: the server that is measured, and all that loads it
PATIENCE = 60  # seconds for a server to be there
TO_END = 5  # seconds for one to end by itself
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    """A port that nobody listens on."""
    with create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str], core: int | str = SERVER_CORE, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A command on a core, ended with the block, by force if it does not end by itself; its output is dropped."""
    pinned = ["taskset", "-c", str(core), *command]
    process = subprocess.Popen(
        pinned,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(TO_END)
    with suppress(ProcessLookupError):  # what the process left behind
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def redis() -> Iterator[int]:
    """The port of a Redis of our own, on the other core, that writes nothing to disk."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with running(["redis-server", *options], OTHER_CORE):
            wait_until(lambda: _listens(port), "Redis")
            yield port


def _listens(port: int) -> bool:
    with create_connection(("127.0.0.1", port), timeout=1):
        return True


def wait_until(is_there: Callable[[], bool], what: str) -> float:
    """Seconds until it is there.

    Raises:
        TimeoutError: it is not.
    """
    began = time.perf_counter()
    while time.perf_counter() - began < PATIENCE:
        try:
            if is_there():
                return time.perf_counter() - began
        except (OSError, HTTPException):
            pass
        time.sleep(0.002)
    raise TimeoutError(f"{what} is not there after {PATIENCE} s")


def is_ready(port: int) -> bool:
    """Whether a session can be started."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("POST", PATH, body(), HEADERS)
        return connection.getresponse().status == 200
    finally:
        connection.close()


def family(pid: int) -> list[int]:
    """The process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(each for child in children for each in family(int(child)))]


def resident(pid: int) -> int:
    """Bytes of memory that the process and all below it hold."""
    return sum(int(Path(f"/proc/{each}/statm").read_text(encoding="ascii").split()[1]) * PAGE for each in family(pid))


def cpu_seconds(pid: int) -> float:
    """Seconds of a core that the process and all below it have used."""
    return sum(_ticks(each) for each in family(pid)) / TICKS


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
