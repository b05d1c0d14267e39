"""Faults: what a client asks to go wrong, on real connections."""

import json
import socket
import time
from collections.abc import Iterator

import pytest
from support import Running, running

from hivestand.server.faults.effects import EFFECTS, delayed
from hivestand.server.http.response import HttpResponse

RESPONSE = HttpResponse(200, [(b"a", b"b")], b'{"a":[1,2,3]}')


def returned(server: Running, *prefer: str) -> bytes:
    """What came until the connection was closed; a reset is raised."""
    preferences = "".join(f"Prefer: {each}\r\n" for each in prefer)
    head = f"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {time.time_ns()}\r\n{preferences}"
    with server.connect() as connection:
        connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        connection.settimeout(30)
        received = b""
        while part := connection.recv(65_536):
            received += part
            if whole(received):
                break
        return received


def whole(received: bytes) -> bool:
    """Whether the declared body is there."""
    head, end, body = received.partition(b"\r\n\r\n")
    return bool(end) and len(body) == declared(head)


def declared(head: bytes) -> int:
    """The length that a head declares."""
    return int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])


@pytest.fixture(scope="module")
def strict_server() -> Iterator[Running]:
    """A server that takes no overrides."""
    with running("--no-overrides") as server:
        yield server


def test_a_reset_comes_instead_of_an_answer(memory_server: Running) -> None:
    """RST, and not a byte."""
    with pytest.raises(ConnectionResetError):
        returned(memory_server, "hivestand-fault=reset")


def test_a_close_comes_instead_of_an_answer(memory_server: Running) -> None:
    """FIN, and not a byte."""
    assert returned(memory_server, "hivestand-fault=close") == b""


def test_a_truncated_body_is_shorter_than_declared(memory_server: Running) -> None:
    """By half, and the connection is closed."""
    head, _, body = returned(memory_server, "hivestand-fault=truncated").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert declared(head) // 2 == len(body) > 100


def test_an_empty_body_is_declared_so(memory_server: Running) -> None:
    """200, and nothing to parse."""
    received = returned(memory_server, "hivestand-fault=empty")
    assert received.startswith(b"HTTP/1.1 200")
    assert received.endswith(b"\r\n\r\n")


def test_a_malformed_body_is_no_json(memory_server: Running) -> None:
    """Though whole, as HTTP."""
    body = returned(memory_server, "hivestand-fault=malformed").partition(b"\r\n\r\n")[2]
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


def test_another_media_type_is_declared(memory_server: Running) -> None:
    """Of the same body."""
    head, _, body = returned(memory_server, "hivestand-fault=mistyped").partition(b"\r\n\r\n")
    assert b"content-type: text/html\r\n" in head
    assert json.loads(body)["event_type"] == "session"


def test_a_delay_comes_before_the_answer(memory_server: Running) -> None:
    """By the milliseconds that were asked for, at least."""
    before = time.monotonic()
    head = returned(memory_server, "hivestand-delay=300", "code=429").partition(b"\r\n\r\n")[0]
    assert time.monotonic() - before >= 0.3
    assert head.startswith(b"HTTP/1.1 429")
    assert b"preference-applied: code=429, hivestand-delay=300" in head


def test_other_connections_go_on(memory_server: Running) -> None:
    """A fault is the request's own, and so is the connection that ends."""
    with memory_server.connect() as other:
        with pytest.raises(ConnectionResetError):
            returned(memory_server, "hivestand-fault=reset")
        other.sendall(b"GET /__admin/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert other.recv(65_536).startswith(b"HTTP/1.1 200")


def test_a_request_behind_a_reset_is_not_answered(memory_server: Running) -> None:
    """Of two in one packet the first ends the connection."""
    request = b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nContent-Length: 0\r\n%b\r\n"
    with memory_server.connect() as connection:
        connection.sendall(request % b"Prefer: hivestand-fault=close\r\n" + request % b"")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65_536) == b""


@pytest.mark.parametrize(
    "prefer", ["code=429", "example=refused", "hivestand-fault=reset", "hivestand-delay=x", "code=banana"]
)
def test_overrides_can_be_off(strict_server: Running, prefer: str) -> None:
    """Then they are preferences like any other that there is not, and ignored."""
    head = returned(strict_server, prefer).partition(b"\r\n\r\n")[0]
    assert head.startswith(b"HTTP/1.1 200")
    assert b"preference-applied" not in head


def test_faults_are_functions_of_the_answer() -> None:
    """They compose, and leave what they were given as it was."""
    for fault in EFFECTS.values():
        assert fault(RESPONSE) != RESPONSE
        assert fault(delayed(2)(delayed(1)(RESPONSE))) == delayed(3)(fault(RESPONSE))
    assert HttpResponse(200, [(b"a", b"b")], b'{"a":[1,2,3]}') == RESPONSE
