"""HTTP on the wire: real connections to a real server."""

import asyncio
import contextlib
import json
import re
import select
import signal
import socket
import struct
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from support import TOKEN, Running, running
from uvicorn.server import ServerState

from hivestand.handlers.store.memory.events import MemoryStore
from hivestand.handlers.store.protocol import StoreOptions
from hivestand.server.app import build
from hivestand.server.http import protocol as http_protocol
from hivestand.server.http.buffers import Buffers
from hivestand.server.http.protocol import HttpProtocol, Respond
from hivestand.server.http.request import HttpRequest
from hivestand.server.http.response import HttpResponse
from hivestand.server.settings import Settings

HEAD = f"Host: hivestand\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n".encode()
POST = b"POST /v1/sessions HTTP/1.1\r\n" + HEAD


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """A server that is quick to lose patience with a body."""
    with running("--max-body", "1000000", "--body-timeout", "0.5") as started:
        yield started


def response_to(server: Running, *sent: bytes, pause: float = 0.0) -> tuple[int, bytes]:
    """The status and body of the first response to these bytes, where the server closes the connection after it."""
    with server.connect() as connection:
        for part in sent:
            with contextlib.suppress(ConnectionError):  # refused in the middle
                connection.sendall(part)
            time.sleep(pause)
        return parse(read_to_end(connection))


def read_to_end(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(65536):
            received += part
    return received


def parse(received: bytes) -> tuple[int, bytes]:
    """The status and body of a response."""
    head, _, body = received.partition(b"\r\n\r\n")
    match = re.match(rb"HTTP/1\.1 (\d{3}) ", head)
    assert match, received[:200]
    return int(match[1]), body


def still_serves(server: Running) -> bool:
    """Whether the server answers an ordinary request."""
    return server.post({}).status_code == 200


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST /v1/sessions HTTP/9.9\r\n\r\n",
        b"POST /v1/sessions HTTP/1.1\r\nno colon\r\n\r\n",
        POST + b"Content-Length: -1\r\n\r\n",
        POST + b"Content-Length: x\r\n\r\n",
        POST + b"Content-Length: 99999999999999999999999\r\n\r\n",
        POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        POST + b"A: b\x00c\r\nContent-Length: 2\r\n\r\n{}",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT hivestand:80 HTTP/1.1\r\nHost: hivestand\r\n\r\n",
        b"POST /\xff\xfe HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"POST http://[bad/v1 HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"POST ?x HTTP/1.1\r\n" + HEAD + b"\r\n",
    ],
)
def test_garbage_is_refused_and_the_connection_closed(server: Running, garbage: bytes) -> None:
    """400 in the documented shape, and the server goes on."""
    status, body = response_to(server, garbage)
    assert status == 400
    assert json.loads(body)["errorCode"] == "BAD_REQUEST"
    assert still_serves(server)


def test_a_broken_chunk_ends_the_connection(server: Running) -> None:
    """Garbage in the middle of a body is no request."""
    status, _ = response_to(server, POST + b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\n", pause=0.1)
    assert status == 400
    assert still_serves(server)


@pytest.mark.parametrize(
    "head",
    [
        POST + b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(80)) + b"\r\n",
        POST + b"X: " + b"x" * 70_000 + b"\r\n\r\n",
        POST + b"X: " + b"x" * 20_000_000,
        POST + b"x" * 20_000_000,
        POST + b"".join(b"X: y\r\n" for _ in range(500_000)),
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: hivestand\r\n\r\n",
        b"GET /" + b"x" * 20_000_000,
        POST + b"X: " + b"x" * 70_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_a_header_block_over_64_kib_is_refused(server: Running, head: bytes) -> None:
    """431 in the documented shape, and the connection closed, however it grew."""
    status, body = response_to(server, head)
    assert status == 431
    assert json.loads(body)["errorCode"] == "REQUEST_HEADER_FIELDS_TOO_LARGE"
    assert still_serves(server)


def test_a_header_block_that_trickles_in_is_bounded_too(server: Running) -> None:
    """Counted over all that came, not over one read."""
    with server.connect() as connection, contextlib.suppress(ConnectionError):
        connection.sendall(POST + b"X: ")
        sent = 0
        while not select.select([connection], [], [], 0.001)[0]:
            connection.sendall(b"x" * 1000)
            sent += 1000
            assert sent < 400_000
        assert parse(read_to_end(connection))[0] == 431


@pytest.mark.parametrize(
    "part",
    [b"0\r\nX: " + b"x" * 70_000, b"0\r\n" + b"X: y\r\n" * 20_000, b"1;" + b"x" * 70_000, b"0" * 70_000],
)
def test_what_stands_between_chunks_is_bounded_too(server: Running, part: bytes) -> None:
    """Trailers, extensions and leading zeros are held like a head."""
    status, _ = response_to(server, POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", part, pause=0.05)
    assert status == 431
    assert still_serves(server)


def test_small_chunks_are_no_large_head(server: Running) -> None:
    """What stands between the parts of a body counts only until the next part."""
    chunks = b"1\r\n{\r\n" + b"1;extension\r\n \r\n" * 10_000 + b"1\r\n}\r\n0\r\nX: trailer\r\n\r\n"
    status, _ = response_to(server, POST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert status == 200


def test_requests_before_garbage_are_answered(server: Running) -> None:
    """Each with its own response, in order, and then the connection is closed."""
    request = POST + b"Content-Length: 2\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(request + b"{}" + request + b"[]" + b"garbage\r\n\r\n")
        received = read_to_end(connection)
    assert [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)] == [200, 400]
    assert b"JSON object" in received


def test_a_broken_request_costs_the_one_before_it_no_answer(server: Running) -> None:
    """The response that comes is that of the request that it is for."""
    health = b"GET /__admin/health HTTP/1.1\r\nHost: hivestand\r\n\r\n"
    status, body = response_to(server, health + POST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n")
    assert status == 200
    assert b'"ready":true' in body
    assert still_serves(server)


def test_trailers_are_no_headers(server: Running) -> None:
    """What comes after a body authenticates nobody (RFC 9110, 6.5.1)."""
    chunks = b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nAuthorization: Bearer %b\r\n\r\n"
    without = POST.replace(f"Authorization: Bearer {TOKEN}\r\n".encode(), b"")
    assert response_to(server, without + chunks % b"trailer")[0] == 401
    assert response_to(server, POST + chunks % b"invalid")[0] == 200


def test_a_client_that_has_said_all_is_answered(server: Running) -> None:
    """It may close its side of the connection before it reads."""
    with server.connect() as connection:
        connection.sendall(POST + b"Content-Length: 2\r\n\r\n{}" + POST + b"Content-Length: 2\r\n\r\n{}")
        connection.shutdown(socket.SHUT_WR)
        assert read_to_end(connection).count(b"HTTP/1.1 200 OK\r\n") == 2


def test_a_client_that_leaves_its_requests_behind_is_no_fault(redis_url: str, tmp_path: Path) -> None:
    """Whatever is not answered yet is dropped without a word."""
    errors = tmp_path / "stderr"
    with errors.open("w") as stderr, running("--store", redis_url, stderr=stderr) as started:
        for _ in range(20):
            with started.connect() as connection:
                connection.sendall((POST + b"Content-Length: 2\r\n\r\n{}") * 3)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert still_serves(started)
    said = errors.read_text(encoding="utf-8").splitlines()
    assert [] == [line for line in said if not line.startswith("hivestand: warning: Redis has no append-only file")]


def test_many_upgrades_in_one_write(server: Running) -> None:
    """Each is served as plain HTTP, however many."""
    upgrade = b"GET /nothing HTTP/1.1\r\nHost: hivestand\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(upgrade * 1500 + POST + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}")
        received = read_to_end(connection)
    assert received.count(b"HTTP/1.1 404 ") == 1500
    assert received.count(b"HTTP/1.1 200 ") == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    "after",
    [b"\r\n", b"GET /nothing HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{"],
)
async def test_a_connection_on_which_nothing_goes_on_is_closed(monkeypatch: pytest.MonkeyPatch, after: bytes) -> None:
    """Whatever came last: an empty line, or a part of a body that was answered without it."""
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.2)
    async with listening(build(Settings(), MemoryStore(StoreOptions()))) as (address, _):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(POST + b"Content-Length: 2\r\n\r\n{}" + after)
        assert await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), timeout=15)
        await asyncio.sleep(0.1)
        writer.write(b"\r\n")
        assert b"HTTP/1.1 408 " in await asyncio.wait_for(reader.read(), timeout=15)
        writer.close()


def test_a_header_block_under_64_kib_is_served(server: Running) -> None:
    """The limit is the limit."""
    assert server.post({}, **{"X-Large": "x" * 60_000}).status_code == 200


def test_small_requests_in_one_write_are_no_large_head(server: Running) -> None:
    """Many pipelined requests, all served, though together they are more than a head may be."""
    request = POST + b"Content-Length: 2\r\n\r\n{}"
    count = 100_000 // len(request)
    with server.connect() as connection:
        connection.sendall(request * count + POST + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}")
        assert count + 1 == read_to_end(connection).count(b"HTTP/1.1 200 OK\r\n")


def memory_of(server: Running) -> int:
    """The server's resident memory, in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")
    match = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert match
    return int(match[1]) * 1024


def test_nothing_is_held_of_what_was_refused(server: Running) -> None:
    """After 200 MB of header blocks, memory and descriptors are where they were."""
    descriptors = Path(f"/proc/{server.process.pid}/fd")
    response_to(server, POST + b"X: " + b"x" * 20_000_000)
    memory, count = memory_of(server), len(list(descriptors.iterdir()))
    for _ in range(10):
        response_to(server, POST + b"X: " + b"x" * 20_000_000)
    assert memory_of(server) < memory + 10_000_000
    for _ in range(50):
        if len(list(descriptors.iterdir())) <= count:
            break
        time.sleep(0.1)
    assert len(list(descriptors.iterdir())) <= count


@pytest.mark.parametrize(
    "sent", [POST + b"Content-Length: 10\r\n\r\n{", POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{"]
)
def test_a_stalled_body_times_out(server: Running, sent: bytes) -> None:
    """408 in the documented shape, and the connection closed."""
    status, body = response_to(server, sent)
    assert status == 408
    assert json.loads(body)["errorCode"] == "REQUEST_TIMEOUT"


def test_a_body_that_drips_times_out(server: Running) -> None:
    """A byte now and then keeps no request alive."""
    with server.connect() as connection, contextlib.suppress(ConnectionError):
        connection.sendall(POST + b"Content-Length: 1000\r\n\r\n")
        dripped = 0
        while not select.select([connection], [], [], 0.05)[0]:
            connection.sendall(b" ")
            dripped += 1
            assert dripped < 500
        assert parse(read_to_end(connection))[0] == 408


def test_a_declared_body_over_the_limit_is_refused_unread(server: Running) -> None:
    """413 before any of it was sent."""
    status, body = response_to(server, POST + b"Content-Length: 1000001\r\n\r\n")
    assert status == 413
    assert json.loads(body)["errorCode"] == "CONTENT_TOO_LARGE"


def test_a_chunked_body_over_the_limit_is_refused_in_the_middle(server: Running) -> None:
    """413 after the first megabyte; the client that would have gone on for ever is cut off."""
    with server.connect() as connection, contextlib.suppress(ConnectionError):
        connection.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        chunk = b"ffff\r\n" + b" " * 0xFFFF + b"\r\n"
        for _ in range(10_000):
            if select.select([connection], [], [], 0)[0]:
                break
            connection.sendall(chunk)
        else:
            pytest.fail("600 MB were read")
        assert parse(connection.recv(65536))[0] == 413


@pytest.mark.parametrize("size", [1_000_001, 50_000_000])
def test_a_client_that_sends_too_much_can_read_why(server: Running, size: int) -> None:
    """Clients that write the whole body before they read find the response, not a reset."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    assert httpx.post(f"{server.url}/v1/sessions", content=b" " * size, headers=headers).status_code == 413


def test_a_client_that_sends_all_before_it_reads_is_not_reset(server: Running) -> None:
    """The rest of a refused upload is let run dry for a moment."""
    with server.connect() as connection:
        connection.sendall(POST + b"Content-Length: 20000000\r\n\r\n" + b" " * 20_000_000)
        assert parse(read_to_end(connection))[0] == 413


def test_a_client_that_does_not_stop_sending_is_cut_off(server: Running) -> None:
    """A moment, not for ever."""
    with server.connect() as connection:
        connection.sendall(POST + b"Content-Length: 20000000\r\n\r\n")
        for _ in range(200):
            time.sleep(0.05)
            try:
                connection.sendall(b" ")
            except ConnectionError:
                break
        else:
            pytest.fail("the connection is still open")


def test_a_client_that_waits_for_100_continue_sends_nothing(server: Running) -> None:
    """RFC 9110, 10.1.1: a refused body is not asked for; one that is taken is."""
    with server.connect() as connection:
        connection.sendall(POST + b"Content-Length: 50000000\r\nExpect: 100-continue\r\n\r\n")
        assert read_to_end(connection).startswith(b"HTTP/1.1 413 ")
    with server.connect() as connection:
        connection.sendall(POST + b"Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 Continue\r\n")
        connection.sendall(b"{}")
        assert read_to_end(connection).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_connection_serves_many_requests(server: Running) -> None:
    """Refusals that leave the connection in order do not end it."""
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        client.post("/v1/sessions", json={})
        before = client._transport._pool.connections  # type: ignore[attr-defined] # noqa: SLF001 - httpx shows it nowhere else
        for body, status in (([], 400), ({}, 200)):
            assert client.post("/v1/sessions", json=body).status_code == status
        assert client.get("/v1/sessions").status_code == 405
        assert client.get("/nothing").status_code == 404
        assert before == client._transport._pool.connections  # type: ignore[attr-defined] # noqa: SLF001


@pytest.mark.parametrize("upgrade", ["h2c", "websocket"])
def test_an_upgrade_that_there_is_not_is_ignored(server: Running, upgrade: str) -> None:
    """RFC 9110, 7.8: Java's client asks for h2c on its first request, and goes on in HTTP/1.1."""
    asked = f"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {upgrade}\r\nHTTP2-Settings: AAMAAABk\r\n".encode()
    with server.connect() as connection:
        connection.sendall(POST + asked + b"Content-Length: 2\r\n\r\n{")
        time.sleep(0.1)
        connection.sendall(b"}" + POST + asked + b"Content-Length: 2\r\n\r\n{}")
        connection.sendall(POST + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}")
        assert read_to_end(connection).count(b"HTTP/1.1 200 OK\r\n") == 3


def test_http_1_0_is_answered(server: Running) -> None:
    """And the connection closed, as it has no other end."""
    status, body = response_to(server, POST.replace(b"HTTP/1.1", b"HTTP/1.0") + b"Content-Length: 2\r\n\r\n{}")
    assert (200, 21) == (status, len(json.loads(body)))


def test_a_client_that_leaves_is_not_missed(server: Running) -> None:
    """In the head, in the body, or before the response."""
    for sent in (b"", b"POST /v1", POST, POST + b"Content-Length: 10\r\n\r\n{", POST + b"Content-Length: 2\r\n\r\n{}"):
        with server.connect() as connection:
            connection.sendall(sent)
    assert still_serves(server)


def test_answers_say_nothing_of_the_server(server: Running) -> None:
    """No `Server` header; a date is there."""
    headers = server.post({}).headers
    assert "server" not in headers
    assert "date" in headers


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", None),
        (b"POST /v1", 408),
        (POST, 408),
        (POST + b"Content-Length: 2\r\n\r\n{}" + b"POST", 408),
    ],
)
async def test_a_stalled_head_times_out(monkeypatch: pytest.MonkeyPatch, sent: bytes, status: int | None) -> None:
    """A connection on which no request arrives is closed; where one began, 408 says why."""
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.2)
    async with listening(build(Settings(), MemoryStore(StoreOptions()))) as (address, _):
        received = await exchange(address, sent)
    statuses = [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]
    assert ([] if status is None else [status]) == statuses[-1:]


@pytest.mark.anyio
async def test_a_stalled_head_waits_for_the_answer_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response that takes longer than a head may is not broken into."""
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.1)

    async def slow(request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0.5)
        return HttpResponse(200, [], b"{}")

    async with listening(slow) as (address, _):
        received = await exchange(address, POST + b"Content-Length: 2\r\n\r\n{}" + b"POST")
    assert [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)] == [200, 408]


@pytest.mark.anyio
@pytest.mark.parametrize("broken", [b"zz\r\n", b"1;" + b"x" * 1_000_000])
async def test_a_broken_body_is_answered_once(broken: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """The application that waits for the rest of it in vain answers nobody, and that is no fault."""
    async with listening(build(Settings(body_timeout=0.3), MemoryStore(StoreOptions()))) as (address, state):
        sent = POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n" + broken
        received = await exchange(address, sent, stay=0.6)
        assert received.count(b"HTTP/1.1 4") == 1
        for _ in range(100):
            if not state.tasks:
                break
            await asyncio.sleep(0.05)
        assert not state.tasks
    assert caplog.records == []


@contextlib.asynccontextmanager
async def listening(respond: Respond) -> AsyncIterator[tuple[tuple[str, int], ServerState]]:
    """The protocol in this process: its address, and what uvicorn knows of it."""
    state, buffers, loop = ServerState(), Buffers(2**28, 30), asyncio.get_running_loop()
    async with await loop.create_server(lambda: HttpProtocol(respond, state, buffers, loop), "127.0.0.1", 0) as started:
        yield started.sockets[0].getsockname(), state


async def exchange(address: tuple[str, int], sent: bytes, stay: float = 0) -> bytes:
    """Send, read until the other side ends, and close after some seconds more."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(sent)
    received = await asyncio.wait_for(reader.read(), timeout=15)
    await asyncio.sleep(stay)
    writer.close()
    return received


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_0(number: signal.Signals, tmp_path: Path) -> None:
    """Idle connections do not hold it up, and it says nothing."""
    errors = tmp_path / "stderr"
    with errors.open("w") as stderr, running(stderr=stderr) as started, started.connect() as idle:
        idle.sendall(POST + b"Content-Length: 2\r\n\r\n{}")
        assert idle.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        started.process.send_signal(number)
        assert started.process.wait(timeout=15) == 0
    assert errors.read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_in_flight_is_finished(number: signal.Signals) -> None:
    """The rest of its body is read and it is answered, while new connections are refused."""
    with running() as started, started.connect() as connection:
        connection.sendall(POST + b"Content-Length: 10\r\n\r\n{")
        assert still_serves(started)
        started.process.send_signal(number)
        for _ in range(100):
            try:
                started.connect().close()
            except ConnectionError:
                break
            time.sleep(0.05)
        else:
            pytest.fail("new connections are still taken")
        time.sleep(1.5)
        assert started.process.poll() is None
        connection.sendall(b"        }")
        assert parse(read_to_end(connection))[0] == 200
        assert started.process.wait(timeout=15) == 0


def test_a_request_that_never_ends_does_not_hold_it_up(tmp_path: Path) -> None:
    """After ten seconds of grace it is told so, and the server ends all the same, with status 0."""
    errors = tmp_path / "stderr"
    with (
        errors.open("w") as stderr,
        running("--body-timeout", "600", stderr=stderr) as started,
        started.connect() as connection,
    ):
        connection.sendall(POST + b"Content-Length: 10\r\n\r\n{")
        assert still_serves(started)
        started.process.terminate()
        assert parse(read_to_end(connection))[0] == 503
        assert started.process.wait(timeout=30) == 0
    assert "Traceback" not in errors.read_text(encoding="utf-8")


def test_a_second_signal_ends_it_at_once() -> None:
    """Whoever does not want to wait need not."""
    with running() as started, started.connect() as connection:
        connection.sendall(POST + b"Content-Length: 10\r\n\r\n{")
        assert still_serves(started)
        started.process.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            started.process.wait(timeout=1)
        started.process.terminate()
        assert started.process.wait(timeout=5) == 0


def test_the_line_is_printed_once_and_then_requests_are_answered() -> None:
    """Scripts wait for it."""
    with running() as started:
        assert httpx.get(f"{started.url}/__admin/health").status_code == 200
        started.process.terminate()
        assert started.process.stdout is not None
        assert started.process.stdout.read() == ""


def test_ipv6_is_listened_on() -> None:
    """With brackets in the URL."""
    with running("--host", "::1") as started:
        assert started.url.startswith("http://[::1]:")
        assert still_serves(started)
