"""A server for the length of a block or a test run."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from hivestand.testing.client import Hivestand


@contextmanager
def serve(**settings: Any) -> Iterator[Hivestand]:
    """Serve in a thread of this process on a free port of loopback, from memory unless `store` says otherwise.

    Takes the fields of `hivestand.server.settings.Settings`; yields a tenant of the server.
    """
    with in_thread(**settings) as url, closing(Hivestand(url)) as hivestand:
        yield hivestand


@contextmanager
def in_thread(**settings: Any) -> Iterator[str]:
    """Serve in a thread of this process; yields the URL."""
    from hivestand.server.settings import Settings  # noqa: PLC0415 - whoever only has the plugin installed pays nothing
    from hivestand.server.thread import ServerThread  # noqa: PLC0415 - likewise

    with ServerThread(Settings(**{"port": 0, **settings})) as server:
        yield server.url


@contextmanager
def in_process(*arguments: str) -> Iterator[str]:
    """Serve in a process of its own with the arguments of `hivestand serve`; yields the URL."""
    command = [
        sys.executable,
        "-c",
        "from hivestand.server.cli import main; main()",
        "serve",
        "--port",
        "0",
        *arguments,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError("hivestand did not start")
            yield line.split()[-1]
        finally:
            process.terminate()
