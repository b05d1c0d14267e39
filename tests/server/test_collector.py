"""The garbage collector of a server process."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from hivestand.server.collector import look_once

# requests of all kinds on connections that are closed after each, between two full collections
PROGRAM = """
import gc, json, socket
from hivestand.testing.serving import in_thread

BODIES = (
    ("POST", "/v1/sessions", b"{}"),
    ("POST", "/v1/sessions", json.dumps({"session_id": "0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d10"}).encode()),
    ("POST", "/v1/sessions", b"{"),
    ("POST", "/v1/events", json.dumps({"event_type": "tool", "inputs": {}, "event_name": "step"}).encode()),
    ("POST", "/v1/events/search", b"{}"),
    ("PUT", "/v1/events", b"{}"),
    ("GET", "/v1/events/0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d10", b""),
    ("GET", "/nowhere", b""),
)

def ask(port):
    for method, path, body in BODIES:
        head = f"{method} {path} HTTP/1.1\\r\\nHost: a\\r\\nAuthorization: Bearer a\\r\\nConnection: close\\r\\n"
        head += f"Content-Type: application/json\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n"
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(head.encode() + body)
            while client.recv(65536):
                pass

with in_thread() as url:
    port = int(url.rpartition(":")[2])
    for _ in range(3):
        ask(port)
    gc.collect()
    gc.disable()
    for _ in range(20):
        ask(port)
    print(gc.collect())
"""


def test_no_request_leaves_a_cycle_behind() -> None:
    """Nor does a connection that is closed: reference counts free them, without the collector."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True)
    assert "0" == done.stdout.strip()


@pytest.fixture
def _collecting() -> Iterator[None]:
    """The collector as it was."""
    yield
    gc.unfreeze()
    gc.callbacks[:] = [each for each in gc.callbacks if each.__module__ != look_once.__module__]


@pytest.mark.usefixtures("_collecting")
def test_what_survived_is_not_looked_at_again() -> None:
    """A full collection leaves nothing for the next one but what was made since."""
    look_once()
    kept: list[list[int]] = [[] for _ in range(1000)]
    assert any(each is kept for each in gc.get_objects())
    gc.collect()
    assert not any(each is kept for each in gc.get_objects())
