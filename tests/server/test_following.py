"""Requests told as they happen, over a real connection."""

import json
import socket
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from itertools import islice
from typing import Any

import httpx
import pytest
from support import Running, running

from hivestand.handlers.admin.following import MAX_FOLLOWING, MAX_TOLD
from hivestand.server.auth import authenticate

PATH = "/__admin/requests/follow"


def followed(server: Running, token: str | None = None) -> Generator[dict[str, Any], None, None]:
    """What a client is told that follows, event by event."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.stream("GET", server.url + PATH, headers=headers, timeout=20) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"] == "text/event-stream"
        for line in response.iter_lines():
            if line:
                yield json.loads(line.removeprefix("data: "))


def first_news(events: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """The next requests that are told; a minute without any is too long."""
    found: list[dict[str, Any]] = next(told["requests"] for told in islice(events, 30) if told["requests"])
    return found


def test_requests_are_told_as_they_happen(server: Running) -> None:
    """Each once, to who may see it: a tenant its own, the admin all."""
    with closing(followed(server, "follow-a")) as mine, closing(followed(server)) as everyones:
        assert next(mine) == next(everyones) == {"requests": [], "missed": 0}
        server.post({"duration": "x"}, token="follow-b")
        server.post({}, token="follow-a")
        (told,) = first_news(mine)
        assert ("POST", "/v1/sessions", "createSession", 200, "") == tuple(
            told[name] for name in ("method", "path", "operation", "status", "fallbacks")
        )
        seen = first_news(everyones)
        while len(seen) < 2:
            seen += first_news(everyones)
        assert {"", "duration;reason=type"} == {each["fallbacks"] for each in seen}


def test_too_many_to_tell_are_counted(memory_server: Running) -> None:
    """What one look can tell is bounded."""
    with closing(followed(memory_server, "follow-many")) as events:
        next(events)
        with httpx.Client(base_url=memory_server.url, headers={"Authorization": "Bearer follow-many"}) as client:
            for _ in range(3 * MAX_TOLD):
                client.post("/v1/events/batch", json={"events": []})
        told, missed = 0, 0
        while told + missed < MAX_TOLD + 1:
            event = next(events)
            assert len(event["requests"]) <= MAX_TOLD
            told, missed = told + len(event["requests"]), missed + event["missed"]
        while told + missed < 3 * MAX_TOLD and not missed:  # slow requests fall into several looks, which tell them all
            event = next(events)
            told, missed = told + len(event["requests"]), missed + event["missed"]
        assert told >= MAX_TOLD
        assert missed or told == 3 * MAX_TOLD


def test_a_client_that_does_not_read_costs_nothing() -> None:
    """Neither other clients nor the server's memory; what it holds for it does not grow."""
    with running() as server, server.connect() as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.sendall(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        time.sleep(0.6)
        with httpx.Client(base_url=server.url, headers={"Authorization": "Bearer busy"}) as client:
            statuses = {client.post("/v1/sessions", json={"event_name": "x" * 50}).status_code for _ in range(2000)}
        assert {200} == statuses


def test_only_so_many_follow() -> None:
    """The next is refused, and one that leaves makes room."""
    with running() as server:
        with ExitStack() as stack:
            for _ in range(MAX_FOLLOWING):
                events = stack.enter_context(closing(followed(server)))
                next(events)
            refused = httpx.get(server.url + PATH)
            assert (503, "SERVICE_UNAVAILABLE") == (refused.status_code, refused.json()["errorCode"])
        server.post({})  # what is told then finds that they are gone
        for _ in range(50):
            time.sleep(0.1)
            with httpx.stream("GET", server.url + PATH) as response:
                if response.status_code == 200:
                    return
        pytest.fail("nobody left")


def test_who_follows_does_not_hold_up_the_end() -> None:
    """Of the server, which ends the response as it should be."""
    with running() as server:
        events = followed(server)
        next(events)
        server.process.terminate()
        assert all(not told["requests"] for told in events)
        assert server.process.wait(timeout=10) == 0


def test_a_reset_ends_nothing(memory_server: Running) -> None:
    """Who follows the tenant that is reset is told of its next request."""
    memory_server.post({}, token="follow-reset")
    digest = authenticate(b"Bearer follow-reset").digest
    url = f"{memory_server.url}{PATH}?tenant={digest}"
    with httpx.stream("GET", url, timeout=20) as response:
        lines = (json.loads(line[6:]) for line in response.iter_lines() if line)
        next(lines)
        named = {"Authorization": "Bearer follow-reset"}
        assert httpx.post(f"{memory_server.url}/__admin/reset", json={}, headers=named).status_code == 200
        time.sleep(1)  # two looks
        memory_server.post({"event_name": "after"}, token="follow-reset")
        assert next(told["requests"] for told in lines if told["requests"])


def test_its_head_alone_can_be_had(memory_server: Running) -> None:
    """And the connection goes on behind it."""
    with memory_server.connect() as connection:
        for _ in range(2):
            connection.sendall(f"HEAD {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = connection.recv(4096)
            assert head.startswith(b"HTTP/1.1 200 OK")
            assert head.endswith(b"\r\n\r\n")


def test_a_client_of_http_1_0_gets_it_without_chunks(memory_server: Running) -> None:
    """It does not know them (RFC 9112, 7.1)."""
    with memory_server.connect() as connection:
        connection.sendall(f"GET {PATH} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        received = b""
        while b"data: " not in received:
            received += connection.recv(4096)
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert body.startswith(b"data: {")
