"""One request from its headers to its response."""

import json
from typing import Any

import httpx
import pytest
from support import SESSION_ID

from hivestand.handlers.event.normalise import FIELDS

pytestmark = pytest.mark.anyio

PATHS = ["/v1/sessions", "/session/start"]
JSON = {"Content-Type": "application/json"}


def wrapped(path: str, session: Any) -> Any:
    """The body that the path takes."""
    return {"session": session} if path == "/session/start" else session


@pytest.mark.parametrize("path", PATHS)
async def test_a_started_session_is_answered_as_json(client: httpx.AsyncClient, path: str) -> None:
    """200, application/json, and no header of hivestand's where there is nothing to tell."""
    response = await client.post(path, json=wrapped(path, {"session_id": SESSION_ID}))
    assert (200, "application/json") == (response.status_code, response.headers["content-type"])
    assert SESSION_ID == response.json()["session_id"]
    assert not {"hivestand-fallbacks", "preference-applied"} & response.headers.keys()


@pytest.mark.parametrize("path", PATHS)
async def test_fallbacks_are_told_in_a_header(client: httpx.AsyncClient, path: str) -> None:
    """The body stays what the real server would answer."""
    response = await client.post(path, json=wrapped(path, {"start_time": "x", "session_id": "y", "colour": 1}))
    assert (
        "session_id;reason=format, start_time;reason=type, colour;reason=unknown"
        == response.headers["hivestand-fallbacks"]
    )
    assert len(response.json()) == 21


async def test_a_fallback_that_does_not_fit_is_told_of(client: httpx.AsyncClient) -> None:
    """By the pointer to the whole body, which holds it."""
    response = await client.post("/v1/sessions", json={"x" * 3000: 1})
    assert (200, '"";reason=more') == (response.status_code, response.headers["hivestand-fallbacks"])


async def test_where_nothing_fell_back_there_is_no_header(client: httpx.AsyncClient) -> None:
    """RFC 9651, 4.1: an empty list is not sent."""
    assert "hivestand-fallbacks" not in (await client.post("/v1/sessions", json={})).headers


@pytest.mark.parametrize("profile", ["strict", "lenient"])
async def test_an_applied_preference_is_echoed(client: httpx.AsyncClient, profile: str) -> None:
    """RFC 7240, 3: on a response and on a refusal."""
    prefer = {"Prefer": f"handling={profile}"}
    for body, status in (({}, 200), ([], 400)):
        response = await client.post("/v1/sessions", json=body, headers=prefer)
        assert (status, f"handling={profile}") == (response.status_code, response.headers["preference-applied"])


@pytest.mark.parametrize("prefer", ["handling=banana", "respond-async", ""])
async def test_a_preference_that_there_is_not_is_ignored(client: httpx.AsyncClient, prefer: str) -> None:
    """RFC 7240, 2: lenient, and nothing is echoed."""
    response = await client.post("/v1/sessions", json={"colour": 1}, headers={"Prefer": prefer})
    assert response.status_code == 200
    assert "preference-applied" not in response.headers


STRICT = {"Prefer": "handling=strict"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", sorted(FIELDS))
@pytest.mark.parametrize("value", [None, True, [1], 7.5, "x", {}], ids=repr)
async def test_strict_holds_each_field_to_its_type(client: httpx.AsyncClient, path: str, name: str, value: Any) -> None:
    """A wrong type is a 400 that names it; the same is a fallback under lenient."""
    kinds: dict[str, type | tuple[type, ...]] = {
        "start_time": float,
        "end_time": float,
        "duration": float,
        "children_ids": (),
        **dict.fromkeys(("session_id", "session_name", "event_name", "source"), str),
        **dict.fromkeys(("config", "inputs", "outputs", "metadata", "user_properties"), dict),
    }
    body = wrapped(path, {name: value})
    strict = await client.post(path, json=body, headers=STRICT)
    lenient = await client.post(path, json=body)
    assert lenient.status_code == 200
    if isinstance(value, kinds[name]):
        assert strict.status_code == 200
    else:
        assert strict.status_code == 400
        pointers = [detail["pointer"] for detail in strict.json()["details"]]
        prefix = "/session" if path == "/session/start" else ""
        assert [f"{prefix}/{name}" + ("/0" if name == "children_ids" and value == [1] else "")] == pointers


async def test_strict_refuses_unknown_fields(client: httpx.AsyncClient) -> None:
    """The published schema allows none; that of the older operation does."""
    response = await client.post("/v1/sessions", json={"colour": 1, "a/b": 2}, headers=STRICT)
    assert response.status_code == 400
    assert {"/colour", "/a~1b"} == {detail["pointer"] for detail in response.json()["details"]}
    legacy = await client.post("/session/start", json={"session": {"colour": 1}}, headers=STRICT)
    assert (200, "colour;reason=unknown") == (legacy.status_code, legacy.headers["hivestand-fallbacks"])


async def test_a_strict_refusal_stores_nothing(client: httpx.AsyncClient) -> None:
    """The session is new when it is sent right."""
    bad = {"session_id": SESSION_ID, "metadata": {"bad": 1}, "colour": 1}
    await client.post("/v1/sessions", json=bad, headers=STRICT)
    response = await client.post("/v1/sessions", json={"session_id": SESSION_ID, "metadata": {"good": 1}})
    assert {"good": 1} == response.json()["metadata"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", [{}, STRICT])
@pytest.mark.parametrize("body", [None, True, 0, 1.5, "", "x", [], [{}]], ids=repr)
async def test_a_body_that_is_no_object_is_refused(
    client: httpx.AsyncClient, path: str, headers: dict[str, str], body: Any
) -> None:
    """Under either profile: every other JSON type at the top."""
    response = await client.post(path, json=body, headers=headers)
    assert_error(response, 400, "BAD_REQUEST")
    assert [""] == [detail["pointer"] for detail in response.json()["details"]]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b'{"a":NaN}', b"[" * 10_000, b'{"a":"\\ud800"}', b'{"a":1e400}']
)
async def test_what_is_no_json_is_refused(client: httpx.AsyncClient, path: str, content: bytes) -> None:
    """400 in the documented shape."""
    response = await client.post(path, content=content, headers=JSON)
    assert_error(response, 400, "BAD_REQUEST")


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
async def test_a_wrong_or_missing_content_type_is_refused(client: httpx.AsyncClient, content_type: str | None) -> None:
    """415, though the body would do."""
    headers = {"Content-Type": content_type} if content_type else {}
    response = await client.post("/v1/sessions", content=b"{}", headers=headers)
    assert_error(response, 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_body_over_the_limit_is_refused(client: httpx.AsyncClient) -> None:
    """413; at the limit it is taken."""
    padding = 100_000 - len('{"source":""}')
    for extra, status in ((0, 200), (1, 413)):
        content = b'{"source":"' + b"x" * (padding + extra) + b'"}'
        response = await client.post("/v1/sessions", content=content, headers=JSON)
        assert status == response.status_code
    assert_error(response, 413, "CONTENT_TOO_LARGE")


@pytest.mark.parametrize("path", PATHS)
async def test_authentication_comes_before_the_body(client: httpx.AsyncClient, path: str) -> None:
    """A client without a token learns nothing else."""
    for authorization in ("", "Bearer invalid", "Basic x"):
        response = await client.post(path, content=b"{", headers={"Authorization": authorization})
        assert_error(response, 401, "UNAUTHORIZED")
        assert response.headers["www-authenticate"].startswith("Bearer")


async def test_numbers_come_back_as_sent(client: httpx.AsyncClient) -> None:
    """To the type and the last digit, in every free-form object, before and after a merge."""
    numbers = '{"i":12345678901234567890123,"f":0.1,"w":1.0,"z":-0.0,"n":-9223372036854775809}'
    names = ["config", "inputs", "outputs", "metadata", "user_properties"]
    body = f'{{"session_id":"{SESSION_ID}",' + ",".join(f'"{name}":{numbers}' for name in names) + "}"
    for _ in range(2):
        response = await client.post("/v1/sessions", content=body, headers=JSON)
        for name in names:
            assert repr(json.loads(numbers)) == repr(response.json()[name])


@pytest.mark.parametrize("depth", [200, 900])
async def test_deep_nesting_is_kept(client: httpx.AsyncClient, depth: int) -> None:
    """Well past what a trace needs."""
    content = b'{"config":{"deep":' + b"[" * depth + b"]" * depth + b"}}"
    response = await client.post("/v1/sessions", content=content, headers=JSON)
    assert response.status_code == 200
    assert b"[" * depth in response.content


@pytest.mark.parametrize("depth", range(960, 1040, 4))
async def test_nesting_about_the_limits_is_no_fault(client: httpx.AsyncClient, depth: int) -> None:
    """Where the parser goes deeper than the encoder, or neither does: 200 or 400, under either profile."""
    for name in ("config", "metadata", "unknown"):
        content = f'{{"{name}":{{"deep":{"[" * depth}{"]" * depth}}}}}'
        for headers in (JSON, {**JSON, **STRICT}):
            response = await client.post("/v1/sessions", content=content, headers=headers)
            assert response.status_code in {200, 400}


async def test_tenants_are_worlds_of_their_own(client: httpx.AsyncClient) -> None:
    """The same session_id under two tokens is two sessions, with ids of their own that stay."""
    responses = []
    for token in ("a", "b", "a"):
        body = {"session_id": SESSION_ID, "metadata": {token: 1}}
        response = await client.post("/v1/sessions", json=body, headers={"Authorization": f"Bearer {token}"})
        responses.append(response.json())
    assert [{"a": 1}, {"b": 1}, {"a": 1}] == [answer["metadata"] for answer in responses]
    assert responses[0] == responses[2]
    for name in ("org_id", "workspace_id", "project_id"):
        assert responses[0][name] != responses[1][name]


async def test_health_needs_no_token(client: httpx.AsyncClient) -> None:
    """Anyone may ask whether the server can be used."""
    response = await client.get("/__admin/health", headers={"Authorization": ""})
    assert (200, True) == (response.status_code, response.json()["ready"])


def assert_error(response: httpx.Response, status: int, code: str) -> None:
    """The documented error body."""
    assert status == response.status_code
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert {"statusCode": status, "success": False, "errorCode": code} == {
        name: body[name] for name in ("statusCode", "success", "errorCode")
    }
    assert isinstance(body["message"], str)
    assert all(detail.keys() == {"pointer", "rule", "message"} for detail in body["details"])


async def test_an_unknown_query_parameter_is_ignored_and_told(client: httpx.AsyncClient) -> None:
    """By the lenient profile; the strict one refuses it."""
    response = await client.post("/v1/sessions?debug=1&debug=2&key", json={"colour": 1})
    assert response.status_code == 200
    told = '"?debug";reason=unknown, "?key";reason=unknown, colour;reason=unknown'
    assert told == response.headers["hivestand-fallbacks"]
    many = "&".join(f"a{number}=1" for number in range(50))
    assert (await client.get(f"/v1/events/{SESSION_ID}?{many}")).status_code == 404
    strict = {"Prefer": "handling=strict"}
    refused = await client.post("/v1/sessions?debug=1", json={}, headers=strict)
    assert (400, "query") == (refused.status_code, refused.json()["details"][0]["rule"])
    assert (await client.post("/v1/sessions", json={}, headers=strict)).status_code == 200


async def test_an_unknown_handling_is_told(client: httpx.AsyncClient) -> None:
    """It is ignored, as RFC 7240 has it; in the journal, too."""
    response = await client.post("/v1/sessions", json={}, headers={"Prefer": "handling=stict"})
    assert (200, "handling;reason=unknown") == (response.status_code, response.headers["hivestand-fallbacks"])
    entry = (await client.get("/__admin/requests")).json()["requests"][0]
    assert ("lenient", "handling;reason=unknown") == (entry["profile"], entry["fallbacks"])
