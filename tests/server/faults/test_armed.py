"""Faults that are armed, as a client meets them."""

import json
from typing import Any

import httpx
import pytest
from support import SESSION_ID, TOKEN, Running

pytestmark = pytest.mark.anyio


async def arm(client: httpx.AsyncClient, **fault: Any) -> str:
    """Arm a fault; its id."""
    response = await client.post("/__admin/faults", json=fault)
    assert response.status_code == 201, response.text
    armed: str = response.json()["id"]
    return armed


async def statuses(client: httpx.AsyncClient, count: int, path: str = "/v1/sessions") -> list[int]:
    """What so many requests get."""
    return [(await client.post(path, json={"session": {}})).status_code for _ in range(count)]


async def test_the_next_few_requests_get_it(client: httpx.AsyncClient) -> None:
    """And the one after them does not."""
    await arm(client, status=503, times=2)
    assert [503, 503, 200] == await statuses(client, 3)


async def test_it_is_for_its_operation(client: httpx.AsyncClient) -> None:
    """Others neither get it nor use it up."""
    await arm(client, status=503, times=1, operation="startSessionLegacy")
    assert [200, 200] == await statuses(client, 2)
    assert [503, 200] == await statuses(client, 2, "/session/start")


async def test_disarmed_it_is_gone(client: httpx.AsyncClient) -> None:
    """One, or all."""
    first = await arm(client, status=503)
    await arm(client, retry_after=3)
    await client.delete(f"/__admin/faults/{first}")
    assert [200] == await statuses(client, 1)
    await client.delete("/__admin/faults")
    assert "retry-after" not in (await client.post("/v1/sessions", json={})).headers


async def test_a_share_is_drawn_by_the_seed(client: httpx.AsyncClient) -> None:
    """The same in each run, about as many as asked for."""
    runs = []
    for seed in (7, 7, 8):
        await client.post("/__admin/reset", json={})
        await arm(client, status=500, share=0.3, seed=seed)
        runs.append(await statuses(client, 100))
    assert runs[0] == runs[1] != runs[2]
    assert 15 < runs[0].count(500) < 45


async def test_a_status_comes_with_the_documents_example(client: httpx.AsyncClient) -> None:
    """Or in the documented shape; nothing is stored."""
    await arm(client, status=429, retry_after=7, times=1)
    response = await client.post("/v1/sessions", json={"session_id": SESSION_ID})
    assert (429, "7") == (response.status_code, response.headers["retry-after"])
    assert {"statusCode", "message", "success", "errorCode", "details"} == response.json().keys()
    assert (await client.get(f"/__admin/sessions/{SESSION_ID}")).status_code == 404


async def test_members_are_missing_or_null(client: httpx.AsyncClient) -> None:
    """By pointer; one that is not there is no fault; the store is not touched."""
    await arm(client, missing=["/session_id", "/metadata/a~1b", "/no/such"], null=["/event_id", "/no"], times=1)
    sent: dict[str, Any] = {"session_id": SESSION_ID, "metadata": {"a/b": 1, "c": 12345678901234567890123}}
    answer = json.loads((await client.post("/v1/sessions", json=sent)).text)
    assert "session_id" not in answer
    assert (None, {"c": 12345678901234567890123}) == (answer["event_id"], answer["metadata"])
    kept = (await client.get(f"/__admin/sessions/{SESSION_ID}")).json()["session"]
    assert (SESSION_ID, sent["metadata"]["a/b"]) == (kept["event_id"], kept["metadata"]["a/b"])


@pytest.mark.parametrize(
    "delay",
    [
        {"distribution": "fixed", "milliseconds": 60},
        {"distribution": "uniform", "from": 60, "to": 61},
        {"distribution": "lognormal", "median": 60, "sigma": 0},
    ],
)
async def test_an_answer_is_late(client: httpx.AsyncClient, delay: dict[str, Any]) -> None:
    """By about as much as planned; the journal has it."""
    await arm(client, delay=delay)
    await client.post("/v1/sessions", json={})
    (entry,) = (await client.get("/__admin/requests")).json()["requests"]
    assert entry["duration"] >= 60
    assert ["1: delay"] == entry["faults"]


async def test_several_add_up(client: httpx.AsyncClient) -> None:
    """The first status counts; what a request asks for itself comes before."""
    await arm(client, status=503)
    await arm(client, status=429, retry_after=9)
    response = await client.post("/v1/sessions", json={})
    assert (503, "9") == (response.status_code, response.headers["retry-after"])
    response = await client.post("/v1/sessions", json={}, headers={"Prefer": "code=418"})
    assert response.status_code == 418


@pytest.mark.parametrize(
    "faults",
    [
        [{"kind": "empty"}, {"missing": ["/session_id"]}],
        [{"kind": "malformed"}, {"null": ["/session_id"]}],
        [{"status": 204, "missing": ["/a"]}],
        [{"null": ["/children_ids/-1", "/children_ids/+0", "/children_ids/00"]}],
    ],
)
async def test_what_leaves_no_member_has_none_to_edit(client: httpx.AsyncClient, faults: list[dict[str, Any]]) -> None:
    """The response is that of the other faults."""
    for fault in faults:
        await arm(client, **fault)
    response = await client.post("/v1/sessions", json={"children_ids": ["a"]})
    assert response.status_code in {200, 204}
    if len(faults) == 1 and response.content:
        assert ["a"] == response.json()["children_ids"]


@pytest.mark.parametrize(
    "fault",
    [
        {"example": "no such"},
        {"example": "created", "status": 599},
        {"example": "retry", "operation": "getEvent"},
    ],
)
async def test_an_example_that_there_is_not_is_refused(client: httpx.AsyncClient, fault: dict[str, Any]) -> None:
    """When it is armed, with those that there are: a test that relies on it would test nothing."""
    response = await client.post("/__admin/faults", json=fault)
    assert response.status_code == 400
    assert "there are" in response.text


async def test_an_example_of_another_operation_says_so(client: httpx.AsyncClient) -> None:
    """At the request, where the fault is armed for any operation."""
    await arm(client, example="found")
    response = await client.post("/v1/sessions", json={})
    assert response.status_code == 400
    assert "there are" in response.text


def test_a_connection_is_reset(server: Running) -> None:
    """On either store; the journal knows, and that there was no response."""
    headers = {"Authorization": "Bearer to-reset"}
    httpx.post(f"{server.url}/__admin/faults", json={"kind": "reset", "times": 1}, headers=headers)
    with pytest.raises(httpx.TransportError):
        server.post({"source": "x"}, token="to-reset")
    assert server.post({}, token="to-reset").status_code == 200
    entries = httpx.get(f"{server.url}/__admin/requests", headers=headers).json()["requests"]
    assert [(200, []), (None, ["1: kind"])] == [(entry["status"], entry["faults"]) for entry in entries]
    assert {"source": "x"} == entries[1]["request"]["body"]


def test_a_session_is_visible_late(server: Running) -> None:
    """Its response is as ever; an update until then is lost without an error."""
    headers = {"Authorization": "Bearer to-hide"}
    httpx.post(f"{server.url}/__admin/faults", json={"window": 300, "times": 1}, headers=headers)
    first = server.post({"session_id": SESSION_ID, "metadata": {"a": 1}}, token="to-hide")
    update = server.post({"session_id": SESSION_ID, "metadata": {"b": 2}}, token="to-hide")
    assert [{"a": 1}, {"a": 1, "b": 2}] == [answer.json()["metadata"] for answer in (first, update)]
    url = f"{server.url}/__admin/sessions/{SESSION_ID}"
    while (found := httpx.get(url, headers=headers)).status_code == 404:
        pass
    assert {"a": 1} == found.json()["session"]["metadata"]


def test_what_is_hidden_stays_so_when_its_fault_is_disarmed(server: Running) -> None:
    """Until its time has come: what is sent meanwhile is answered and lost, and nothing that came later is undone."""
    headers = {"Authorization": "Bearer to-hide-and-disarm"}
    token = "to-hide-and-disarm"
    httpx.post(f"{server.url}/__admin/faults", json={"window": 400}, headers=headers)
    server.post({"session_id": SESSION_ID, "metadata": {"k": "old"}}, token=token)
    httpx.delete(f"{server.url}/__admin/faults", headers={**headers, "Content-Type": "application/json"})
    lost = server.post({"session_id": SESSION_ID, "metadata": {"k": "lost"}}, token=token)
    assert {"k": "lost"} == lost.json()["metadata"]
    url = f"{server.url}/__admin/sessions/{SESSION_ID}"
    while httpx.get(url, headers=headers).status_code == 404:
        pass
    while server.post({"session_id": SESSION_ID, "metadata": {"k": "new"}}, token=token).json()["metadata"] != {
        "k": "new"
    }:
        pass
    assert {"k": "old"} != httpx.get(url, headers=headers).json()["session"]["metadata"]


def test_tenants_do_not_meet_each_others(memory_server: Running) -> None:
    """A fault is its tenant's."""
    httpx.post(f"{memory_server.url}/__admin/faults", json={"status": 500}, headers={"Authorization": "Bearer mine"})
    assert memory_server.post({}, token=TOKEN).status_code == 200
    assert memory_server.post({}, token="mine").status_code == 500


async def test_the_faults_of_a_plan_are_bounded(client: httpx.AsyncClient) -> None:
    """All workers hold them."""
    fault = {"missing": [f"/metadata/{'x' * 180}{number:02}" for number in range(20)]}
    statuses = [(await client.post("/__admin/faults", json=fault)).status_code for _ in range(6)]
    assert [201, 201, 201, 201, 400, 400] == statuses
    assert (await client.post("/__admin/faults", json={"status": 503})).status_code == 201
