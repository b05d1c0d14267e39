"""Every error, caught and rendered in one place."""

import json
import logging
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from asgi import client_of, request_of

from hivestand.handlers.errors import BadRequest, Detail, StoreUnavailable
from hivestand.server.http.body import ClientDisconnected
from hivestand.server.http.request import HttpRequest
from hivestand.server.http.response import HttpResponse
from hivestand.server.responder import Responder

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Raising:
    """An operation that raises an error."""

    error: Exception

    async def serve(self, request: HttpRequest) -> HttpResponse:
        """Raise it."""
        raise self.error


class Routes:
    """One operation, for every path."""

    def __init__(self, operation: Raising) -> None:
        self.operations = {("GET", "/"): operation}


def responder(error: Exception) -> Responder:
    """A responder all of whose operations raise this."""
    routes: Any = Routes(Raising(error))
    return Responder(routes, ())


async def response_to(error: Exception) -> httpx.Response:
    """The response where an operation raises this."""
    async with client_of(responder(error), base_url="http://hivestand") as client:
        return await client.get("/")


async def test_an_error_has_the_documented_body() -> None:
    """With hivestand's details."""
    response = await response_to(BadRequest("wrong", [Detail("/a", "type", "not a number")]))
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
    response = await response_to(StoreUnavailable())
    assert (503, "1") == (response.status_code, response.headers["retry-after"])


async def test_a_fault_of_its_own_is_logged_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """500 in the same shape; what went wrong is in the log alone."""
    with caplog.at_level(logging.ERROR):
        response = await response_to(RuntimeError("secret"))
    assert (500, "INTERNAL_SERVER_ERROR") == (response.status_code, response.json()["errorCode"])
    assert "secret" not in json.dumps(response.json())
    assert "secret" in caplog.text


async def test_a_client_that_is_gone_gets_no_response() -> None:
    """Nobody would read it, and no observer is told of one."""
    assert await responder(ClientDisconnected())(request_of("GET", "/", [])) is None
