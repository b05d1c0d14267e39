"""Responses that a client asks for: the document's examples in place of what would be answered."""

import httpx
import pytest
from support import SESSION_ID

from hivestand.handlers.errors import BadRequest
from hivestand.openapi import load
from hivestand.server.examples import Examples

pytestmark = pytest.mark.anyio

RESPONSES = load("honeyhive")["components"]["responses"]
ERRORS = {
    400: ("BadRequest", "malformed"),
    401: ("Unauthorized", "missing"),
    408: ("RequestTimeout", "stalled"),
    413: ("ContentTooLarge", "large"),
    415: ("UnsupportedMediaType", "text"),
    503: ("ServiceUnavailable", "away"),
}


@pytest.mark.parametrize("path", ["/v1/sessions", "/session/start"])
@pytest.mark.parametrize("status", ERRORS)
async def test_a_documented_status_is_its_first_example(client: httpx.AsyncClient, path: str, status: int) -> None:
    """With the headers that the document requires of it."""
    response = await client.post(path, json={"session": {}}, headers={"Prefer": f"code={status}"})
    name, example = ERRORS[status]
    assert (status, f"code={status}") == (response.status_code, response.headers["preference-applied"])
    assert RESPONSES[name]["content"]["application/json"]["examples"][example]["value"] == response.json()
    required = {name.lower() for name, header in RESPONSES[name].get("headers", {}).items() if header.get("required")}
    assert required <= set(response.headers)
    assert ("www-authenticate" in response.headers) == (status == 401)


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "NOT_FOUND"), (429, "TOO_MANY_REQUESTS"), (500, "INTERNAL_SERVER_ERROR"), (599, "STATUS_599")],
)
async def test_any_other_error_has_the_documented_body(client: httpx.AsyncClient, status: int, code: str) -> None:
    """A client has to live with errors that no document names."""
    response = await client.post("/v1/sessions", json={}, headers={"Prefer": f"code={status}"})
    assert status == response.status_code
    body = response.json()
    assert (status, False, code) == (body["statusCode"], body["success"], body["errorCode"])
    assert isinstance(body["message"], str)
    assert ("retry-after" in response.headers) == (status == 429)


@pytest.mark.parametrize("status", [201, 202, 302])
async def test_any_other_success_has_the_first_example(client: httpx.AsyncClient, status: int) -> None:
    """A client may take it for one, or not."""
    response = await client.post("/v1/sessions", json={}, headers={"Prefer": f"code={status}"})
    assert (status, "session") == (response.status_code, response.json()["event_type"])


@pytest.mark.parametrize("status", [204, 304])
async def test_some_have_no_body(client: httpx.AsyncClient, status: int) -> None:
    """Nor a length or a type."""
    response = await client.post("/v1/sessions", json={}, headers={"Prefer": f"code={status}"})
    assert (status, b"") == (response.status_code, response.content)
    assert not {"content-type", "content-length"} & response.headers.keys()


async def test_an_example_is_named(client: httpx.AsyncClient) -> None:
    """Alone, or of a status."""
    for prefer, status in (("example=started", 200), ("code=400, example=strict", 400), ("example=refused", 401)):
        response = await client.post("/v1/sessions", json={}, headers={"Prefer": prefer})
        assert (status, prefer) == (response.status_code, response.headers["preference-applied"])


@pytest.mark.parametrize(
    ("prefer", "message", "rule"),
    [
        ("example=nothing", "No such example", "example"),
        ("code=201, example=started", "No such example", "example"),
        ("code=200, example=strict", "No such example", "example"),
        ('example="a, b=\u00e9"', "No such example", "example"),
        ("code=x", "Invalid Prefer header", "prefer"),
    ],
)
async def test_what_there_is_not_is_refused(client: httpx.AsyncClient, prefer: str, message: str, rule: str) -> None:
    """With what there is, and nothing is done."""
    body = {"session_id": SESSION_ID, "metadata": {"a": 1}}
    response = await client.post("/v1/sessions", json=body, headers={b"Prefer": prefer.encode("latin-1")})
    assert (400, message) == (response.status_code, response.json()["message"])
    assert response.json()["details"][0]["rule"] == rule
    assert "preference-applied" not in response.headers
    assert (await client.post("/v1/sessions", json={"session_id": SESSION_ID})).json()["metadata"] == {}


async def test_an_example_stores_nothing(client: httpx.AsyncClient) -> None:
    """It is answered in place of what would be done."""
    body = {"session_id": SESSION_ID, "metadata": {"a": 1}}
    await client.post("/v1/sessions", json=body, headers={"Prefer": "code=200"})
    assert (await client.post("/v1/sessions", json={"session_id": SESSION_ID})).json()["metadata"] == {}


async def test_a_token_comes_first(client: httpx.AsyncClient) -> None:
    """Without one nothing is told of the examples."""
    response = await client.post("/v1/sessions", json={}, headers={"Prefer": "code=429", "Authorization": ""})
    assert (401, "Missing bearer token") == (response.status_code, response.json()["message"])


def test_an_operation_without_examples_says_so() -> None:
    """Rather than nothing."""
    with pytest.raises(BadRequest) as refused:
        Examples({"200": {"description": "no body"}, "default": {}}).find(200, None)
    assert refused.value.details[0].message == "no example '200'; there are none"
