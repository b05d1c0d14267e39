"""What several tests need: a clock that stands still, and real servers on free ports that end by themselves."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx

ROOT = Path(__file__).parent.parent
SKEP = Path(sys.executable).with_name("skep")
SESSION_ID = "0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d10"
NOW = 1_700_000_000_000
NEW_ID = "7b1c0a52-4f0e-4e6a-9d5e-3f2b1a0c9d8e"
TOKEN = "a-token"


class StoppedClock:
    """A clock whose time stands still and whose new ids are all the same."""

    def now(self) -> int:
        """The one time."""
        return NOW

    def new_id(self) -> str:
        """The one id."""
        return NEW_ID


@dataclass(frozen=True)
class Running:
    """A `skep serve` that answers."""

    url: str
    process: subprocess.Popen[str]

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        url = httpx.URL(self.url)
        return url.host, url.port or 0

    def post(self, body: Any, *, path: str = "/v1/sessions", token: str = TOKEN, **headers: str) -> httpx.Response:
        """Post a JSON value."""
        return httpx.post(self.url + path, json=body, headers={"Authorization": f"Bearer {token}", **headers})

    def connect(self) -> socket.socket:
        """A raw connection to it."""
        return socket.create_connection(self.address, timeout=30)


@contextlib.contextmanager
def running(*arguments: str, env: Mapping[str, str] | None = None, stderr: IO[str] | None = None) -> Iterator[Running]:
    """Run `skep serve` on a free port until the block ends."""
    command = [str(SKEP), "serve", "--port", "0", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=stderr, text=True, env={**os.environ, **(env or {})}
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("skep is listening on http://"), line
        yield Running(line.split()[-1], process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def redis_running(folder: Path) -> Iterator[str]:
    """Run a real Redis on a free port until the block ends; gives its URL."""
    redis = shutil.which("redis-server")
    assert redis, "redis-server is not on PATH; scripts/test installs it"
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen([redis, *options], stdout=subprocess.DEVNULL)
    try:
        _wait_for_port(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def _wait_for_port(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError(port)
