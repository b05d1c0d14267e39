"""What connections hold together."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import TOKEN, Running, running

from hivestand.server.http.buffers import MIN_RATE, Buffers

MIB = 1024 * 1024


class Connection:
    """A connection that has so many bytes to write."""

    def __init__(self, size: int) -> None:
        """Open it."""
        self.size = size
        self.written = size
        self.unread = 0
        self.unread_since = 0.0
        self.is_aborted = False
        self.flushed = 0
        self.transport = self

    def get_write_buffer_size(self) -> int:
        """Bytes that wait."""
        return 0 if self.is_aborted else self.size

    def abort(self) -> None:
        """Close it."""
        self.is_aborted = True

    def flush(self) -> None:
        """Write."""
        self.flushed += 1


@pytest.mark.anyio
async def test_connections_write_together_at_the_end_of_a_turn() -> None:
    """Not before, and once."""
    buffers, connections = Buffers(MIB, 1), [Connection(1), Connection(2)]
    for connection in connections:
        buffers.flush_soon(connection, asyncio.get_running_loop())
    assert [0, 0] == [each.flushed for each in connections]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [1, 1] == [each.flushed for each in connections]


@pytest.mark.anyio
async def test_a_client_that_does_not_read_is_cut_off() -> None:
    """After the time-out, and not before; one that reads fast enough is not."""
    buffers, stalled, reading, slow = Buffers(10 * MIB, 10), Connection(1000), Connection(5 * MIB), Connection(MIB)
    for connection in (stalled, reading, slow):
        buffers.watch(connection)
    for now in range(25):
        buffers.sweep(now)
        assert stalled.is_aborted is (now >= 10)
        assert slow.is_aborted is (now >= 10)
        reading.size -= MIN_RATE
        slow.size -= 1
    assert not reading.is_aborted


@pytest.mark.anyio
async def test_of_too_much_that_is_held_the_slowest_goes_first() -> None:
    """Until the rest is within bounds."""
    buffers = Buffers(3 * MIB, 100)
    connections = [Connection(2 * MIB) for _ in range(3)]
    buffers.watch(connections[0])
    buffers.sweep(0)
    assert not buffers.is_full
    buffers.watch(connections[1])
    buffers.sweep(1)
    assert [True, False] == [each.is_aborted for each in connections[:2]]
    buffers.watch(connections[2])
    buffers.sweep(2)
    assert [True, True, False] == [each.is_aborted for each in connections]
    assert not buffers.is_full


@pytest.fixture
def server() -> Iterator[Running]:
    """A server with narrow bounds."""
    with running("--max-buffered", str(20 * MIB), "--write-timeout", "1", "--max-body", str(8 * MIB)) as started:
        yield started


def memory_of(server: Running) -> int:
    """Bytes that the process holds."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def head_of(length: int, *fields: str) -> bytes:
    """The head of a post."""
    lines = ["POST /v1/sessions HTTP/1.1", "Host: localhost", f"Authorization: Bearer {TOKEN}", *fields]
    return "\r\n".join([*lines, "Content-Type: application/json", f"Content-Length: {length}", "", ""]).encode()


def test_half_sent_bodies_are_bounded_together(server: Running) -> None:
    """Large ones are refused with 503 then, and small requests are served."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(10)]
        for connection in connections:
            connection.settimeout(10)
            with contextlib.suppress(OSError):
                connection.sendall(head_of(8 * MIB) + b'{"a":"' + b"x" * 7 * MIB)
        assert server.post({}).status_code == 200
        refused = 0
        for connection in connections:
            connection.settimeout(0.2)
            with contextlib.suppress(TimeoutError, ConnectionError):
                received = connection.recv(1000)
                refused += received.startswith(b"HTTP/1.1 503 ") and b"retry-after: 1\r\n" in received
        assert refused >= 7
        assert memory_of(server) < 200 * MIB
    assert server.post({"inputs": {"a": "x" * 7 * MIB}}).status_code == 200


def test_responses_that_nobody_reads_are_dropped(server: Running) -> None:
    """Their connections are closed, and their memory is free again."""
    large = {"session_id": "11111111-1111-4111-8111-111111111111", "inputs": {"a": "x" * 5 * MIB}}
    assert server.post(large).status_code == 200
    again = head_of(60) + b'{"session_id":"11111111-1111-4111-8111-111111111111"}'.ljust(60)
    before = memory_of(server)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(30)]
        for connection in connections:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(again)
        deadline = time.monotonic() + 10
        while memory_of(server) > before + 30 * MIB and time.monotonic() < deadline:
            time.sleep(0.1)
        assert memory_of(server) < before + 30 * MIB
        assert server.post({}).status_code == 200


def test_an_idle_connection_holds_nothing_of_its_last_request(server: Running) -> None:
    """However large that was."""
    body = b'{"inputs":{"a":"%b"},"session_id":"11111111-1111-4111-8111-111111111111"}' % (b"x" * 4 * MIB)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(20)]
        for connection in connections:
            connection.sendall(head_of(len(body)) + body)
            received = 0
            while received < 4 * MIB:
                received += len(connection.recv(MIB))
        assert memory_of(server) < 200 * MIB


def test_a_planned_delay_ends_with_its_client(server: Running) -> None:
    """What it held is free, and it does not hold up the end of the server."""
    large = {"session_id": "11111111-1111-4111-8111-111111111111", "inputs": {"a": "x" * 5 * MIB}}
    assert server.post(large).status_code == 200
    again = head_of(60, "Prefer: hivestand-delay=60000")
    again += b'{"session_id":"11111111-1111-4111-8111-111111111111"}'.ljust(60)
    for _ in range(20):
        with server.connect() as connection:
            connection.sendall(again)
            time.sleep(0.03)
    deadline = time.monotonic() + 5
    while memory_of(server) > 150 * MIB and time.monotonic() < deadline:
        time.sleep(0.1)
    assert memory_of(server) < 150 * MIB


def test_a_planned_delay_does_not_hold_up_the_end() -> None:
    """The client gets 503, and the process ends at once with status 0."""
    with running() as server, server.connect() as connection:
        connection.sendall(head_of(2, "Prefer: hivestand-delay=600000") + b"{}")
        asyncio.run(asyncio.sleep(0.3))
        server.process.terminate()
        assert connection.recv(65536).startswith(b"HTTP/1.1 503 ")
        assert server.process.wait(5) == 0
