"""What several tests need: a clock that stands still, and real servers on free ports that end by themselves."""

import contextlib
import json
import os
import secrets
import socket
import struct
import subprocess
import sys
import threading
import uuid
from binascii import crc32
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx

from hivestand.handlers.event.index import IndexEntry
from hivestand.handlers.tenant import Tenant

ROOT = Path(__file__).parent.parent
HIVESTAND = Path(sys.executable).with_name("hivestand")
SESSION_ID = "0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d10"
NOW = 1_700_000_000_000
NEW_ID = "7b1c0a52-4f0e-4e6a-9d5e-3f2b1a0c9d8e"
TOKEN = "a-token"
FOREIGN_HOSTS = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "10.0.0.1",
    "",
    "a b",
    "[",
    "x@localhost",
]


def id_of(name: str) -> str:
    """The UUID that a test calls by a name."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def entry(event_id: str, **changes: Any) -> IndexEntry:
    """What the index knows of an event, by the id of which a session is started."""
    return IndexEntry(event_id, event_id, "session", "unknown", NOW)._replace(**changes)


def index_key(tenant: Tenant, event_id: str, prefix: str = "hivestand") -> str:
    """The key of the sorted set in Redis that names the event."""
    return f"{prefix}:{{{tenant.digest}:{crc32(event_id.encode()) % 32:02x}}}"


def totals_key(tenant: Tenant, event_id: str) -> str:
    """The key of the hash in Redis that has the totals of the event's bucket."""
    return f"{index_key(tenant, event_id)}:totals"


def event_key(tenant: Tenant, event_id: str, prefix: str = "hivestand") -> str:
    """The key of the event's hash in Redis."""
    return f"{index_key(tenant, event_id, prefix)}:{event_id}"


def stored_event(fields: dict[bytes, bytes]) -> dict[str, Any]:
    """The event in a hash of Redis, but for its tenant's ids, read without the code that wrote it."""
    texts, at = [], 0
    created = fields.pop(b"e")
    fields.pop(b"s", None)
    del fields[b"i"]
    while at < len(created):
        (length,) = struct.unpack_from("<I", created, at)
        texts.append(created[at + 4 : at + 4 + length])
        at += 4 + length
    event: dict[str, Any] = json.loads(texts[0])
    objects = {b"m": "metadata", b"u": "user_properties", b"c": "config", b"f": "feedback", b"k": "metrics"}
    for field, value in [*zip(texts[1::2], texts[2::2], strict=True), *fields.items()]:
        holder = event if field[:1] == b"t" else event[objects[field[:1]]]
        holder[json.loads(field[1:])] = json.loads(value)
    return event


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
    """A `hivestand serve` that answers."""

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

    def get(self, path: str, *, token: str = TOKEN) -> httpx.Response:
        """Get what is at a path."""
        return httpx.get(self.url + path, headers={"Authorization": f"Bearer {token}"})

    def connect(self) -> socket.socket:
        """A raw connection to it."""
        return socket.create_connection(self.address, timeout=30)


@contextlib.contextmanager
def running(*arguments: str, env: Mapping[str, str] | None = None, stderr: IO[str] | None = None) -> Iterator[Running]:
    """Run `hivestand serve` on a free port until the block ends."""
    command = [str(HIVESTAND), "serve", "--port", "0", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=stderr, text=True, env={**os.environ, **(env or {})}
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("hivestand is listening on http://"), line
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


def children(parent: int) -> set[int]:
    """The processes that a process has started and that live."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            state, of = path.read_text(encoding="utf-8").rpartition(")")[2].split()[:2]
            if int(of) == parent and state != "Z":
                found.add(int(path.parent.name))
    return found


def resident(process: int) -> int:
    """The resident memory of a process, in bytes."""
    pages = Path(f"/proc/{process}/statm").read_text(encoding="utf-8").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def hivestand_check(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `hivestand check` to its end."""
    command = [str(HIVESTAND), "check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **env})


@contextlib.contextmanager
def accepting(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A socket on a free port of loopback whose connections `serve` gets, one after the other; gives the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    serve(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


def free_port() -> int:
    """A port of loopback that nothing listens on.

    It is below those that the system gives to outgoing connections, one of which could take it before a server does.
    """
    while True:
        port = 12_000 + secrets.randbelow(10_000)  # whatever seed a test sets
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
