"""Paths and methods, straight from the documents."""

import httpx
import pytest
from asgi import client_of
from support import SESSION_ID

from hivestand.handlers.clock import SystemClock
from hivestand.handlers.store.memory.events import MemoryStore
from hivestand.handlers.store.protocol import StoreOptions
from hivestand.openapi import load
from hivestand.server.auth import Keys
from hivestand.server.http.body import Limits
from hivestand.server.operation import Context, Operation, OperationSpec
from hivestand.server.responder import Responder
from hivestand.server.routing import Routing

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/sessions/",
        "/v1/sessions/x/y",
        "//v1/sessions",
        "/V1/sessions",
        "/v1/sessions%0A",
        "/v1/sessions%00",
        "/v1/%ff",
        "/v1/./sessions/../x",
        "/__admin/nothing",
        "/__admin/v1/sessions",
        "/__admin/health/",
        "/health",
        "/sessions",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
async def test_an_unknown_path_is_not_found(client: httpx.AsyncClient, method: str, path: str) -> None:
    """404 in the documented shape, whatever the method, without a redirect, saying that hivestand does not mock it."""
    response = await client.request(method, "http://hivestand" + path)
    assert response.status_code == 404
    body = response.json()
    assert ("Route not found", "NOT_FOUND") == (body["message"], body["errorCode"])
    assert "hivestand does not mock" in body["details"][0]["message"]


@pytest.mark.parametrize("path", ["/v1/sessions", "/session/start"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
async def test_an_unknown_method_is_not_allowed(client: httpx.AsyncClient, method: str, path: str) -> None:
    """405 with Allow, HEAD and OPTIONS included, before any token is asked for."""
    response = await client.request(method, path, headers={"Authorization": ""})
    assert (405, "POST") == (response.status_code, response.headers["allow"])
    if method != "HEAD":
        assert response.json()["errorCode"] == "METHOD_NOT_ALLOWED"


async def test_head_asks_for_the_health_alone(client: httpx.AsyncClient) -> None:
    """RFC 9110: HEAD is GET without a body, where there is a GET."""
    assert (await client.head("/__admin/health")).status_code == 200
    response = await client.post("/__admin/health")
    assert (405, "GET, HEAD") == (response.status_code, response.headers["allow"])


def serve(compiled: OperationSpec) -> Operation:
    """As the application does."""
    return Operation(
        compiled, Context(MemoryStore(StoreOptions()), SystemClock(), Limits(1000, 5), Keys(), overrides=True)
    )


async def test_allow_names_every_method_of_a_path() -> None:
    """Not only the one that the router saw first."""
    document = load("honeyhive")
    start, legacy = document["paths"]["/v1/sessions"]["post"], document["paths"].pop("/session/start")["post"]
    document["paths"]["/v1/sessions"] = {"post": start, "put": legacy}
    async with client_of(Responder(Routing({"": (document, serve)}), ()), base_url="http://hivestand") as client:
        response = await client.get("/v1/sessions")
    assert (405, "POST, PUT") == (response.status_code, response.headers["allow"])


async def test_allow_names_the_methods_of_the_fixed_path(client: httpx.AsyncClient) -> None:
    """OpenAPI: one that looks like a path with a parameter is not that."""
    for method in ("DELETE", "GET", "PUT"):
        response = await client.request(method, "/v1/events/batch")
        assert (405, "POST") == (response.status_code, response.headers["allow"])


@pytest.mark.parametrize(
    ("method", "path", "nearest"),
    [
        ("POST", "/session", "POST /session/start"),
        ("PUT", f"/events/{SESSION_ID}/feedback", "PUT /events"),
        ("POST", "/v1/event", "POST /v1/events"),
        ("POST", "/nothing/of/the/kind", ""),
        ("GET", "/__admin/helth", "GET /__admin/health"),
        ("GET", "/" + "/x" * 4000, ""),
    ],
)
async def test_the_nearest_operation_is_named(client: httpx.AsyncClient, method: str, path: str, nearest: str) -> None:
    """In the detail: the message is the documented one."""
    (detail,) = (await client.request(method, path)).json()["details"]
    assert nearest == detail["message"].partition("; the nearest is ")[2]


async def test_an_operation_without_a_handler_stops_the_start() -> None:
    """Not the first request to it."""
    document = load("honeyhive")
    document["paths"]["/v1/sessions"]["post"]["operationId"] = "nobody"
    with pytest.raises(KeyError, match="nobody"):
        Routing({"": (document, serve)})
