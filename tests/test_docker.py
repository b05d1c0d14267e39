"""The container files, as far as they can be tried without an engine: whatever they name exists and works."""

import json
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis_servers import redis_running
from support import ROOT, free_port, running

from hivestand.handlers.store.redis.events import CHECKED_SECONDS
from hivestand.server.cli import serve
from hivestand.server.http.server import GRACE_SECONDS
from hivestand.server.settings import Settings

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
LINES = [
    tuple(line.split(maxsplit=1))
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def instructions(name: str) -> list[str]:
    """The arguments of each instruction of that name in the Dockerfile."""
    return [arguments for keyword, arguments in LINES if keyword == name]


def flags() -> set[str]:
    """The environment variables of `hivestand serve`."""
    return {f"HIVESTAND_{parameter.name}".upper() for parameter in serve.params}


def test_variables_exist() -> None:
    """Every variable that is set is one of `hivestand serve`."""
    environment = COMPOSE["services"]["hivestand"]["environment"]
    assert environment.keys() | {line.partition("=")[0] for line in instructions("ENV")} <= flags()


def test_ports_are_the_servers() -> None:
    """Exposed, published on loopback alone, and asked for the health."""
    port = Settings().port
    hivestand = COMPOSE["services"]["hivestand"]
    assert [str(port)] == instructions("EXPOSE")
    assert [f"127.0.0.1:{port}:{port}"] == hivestand["ports"]
    assert f":{port}/" in hivestand["healthcheck"]["test"][-1]


def test_the_server_waits_for_a_healthy_redis_and_names_it() -> None:
    """By the name of its service, on Redis's port."""
    services = COMPOSE["services"]
    assert services["hivestand"]["depends_on"] == {"redis": {"condition": "service_healthy"}}
    assert services["hivestand"]["environment"]["HIVESTAND_STORE"] == "redis://redis:6379/0"
    assert set(services) == {"redis", "hivestand"}


def test_the_engine_waits_longer_than_the_server() -> None:
    """So that it does not kill it in the middle of a response."""
    assert int(COMPOSE["services"]["hivestand"]["stop_grace_period"].removesuffix("s")) > GRACE_SECONDS


def test_the_image_runs_the_command_as_nobody_special() -> None:
    """The command is one that the package installs, and the user is not root."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    program, *arguments = json.loads(instructions("CMD")[-1])
    assert program in project["scripts"]
    assert arguments == [serve.name]
    assert instructions("USER")[-1] not in {"root", "0"}
    assert [keyword for keyword, _ in LINES].index("USER") < [keyword for keyword, _ in LINES].index("CMD")
    assert project["requires-python"] == ">=" + re.sub(r"python:|-slim", "", instructions("FROM")[0])


def test_what_is_copied_is_enough_to_install(tmp_path: Path) -> None:
    """Every path is in the project and not ignored; pip installs from these files alone."""
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[0] == "!"}
    for line in instructions("COPY"):
        *sources, target = line.split()
        for source in sources:
            assert source in allowed
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, tmp_path / target)
    install = instructions("RUN")[1].split(" && ")[0].split()
    assert install[:2] == ["pip", "install"]
    command = [sys.executable, "-m", *install, "--quiet", "--target", str(tmp_path / "installed")]
    subprocess.run(command, cwd=tmp_path, check=True, env={"PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    assert (tmp_path / "installed/hivestand/openapi/honeyhive.yaml").exists()


def test_the_image_can_check_deployments_too() -> None:
    """All that serving and checking need is installed with hashes, in the versions that were tested."""
    assert instructions("RUN")[0] == "pip install --no-cache-dir --require-hashes --requirement requirements.lock"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    wanted = [*project["dependencies"], *project["optional-dependencies"]["conformance"]]
    names = [re.split(r"[\[<>=;]", requirement)[0] for requirement in wanted]
    pinned = re.findall(r"^([a-z0-9-]+)==[^\n]+\\\n    --hash=sha256:", lock, re.MULTILINE)
    assert len(names) > 10
    assert [] == [name for name in names if name not in pinned]
    assert len(re.findall(r"^[a-z]", lock, re.MULTILINE)) == len(pinned)


def test_the_admin_token_can_be_chosen() -> None:
    """Without one nobody could use the admin API of a server that listens for other machines."""
    assert "${HIVESTAND_ADMIN_TOKEN:-admin}" == COMPOSE["services"]["hivestand"]["environment"]["HIVESTAND_ADMIN_TOKEN"]


def test_the_health_check_tells(tmp_path: Path) -> None:
    """It passes on a server that is ready, and fails where the store is away or nothing listens."""
    _, _, *check = COMPOSE["services"]["hivestand"]["healthcheck"]["test"]

    def healthy(port: int) -> bool:
        command = [sys.executable, *(part.replace(str(Settings().port), str(port)) for part in check)]
        return subprocess.run(command, capture_output=True, check=False, timeout=15).returncode == 0

    with running() as server:
        assert healthy(server.address[1])
    with redis_running(tmp_path) as store, running("--store", store.url) as server:
        assert healthy(server.address[1])
        subprocess.run(["redis-cli", "-u", store.url, "shutdown", "nosave"], check=True, capture_output=True)
        time.sleep(CHECKED_SECONDS)  # for as long it is not looked at anew
        assert not healthy(server.address[1])
    assert not healthy(free_port())


@pytest.mark.parametrize("check", [COMPOSE["services"]["redis"]["healthcheck"]["test"][1:]])
def test_redis_starts_as_told_and_persists(tmp_path: Path, check: list[str]) -> None:
    """With an append-only file and no eviction; its health check passes."""
    program, *options = COMPOSE["services"]["redis"]["command"]
    port = free_port()
    command = [program, *options, "--port", str(port), "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    client = ["redis-cli", "-p", str(port)]
    try:
        for _ in range(100):
            done = subprocess.run([*client, *check[1:]], capture_output=True, text=True, check=False)
            if done.stdout == "PONG\n":
                break
            time.sleep(0.05)
        assert done.stdout == "PONG\n"
        for name, value in (("appendonly", "yes"), ("maxmemory-policy", "noeviction")):
            told = subprocess.check_output([*client, "config", "get", name], text=True)
            assert told.splitlines() == [name, value]
    finally:
        process.terminate()
        process.wait(timeout=15)
