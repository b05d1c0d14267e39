"""Real Redis servers, alone or as a cluster, on free ports of loopback, that end with the tests."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from support import free_port

EXECUTABLE = os.environ.get("HIVESTAND_TEST_REDIS", "redis-server")  # or a valkey-server


@dataclass
class RedisServer:
    """A server that can be killed and started again on the data that it left behind."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    host: str = "127.0.0.1"
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it responses."""
        return f"redis://{self.host}:{self.port}/0"

    def start(self) -> None:
        """Run it, and wait until it responses."""
        executable = shutil.which(EXECUTABLE)
        assert executable, f"{EXECUTABLE} is not on PATH; scripts/test installs redis-server"
        self.folder.mkdir(exist_ok=True)
        options = ["--port", str(self.port), "--bind", self.host, "--save", "", "--dir", str(self.folder)]
        options += ["--repl-diskless-sync-delay", "0"]  # a replica follows at once, and not only after five seconds
        self.process = subprocess.Popen([executable, *options, *self.options], stdout=subprocess.DEVNULL)
        with self.client() as client:
            wait_until(client.ping, "Redis answers")

    def kill(self) -> None:
        """End it as a crash would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def command(self, *words: object) -> Any:
        """The reply to a command."""
        with self.client() as client:
            return client.execute_command(*words)

    def client(self) -> redis.Redis:
        """A client of it, which decodes nothing."""
        return redis.Redis.from_url(self.url, retry=None, socket_timeout=20)


RUNNING: list[RedisServer] = []  # those that this process has started, and not ended


def wait_until(holds: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Ask until it holds; whatever Redis refuses meanwhile is as good as no."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(redis.RedisError):
            if holds():
                return
        time.sleep(0.02)
    raise TimeoutError(what)


@contextlib.contextmanager
def redis_running(folder: Path, *options: str) -> Iterator[RedisServer]:
    """Run a Redis until the block ends."""
    server = RedisServer(folder, options)
    server.start()
    RUNNING.append(server)
    try:
        yield server
    finally:
        RUNNING.remove(server)
        server.kill()


@contextlib.contextmanager
def cluster_running(
    folder: Path, *options: str, replicas: int = 0, host: str = "127.0.0.1"
) -> Iterator[list[RedisServer]]:
    """Run a cluster of three primaries, each with some replicas, until the block ends."""
    clustered = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-announce-ip", host, *options)
    folder.mkdir(exist_ok=True)
    servers = [RedisServer(folder / str(number), clustered, host=host) for number in range(3 * (1 + replicas))]
    try:
        for server in servers:
            server.start()
        addresses = [f"{host}:{server.port}" for server in servers]
        command = ["redis-cli", "--cluster", "create", *addresses, "--cluster-replicas", str(replicas), "--cluster-yes"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
        wait_until(lambda: all(_agrees(server, len(servers), replicas) for server in servers), "the cluster is whole")
        RUNNING.extend(servers)
        yield servers
    finally:
        for server in servers:
            if server in RUNNING:
                RUNNING.remove(server)
            if server.process is not None:
                server.kill()


def _agrees(server: RedisServer, servers: int, replicas: int) -> bool:
    """Whether a server of a cluster knows all others, and its primary has its replicas."""
    state = server.command("CLUSTER INFO")
    whole = state["cluster_state"] == "ok" and int(state["cluster_known_nodes"]) == servers
    with server.client() as client:
        replication = client.info("replication")
        linked = replication.get("master_link_status", "up") == "up"
        return whole and linked and (replication["role"] == "slave" or replication["connected_slaves"] == replicas)
