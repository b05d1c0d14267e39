"""What is measured, and what it is compared with."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from bench.processes import free_port, is_ready, running, wait_until
from bench.session import PATH, session

ROOT: Final = Path(__file__).parent.parent
PEERS: Final = ROOT / "bench" / "peers"
DOCUMENT: Final = ROOT / "openapi" / "honeyhive.yaml"
HIVESTAND: Final = str(Path(sys.executable).with_name("hivestand"))
UVICORN: Final = (sys.executable, "-m", "uvicorn", "--no-access-log", "--log-level", "critical", "--loop", "uvloop")

Command = Callable[[int, int, Path], Sequence[str]]  # of a server's port, Redis's port, and a folder of its own


class Contender(NamedTuple):
    """A server and how it is started; `needs` are the commands that it takes."""

    name: str
    command: Command
    needs: Sequence[str] = ()

    @property
    def missing(self) -> Sequence[str]:
        """What it needs and this machine has not."""
        return [each for each in self.needs if shutil.which(each) is None and not Path(each).exists()]


class Server(NamedTuple):
    """One that runs."""

    port: int
    pid: int
    seconds: float  # from the start of its process to its first response

    @property
    def url(self) -> str:
        """Where sessions are started."""
        return f"http://127.0.0.1:{self.port}{PATH}"


def hivestand(store: str, *options: str) -> Command:
    """A hivestand on a store, in which `{redis}` stands for the address of Redis."""

    def command(port: int, redis: int, _: Path) -> Sequence[str]:
        address = store.format(redis=f"127.0.0.1:{redis}")
        return [HIVESTAND, "serve", "--port", str(port), "--store", address, *options]

    return command


def _uvicorn(name: str) -> Command:
    return lambda port, _redis, _folder: [*UVICORN, "--port", str(port), f"bench.apps.{name}:app"]


def _bin(name: str) -> str:
    return str(PEERS / "node_modules" / ".bin" / name)


def _prism(port: int, _redis: int, _folder: Path) -> Sequence[str]:
    return [_bin("prism"), "mock", "--port", str(port), str(DOCUMENT)]


def _prism_small(port: int, _redis: int, folder: Path) -> Sequence[str]:
    """On a document of one operation, with an example of its response, so that there is little to validate or make."""
    types = {dict: "object", str: "string", int: "number"}
    properties = {name: {"type": types[type(value)]} for name, value in session().items()}
    schema = {"type": "object", "properties": properties}
    answer = {"description": "The session.", "content": {"application/json": {"schema": schema, "example": session()}}}
    operation = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"200": answer},
        "security": [{"bearer": []}],
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Sessions", "version": "1"},
        "paths": {PATH: {"post": operation}},
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    }
    small = folder / "small.json"
    small.write_text(json.dumps(document), encoding="utf-8")
    return [_bin("prism"), "mock", "--port", str(port), str(small)]


def _mockoon(port: int, _redis: int, folder: Path) -> Sequence[str]:
    """One route that returns the session, by a template; its log of requests is off."""
    response = {
        "uuid": "c0a0e6c2-0000-4000-8000-000000000003",
        "body": json.dumps({**session(), "session_id": "{{faker 'string.uuid'}}"}),
        "latency": 0,
        "statusCode": 200,
        "label": "",
        "headers": [{"key": "Content-Type", "value": "application/json"}],
        "bodyType": "INLINE",
        "filePath": "",
        "databucketID": "",
        "sendFileAsBody": False,
        "rules": [],
        "rulesOperator": "OR",
        "disableTemplating": False,
        "fallbackTo404": False,
        "default": True,
        "crudKey": "id",
        "callbacks": [],
    }
    route = {
        "uuid": "c0a0e6c2-0000-4000-8000-000000000002",
        "type": "http",
        "documentation": "",
        "method": "post",
        "endpoint": PATH.removeprefix("/"),
        "responses": [response],
        "responseMode": None,
        "streamingMode": None,
        "streamingInterval": 0,
    }
    environment = {
        "uuid": "c0a0e6c2-0000-4000-8000-000000000001",
        "lastMigration": 33,
        "name": "sessions",
        "endpointPrefix": "",
        "latency": 0,
        "port": port,
        "hostname": "127.0.0.1",
        "folders": [],
        "routes": [route],
        "rootChildren": [{"type": "route", "uuid": route["uuid"]}],
        "proxyMode": False,
        "proxyHost": "",
        "proxyRemovePrefix": False,
        "tlsOptions": {"enabled": False, "type": "CERT", "pfxPath": "", "certPath": "", "keyPath": "", "caPath": ""},
        "cors": False,
        "headers": [],
        "proxyReqHeaders": [],
        "proxyResHeaders": [],
        "data": [],
        "callbacks": [],
    }
    data = folder / "mockoon.json"
    data.write_text(json.dumps(environment), encoding="utf-8")
    return [_bin("mockoon-cli"), "start", "--data", str(data), "--disable-log-to-file", "--max-transaction-logs", "1"]


def _wiremock(port: int, _redis: int, folder: Path) -> Sequence[str]:
    """One mapping that returns the session; its journal is off."""
    mappings = folder / "wiremock" / "mappings"
    mappings.mkdir(parents=True, exist_ok=True)
    response = {"status": 200, "jsonBody": session(), "headers": {"Content-Type": "application/json"}}
    mapping = {"request": {"method": "POST", "urlPath": PATH}, "response": response}
    (mappings / "session.json").write_text(json.dumps(mapping), encoding="utf-8")
    options = ["--root-dir", str(mappings.parent), "--no-request-journal", "--disable-banner"]
    return [_bin("wiremock"), "--port", str(port), *options]


HIVESTAND_REDIS: Final = Contender("hivestand, Redis", hivestand("redis://{redis}"), ("redis-server",))
HIVESTAND_MEMORY: Final = Contender("hivestand, memory", hivestand("memory://"))
SILENT_REDIS: Final = Contender(
    "hivestand, Redis, no journal", hivestand("redis://{redis}", "--journal", "0"), ("redis-server",)
)
SILENT_MEMORY: Final = Contender("hivestand, memory, no journal", hivestand("memory://", "--journal", "0"))
FLOOR: Final = Contender("the floor: an ASGI echo on uvicorn", _uvicorn("echo"))
BARE: Final = Contender("one bare call of redis-py", _uvicorn("bare"), ("redis-server",))
STOCK: Final = Contender("stock Connexion", _uvicorn("stock"), ("redis-server",))
PRISM: Final = Contender("Prism, whole document", _prism, ("node", _bin("prism")))
PRISM_SMALL: Final = Contender("Prism, small document", _prism_small, ("node", _bin("prism")))
MOCKOON: Final = Contender("Mockoon", _mockoon, ("node", _bin("mockoon-cli")))
WIREMOCK: Final = Contender("WireMock", _wiremock, ("node", "java", _bin("wiremock")))
ALL: Final = (
    FLOOR,
    HIVESTAND_MEMORY,
    HIVESTAND_REDIS,
    SILENT_MEMORY,
    SILENT_REDIS,
    BARE,
    STOCK,
    PRISM_SMALL,
    PRISM,
    MOCKOON,
    WIREMOCK,
)


@contextmanager
def serving(contender: Contender, redis: int, folder: Path, core: int | str = 0) -> Iterator[Server]:
    """The contender, from its first response on."""
    port = free_port()
    env = {"BENCH_REDIS": f"redis://127.0.0.1:{redis}", "PYTHONPATH": str(ROOT)}
    with running(contender.command(port, redis, folder), core, env) as process:
        yield Server(port, process.pid, wait_until(lambda: is_ready(port), contender.name))


@contextmanager
def all_of(contenders: Sequence[Contender], redis: int, folder: Path) -> Iterator[Mapping[str, Server]]:
    """Those that this machine can run, by name, all at once; one that is not asked costs the others nothing."""
    with ExitStack() as stack:
        yield {each.name: stack.enter_context(serving(each, redis, folder)) for each in contenders if not each.missing}


def install() -> None:
    """Bring the peers that come from npm; what cannot be had is missing then."""
    npm = shutil.which("npm")
    if npm is None or (PEERS / "node_modules" / ".package-lock.json").exists():
        return
    quiet = ("--silent", "--no-fund", "--no-audit")
    subprocess.run([npm, "ci", *quiet], cwd=PEERS, env={**os.environ}, timeout=600, check=False)
