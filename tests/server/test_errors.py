"""Every error, rendered in one place."""

import json
import logging

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from hivestand.handlers.errors import BadRequest, Detail, StoreUnavailable
from hivestand.server.errors import Answers, ClientDisconnected

pytestmark = pytest.mark.anyio


SCOPE: Scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}


async def answer_of(error: Exception) -> httpx.Response:
    """What is answered where an application raises this."""

    async def raising(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    transport = httpx.ASGITransport(Answers(raising))
    async with httpx.AsyncClient(transport=transport, base_url="http://hivestand") as client:
        return await client.get("/")


async def test_an_error_has_the_documented_body() -> None:
    """With hivestand's details."""
    response = await answer_of(BadRequest("wrong", [Detail("/a", "type", "not a number")]))
    assert response.status_code == 400
    assert response.json() == {
        "statusCode": 400,
        "message": "wrong",
        "success": False,
        "errorCode": "BAD_REQUEST",
        "details": [{"pointer": "/a", "rule": "type", "message": "not a number"}],
    }


async def test_an_error_brings_its_headers() -> None:
    """Such as Retry-After."""
    response = await answer_of(StoreUnavailable())
    assert (503, "1") == (response.status_code, response.headers["retry-after"])


async def test_a_fault_of_its_own_is_logged_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """500 in the same shape; what went wrong is in the log alone."""
    with caplog.at_level(logging.ERROR):
        response = await answer_of(RuntimeError("secret"))
    assert (500, "INTERNAL_SERVER_ERROR") == (response.status_code, response.json()["errorCode"])
    assert "secret" not in json.dumps(response.json())
    assert "secret" in caplog.text


async def test_a_client_that_is_gone_gets_no_answer() -> None:
    """Nothing is sent."""

    async def raising(scope: Scope, receive: Receive, send: Send) -> None:
        raise ClientDisconnected

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError(message)

    await Answers(raising)(SCOPE, receive, send)
