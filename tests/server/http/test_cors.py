"""Cross-origin requests."""

import httpx
import pytest
from asgi import client_of

from hivestand.handlers.store.memory.events import MemoryStore
from hivestand.handlers.store.protocol import StoreOptions
from hivestand.server.app import build
from hivestand.server.settings import Settings

pytestmark = pytest.mark.anyio

ORIGIN = {"Origin": "http://app.test"}
PREFLIGHT = {
    **ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type, prefer, hh-client-version",
}


def cors_headers(response: httpx.Response) -> set[str]:
    """The CORS headers of a response."""
    return {name for name in response.headers if name.startswith("access-control-")}


async def test_a_preflight_lets_any_page_call_the_api(client: httpx.AsyncClient) -> None:
    """With the headers that SDKs send."""
    response = await client.options("/v1/sessions", headers=PREFLIGHT)
    assert response.is_success
    assert response.headers["access-control-allow-origin"] == "*"
    assert "POST" in response.headers["access-control-allow-methods"]
    for name in PREFLIGHT["Access-Control-Request-Headers"].split(", "):
        assert name in response.headers["access-control-allow-headers"]


@pytest.mark.parametrize(("body", "status"), [({}, 200), ([], 400)])
async def test_a_page_may_read_the_answer(client: httpx.AsyncClient, body: object, status: int) -> None:
    """An error too, and hivestand's own headers."""
    response = await client.post("/v1/sessions", json=body, headers=ORIGIN)
    assert (status, "*") == (response.status_code, response.headers["access-control-allow-origin"])
    exposed = set(response.headers["access-control-expose-headers"].split(", "))
    assert exposed == {"Preference-Applied", "Retry-After", "Hivestand-Fallbacks", "WWW-Authenticate"}


@pytest.mark.parametrize("path", ["/__admin/health", "/__admin/nothing", "/__admin"])
async def test_no_page_may_call_the_control_api(client: httpx.AsyncClient, path: str) -> None:
    """Neither preflight nor response has a CORS header."""
    for response in (await client.get(path, headers=ORIGIN), await client.options(path, headers=PREFLIGHT)):
        assert cors_headers(response) == set()


@pytest.mark.parametrize(
    "refused", [{"Access-Control-Request-Method": "BREW"}, {"Access-Control-Request-Private-Network": "true"}]
)
async def test_a_refused_preflight_has_the_documented_body(client: httpx.AsyncClient, refused: dict[str, str]) -> None:
    """As every error, and a page may read it."""
    response = await client.options("/v1/sessions", headers={**PREFLIGHT, **refused})
    assert (400, "application/json") == (response.status_code, response.headers["content-type"])
    assert response.json()["errorCode"] == "BAD_REQUEST"
    assert response.headers["access-control-allow-origin"] == "*"


async def test_a_flag_turns_it_off() -> None:
    """Then a preflight is a method that there is not."""
    respond = build(Settings(cors=False), MemoryStore(StoreOptions()))
    async with client_of(respond, base_url="http://hivestand") as client:
        response = await client.options("/v1/sessions", headers=PREFLIGHT)
    assert (405, set()) == (response.status_code, cors_headers(response))
