"""Ready means that requests can be served; what cannot work does not start, and says why."""

import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from redis_servers import cluster_running, redis_running
from support import HIVESTAND, SESSION_ID, Running, running


@pytest.fixture
def client(tmp_path: Path) -> Iterator[redis.Redis]:
    """A client of a Redis of its own."""
    with redis_running(tmp_path) as server, server.client() as opened:
        yield opened


def url_of(client: redis.Redis) -> str:
    """Where the Redis is."""
    return f"redis://127.0.0.1:{client.connection_pool.connection_kwargs['port']}/0"


def tell(client: Any, *words: str) -> None:
    """Send a command that redis-py has no method for."""
    client.execute_command(*words)


def deny(client: redis.Redis) -> None:
    """Take the right to write from everybody."""
    tell(client, "ACL", "SETUSER", "default", "-hset")


def fill(client: redis.Redis) -> None:
    """Have no memory left."""
    client.config_set("maxmemory", 1)


def want_replicas(client: redis.Redis) -> None:
    """Want a replica that there is not."""
    client.config_set("min-replicas-to-write", 1)


def occupy(client: redis.Redis) -> None:
    """Have a text where the plans belong."""
    client.set("hivestand:{plans}:workers", "a text")


def demote(client: redis.Redis) -> None:
    """Be a replica of nobody that is there."""
    tell(client, "REPLICAOF", "127.0.0.1", "1")


BROKEN = [
    (deny, "NOPERM"),
    (fill, "OOM"),
    (want_replicas, "NOREPLICAS"),
    (occupy, "WRONGTYPE"),
    (demote, "replica"),
]


def refusal(url: str) -> str:
    """What a start says that ends with status 3."""
    command = [str(HIVESTAND), "serve", "--port", "0", "--store", url]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (3, 1) == (ended.returncode, len(ended.stderr.splitlines())), ended.stderr
    return ended.stderr


@pytest.mark.parametrize(("break_", "reason"), BROKEN)
def test_what_cannot_work_does_not_start(
    client: redis.Redis, break_: Callable[[redis.Redis], None], reason: str
) -> None:
    """Status 3, and one line with Redis's own reason."""
    break_(client)
    assert reason in refusal(url_of(client))


def health_of(server: Running) -> httpx.Response:
    """The health, once it is looked at anew."""
    time.sleep(1.1)
    return httpx.get(f"{server.url}/__admin/health", timeout=20)


@pytest.mark.parametrize(("break_", "reason"), BROKEN)
def test_health_says_why_it_is_not_ready(
    client: redis.Redis, tmp_path: Path, break_: Callable[[redis.Redis], None], reason: str
) -> None:
    """As every request gets 503; standard error says so once."""
    errors = tmp_path / "stderr"
    with errors.open("w") as stderr, running("--store", url_of(client), stderr=stderr) as server:
        assert health_of(server).status_code == 200
        break_(client)
        health = health_of(server)
        assert (503, False) == (health.status_code, health.json()["ready"])
        assert reason.lower() in health.json()["reason"].lower()
        if break_ is not occupy:  # which a worker whose lease runs does not meet
            assert [503] * 3 == [server.post({}).status_code for _ in range(3)]
        settings = httpx.get(f"{server.url}/__admin/settings")
        assert settings.status_code == 200
    said = [line for line in errors.read_text(encoding="utf-8").splitlines() if "not available" in line]
    assert 1 <= len(said) <= 2, said


@pytest.mark.parametrize("break_", [fill, want_replicas, demote])
def test_reads_work_while_only_writes_are_refused(client: redis.Redis, break_: Callable[[redis.Redis], None]) -> None:
    """Events, searches, the journal and the tenants; and all works again when Redis does."""
    with running("--store", url_of(client)) as server:
        assert server.post({"session_id": SESSION_ID, "session_name": "n"}).status_code == 200
        break_(client)
        time.sleep(3.5)  # the lease of the worker has run out
        assert server.post({}).status_code == 503
        assert "n" == server.get(f"/v1/events/{SESSION_ID}").json()["event"]["event_name"]
        assert 1 == server.post({}, path="/v1/events/search").json()["count"]
        assert server.get("/__admin/requests").status_code == 200
        assert server.get("/__admin/sessions").status_code == 200
        client.config_set("maxmemory", 0)
        client.config_set("min-replicas-to-write", 0)
        tell(client, "REPLICAOF", "NO", "ONE")
        deadline = time.monotonic() + 20
        while server.post({}).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_port_that_knows_nothing_but_info_is_refused() -> None:
    """Though it says that it is a Redis."""
    info = b"redis_version:7.0.15\r\nrole:master\r\nloading:0\r\n"

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection:
            while received := connection.recv(65536):
                for command in re.findall(rb"\*[0-9]+\r\n\$[0-9]+\r\n([A-Z]+)\r\n", received):
                    is_info = command == b"INFO"
                    connection.sendall(b"$%d\r\n%b\r\n" % (len(info), info) if is_info else b"-ERR unknown command\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        assert "unknown command" in refusal(f"redis://127.0.0.1:{listener.getsockname()[1]}/0")


def test_a_member_of_a_cluster_wants_another_url(tmp_path: Path) -> None:
    """It says which."""
    with cluster_running(tmp_path) as servers:
        said = refusal(servers[0].url)
    assert "MOVED" in said
    assert "redis+cluster://" in said


@pytest.mark.parametrize(
    "plan",
    [
        b"[]",
        b"{",
        b"[[],[],0,0]",
        b"[[7],{},0,0]",
        b'[[{"id":"1","newer":1}],{},0,0]',
        b'[[],{"newer":1},0,0,"newer"]',
    ],
)
def test_a_plan_of_another_version_harms_nobody_else(client: redis.Redis, plan: bytes) -> None:
    """Nor its own tenant: what is not known of it is ignored."""
    with running("--store", url_of(client)) as server:
        assert server.post({}, token="other").status_code == 200
        tenants = httpx.get(f"{server.url}/__admin/tenants").json()["tenants"]
        assert len(tenants) == 1
        client.hset("hivestand:{plans}", tenants[0], plan.decode())
    with running("--store", url_of(client)) as server:
        assert server.post({}, token="one").status_code == 200
        assert server.post({}, token="other").status_code == 200
        assert httpx.get(f"{server.url}/__admin/faults").status_code == 200
