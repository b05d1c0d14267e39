"""The admin API, asked as a user would."""

import json
from typing import Any

import httpx
import pytest
from support import SESSION_ID, TOKEN, id_of

from hivestand.handlers.operations import OPERATIONS
from hivestand.handlers.tenant import tenant_of
from hivestand.openapi import load
from hivestand.server.auth import authenticate

pytestmark = pytest.mark.anyio

ADMIN = {"Authorization": ""}
JSON = {"Content-Type": "application/json"}
OTHER = {"Authorization": "Bearer another"}
DIGEST = authenticate(f"Bearer {TOKEN}".encode()).digest


@pytest.fixture
def admin(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same client without a token, which on loopback is the admin's."""
    del client.headers["Authorization"]
    return client


async def start(client: httpx.AsyncClient, token: str = TOKEN, **session: Any) -> httpx.Response:
    """Start a session."""
    return await client.post("/v1/sessions", json=session, headers={"Authorization": f"Bearer {token}"})


def test_operation_ids_are_those_of_the_api() -> None:
    """What a fault can be armed for is what is served."""
    ids = {
        operation["operationId"]
        for path in load("honeyhive")["paths"].values()
        for operation in path.values()
        if "operationId" in operation
    }
    assert ids == set(load("control")["components"]["schemas"]["OperationId"]["enum"])
    assert ids < OPERATIONS.keys()


async def test_the_journal_has_what_came_and_went(client: httpx.AsyncClient) -> None:
    """Requests that were refused, too, and unknown paths; not those to the admin API."""
    sent: dict[str, Any] = {"session_id": SESSION_ID, "colour": 1}
    await start(client, **sent)
    await client.post("/v1/sessions", json=[], headers={"Prefer": "handling=strict, hivestand-delay=1"})
    await client.get("/v1/nowhere?a=b")
    entries = (await client.get("/__admin/requests")).json()["requests"]
    assert [404, 400, 200] == [entry["status"] for entry in entries]
    assert [None, "createSession", "createSession"] == [entry["operation"] for entry in entries]
    unknown, refused, first = entries
    assert (sent, "colour;reason=unknown", "lenient") == (
        first["request"]["body"],
        first["fallbacks"],
        first["profile"],
    )
    assert "***" == first["request"]["headers"]["authorization"]
    assert SESSION_ID == first["response"]["body"]["session_id"]
    assert ("strict", ["hivestand-delay=1"]) == (refused["profile"], refused["faults"])
    assert ("GET", "/v1/nowhere", "a=***") == tuple(unknown["request"][name] for name in ("method", "path", "query"))
    one = await client.get(f"/__admin/requests/{first['id']}")
    assert first == one.json()


@pytest.mark.parametrize(
    ("filters", "statuses"),
    [
        ("status=400", [400]),
        ("operation=createSession", [400, 200]),
        ("operation=startSessionLegacy", []),
        ("limit=1", [404]),
        ("since=9000000000000", []),
        ("since=0", [404, 400, 200]),
    ],
)
async def test_filters_choose(client: httpx.AsyncClient, filters: str, statuses: list[int]) -> None:
    """In lists and counts."""
    await start(client)
    await client.post("/v1/sessions", json=[])
    await client.get("/v1/nowhere")
    listed = (await client.get(f"/__admin/requests?{filters}")).json()["requests"]
    assert statuses == [entry["status"] for entry in listed]
    if "limit" not in filters:
        assert {"count": len(statuses)} == (await client.get(f"/__admin/requests/count?{filters}")).json()


async def test_pages_have_every_entry_once(client: httpx.AsyncClient) -> None:
    """Each says where the next one begins, the last that there is none."""
    for number in range(7):
        await start(client, source=str(number))
    seen, before = [], ""
    while True:
        page = (await client.get(f"/__admin/requests?limit=3{before}")).json()
        seen += [entry["request"]["body"]["source"] for entry in page["requests"]]
        if page["next"] is None:
            break
        before = f"&before={page['next']}"
    assert list("6543210") == seen


async def test_a_page_that_is_full_of_large_entries_is_not_the_last(client: httpx.AsyncClient) -> None:
    """It ends after 8 MiB, and says where the next begins."""
    for _ in range(80):
        await start(client, metadata={"large": "x" * 60_000})
    found, before = [], ""
    while True:
        page = (await client.get(f"/__admin/requests?limit=1000{before}")).json()
        found += [entry["id"] for entry in page["requests"]]
        if page["next"] is None:
            break
        before = f"&before={page['next']}"
    assert 80 == len(found) == len(set(found)) > len(page["requests"])


async def test_a_cleared_journal_is_empty(client: httpx.AsyncClient) -> None:
    """Sessions stay."""
    await start(client)
    assert (await client.delete("/__admin/requests")).status_code == 200
    assert {"count": 0} == (await client.get("/__admin/requests/count")).json()
    assert len((await client.get("/__admin/sessions")).json()["sessions"]) == 1


async def test_sessions_are_found(client: httpx.AsyncClient) -> None:
    """Those that started last first, in pages; one by its id, in either case."""
    ids = [(await start(client)).json()["session_id"] for _ in range(5)]
    await start(client, session_id=ids[0], metadata={"again": 1})
    page = (await client.get("/__admin/sessions?limit=3")).json()
    rest = (await client.get(f"/__admin/sessions?limit=3&before={page['next']}")).json()
    found = [each["session"]["session_id"] for each in (*page["sessions"], *rest["sessions"])]
    assert ids[::-1] == found
    assert rest["next"] is None
    one = (await client.get(f"/__admin/sessions/{ids[0].upper()}")).json()
    assert (DIGEST, {"again": 1}) == (one["tenant"], one["session"]["metadata"])
    assert (await client.get(f"/__admin/sessions/{SESSION_ID}")).status_code == 404


async def test_the_events_of_a_session_are_found(client: httpx.AsyncClient) -> None:
    """It is one of them; in pages, those that started last first; of an unknown session none."""
    await start(client, session_id=SESSION_ID, start_time=1)
    for number in range(2, 6):
        event = {"event_type": "tool", "inputs": {}, "session_id": SESSION_ID, "start_time": number}
        assert (await client.post("/v1/events", json=event)).status_code == 200
    await start(client)
    page = (await client.get(f"/__admin/sessions/{SESSION_ID.upper()}/events?limit=3")).json()
    rest = (await client.get(f"/__admin/sessions/{SESSION_ID}/events?limit=3&before={page['next']}")).json()
    found = [*page["events"], *rest["events"]]
    assert [5, 4, 3, 2, 1] == [each["event"]["start_time"] for each in found]
    assert ["tool"] * 4 + ["session"] == [each["event"]["event_type"] for each in found]
    assert {DIGEST} == {each["tenant"] for each in found}
    unknown = await client.get(f"/__admin/sessions/{id_of('unknown')}/events")
    assert {"events": [], "next": None} == unknown.json()


async def test_what_was_seen_is_verified(client: httpx.AsyncClient) -> None:
    """By any part of it; how often, too."""
    for _ in range(2):
        await start(client, metadata={"a": 1, "b": [1, {"c": None}]}, source="x")
    for pattern in (
        {},
        {"operation": "createSession", "status": 200, "method": "POST", "path": "/v1/sessions"},
        {"headers": {"Content-Type": "application/json"}},
        {"body": {"metadata": {"b": [1, {"c": None}]}}},
        {"body": {"metadata": {"a": 1}}, "times": 2},
        {"operation": "startSessionLegacy", "times": 0},
    ):
        verified = (await client.post("/__admin/requests/verify", json=pattern)).json()
        assert verified["verified"], pattern
        assert verified["nearest"] == []


async def test_what_was_not_seen_is_told_by_difference(client: httpx.AsyncClient) -> None:
    """The nearest entry first, with a pointer to each difference."""
    await start(client, metadata={"a": 1, "x/y": True}, source="far")
    await start(client, metadata={"a": 2, "x/y": True}, source="near")
    pattern = {"body": {"metadata": {"a": 2, "x/y": 1, "z": None}, "source": "near"}, "headers": {"X-A": "1"}}
    verified = (await client.post("/__admin/requests/verify", json=pattern)).json()
    assert (False, 0, 2) == (verified["verified"], verified["count"], len(verified["nearest"]))
    nearest = verified["nearest"][0]
    assert "near" == nearest["request"]["request"]["body"]["source"]
    assert [
        {"pointer": "/headers/X-A", "expected": "1", "actual": None, "is_absent": True},
        {"pointer": "/body/metadata/x~1y", "expected": 1, "actual": True, "is_absent": False},
        {"pointer": "/body/metadata/z", "expected": None, "actual": None, "is_absent": True},
    ] == nearest["differences"]


async def test_a_count_that_is_wrong_is_not_verified(client: httpx.AsyncClient) -> None:
    """Once is not twice."""
    await start(client)
    verified = (await client.post("/__admin/requests/verify", json={"times": 2})).json()
    assert (False, 1) == (verified["verified"], verified["count"])


async def test_a_reset_forgets_all(client: httpx.AsyncClient) -> None:
    """Of the tenant, and of no other."""
    for token in (TOKEN, "another"):
        await start(client, token)
        headers = {"Authorization": f"Bearer {token}"}
        await client.post("/__admin/faults", json={"retry_after": 1}, headers=headers)
    assert (await client.post("/__admin/reset", json={})).json() == {"reset": True}
    for path, name in (("sessions", "sessions"), ("requests", "requests"), ("faults", "faults")):
        assert (await client.get(f"/__admin/{path}")).json()[name] == []
        assert len((await client.get(f"/__admin/{path}", headers=OTHER)).json()[name]) == 1


async def test_a_token_reaches_its_own(client: httpx.AsyncClient) -> None:
    """Nothing of another tenant's, whatever it asks for; an id that is another's is as good as none."""
    session = (await start(client)).json()["session_id"]
    entry = (await client.get("/__admin/requests")).json()["requests"][0]["id"]
    await client.post("/__admin/faults", json={"status": 503})
    for path in ("tenants", "sessions", "requests", "faults"):
        assert [] == [
            each for each in (await client.get(f"/__admin/{path}", headers=OTHER)).json()[path] if DIGEST in str(each)
        ]
    for method, path in (
        ("GET", f"sessions/{session}"),
        ("GET", f"requests/{entry}"),
        ("DELETE", "faults/1"),
    ):
        assert (await client.request(method, f"/__admin/{path}", headers=OTHER)).status_code == 404
    for method, path in (("GET", "requests"), ("DELETE", "faults"), ("GET", "sessions"), ("GET", "clock")):
        response = await client.request(method, f"/__admin/{path}?tenant={DIGEST}", headers=OTHER)
        assert (403, "FORBIDDEN") == (response.status_code, response.json()["errorCode"])
    assert len((await client.get("/__admin/faults")).json()["faults"]) == 1


async def test_the_admin_reaches_all(admin: httpx.AsyncClient) -> None:
    """On loopback whoever has no token: every tenant, or the one that is named."""
    for token in (TOKEN, "another"):
        await start(admin, token)
    await admin.post("/v1/sessions", json={})
    statuses = [entry["status"] for entry in (await admin.get("/__admin/requests")).json()["requests"]]
    assert [401, 200, 200] == statuses
    assert len((await admin.get("/__admin/sessions")).json()["sessions"]) == 2
    assert len((await admin.get(f"/__admin/sessions?tenant={DIGEST}")).json()["sessions"]) == 1
    assert {"count": 1} == (await admin.get(f"/__admin/requests/count?tenant={DIGEST}")).json()
    assert (await admin.get(f"/__admin/sessions?tenant={tenant_of(b'nobody').digest}")).status_code == 404
    await admin.post("/__admin/reset", json={})
    assert {"requests": [], "next": None} == (await admin.get("/__admin/requests")).json()
    assert {"tenants": []} == (await admin.get("/__admin/tenants")).json()


async def test_what_the_admin_plans_is_for_everyone(admin: httpx.AsyncClient) -> None:
    """Unless a tenant is named."""
    await start(admin)
    await admin.post("/__admin/faults", json={"status": 503, "times": 2})
    await admin.post(f"/__admin/faults?tenant={DIGEST}", json={"status": 429})
    await admin.put("/__admin/clock", json={"at": 5})
    assert [429, 503] == [(await start(admin, token)).status_code for token in (TOKEN, "another")]
    await admin.delete("/__admin/faults")
    assert [5, 5] == [(await start(admin, token)).json()["start_time"] for token in (TOKEN, "another")]


async def test_the_admin_pages_through_all_journals(admin: httpx.AsyncClient) -> None:
    """Each entry once, though entries of several tenants may have one id."""
    for number in range(20):
        await start(admin, f"token {number % 4}")
    found, before = [], ""
    while True:
        page = (await admin.get(f"/__admin/requests?limit=3{before}")).json()
        found += [(entry["tenant"], entry["id"]) for entry in page["requests"]]
        if page["next"] is None:
            break
        before = f"&before={page['next']}"
    assert 20 == len(found) == len(set(found))


async def test_the_admin_reaches_tenants_that_have_a_plan_alone(admin: httpx.AsyncClient) -> None:
    """By name, and in a reset of all."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    await admin.post("/__admin/faults", json={"status": 503}, headers=headers)
    await admin.put("/__admin/clock", json={"at": 5}, headers=headers)
    assert (await admin.get(f"/__admin/clock?tenant={DIGEST}")).json()["now"] == 5
    await admin.post("/__admin/reset", json={})
    answer = await start(admin)
    assert (200, True) == (answer.status_code, answer.json()["start_time"] > 5)


async def test_a_tenant_has_everyones_time_until_it_has_its_own(admin: httpx.AsyncClient) -> None:
    """It is advanced from there, and is everyone's again when it is released."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    await admin.put("/__admin/clock", json={"at": 1000})
    later = await admin.post("/__admin/clock/advance", json={"milliseconds": 500}, headers=headers)
    assert (1500, True) == (later.json()["now"], later.json()["frozen"])
    assert [1500, 1000] == [(await start(admin, token)).json()["start_time"] for token in (TOKEN, "another")]
    released = await admin.put("/__admin/clock", json={}, headers=headers)
    assert released.json() == (await admin.get("/__admin/clock", headers=headers)).json()
    assert (1000, True) == (released.json()["now"], released.json()["frozen"])


async def test_time_is_frozen_where_it_is(client: httpx.AsyncClient) -> None:
    """Where it was advanced to, if it was."""
    advanced = (await client.post("/__admin/clock/advance", json={"milliseconds": 10**9})).json()["now"]
    frozen = (await client.put("/__admin/clock", json={"at": "now"})).json()
    assert frozen["frozen"]
    assert advanced <= frozen["now"] < advanced + 10**6


async def test_a_number_without_a_fraction_is_an_integer(client: httpx.AsyncClient) -> None:
    """However it is spelled, as JSON Schema has it."""
    runs = []
    for seed, at in (("7", "1000"), ("7.0", "1000.0"), ("7.0", "1e3")):
        sent = f'{{"seed": {seed}, "at": {at}, "step": 1.0}}'
        assert (await client.put("/__admin/clock", content=sent, headers=JSON)).status_code == 200
        events = [(await start(client)).json() for _ in range(2)]
        runs.append([(event["session_id"], json.dumps(event["start_time"])) for event in events])
    assert runs[0] == runs[1] == runs[2]
    await client.post("/__admin/faults", content='{"status": 418.0, "times": 1.0}', headers=JSON)
    assert [418, 200] == [(await start(client)).status_code for _ in range(2)]


@pytest.mark.parametrize(
    ("sent", "pattern", "verified"),
    [
        (b'{"metadata": {"n": 1000000000000000000000000}}', '{"metadata": {"n": 1000000000000000000000000}}', True),
        (b'{"metadata": {"n": 1000000000000000000000001}}', '{"metadata": {"n": 1000000000000000000000000}}', False),
        (b"{}", "[" * 400 + "]" * 400, False),
        (b'{"metadata": ' + b'{"a":' * 400 + b"1" + b"}" * 401, '{"metadata": {"a": {"a": 3}}}', False),
        (
            b'{"metadata": ' + b'{"a":' * 400 + b"1" + b"}" * 401,
            '{"metadata": ' + '{"a":' * 400 + "1" + "}" * 401,
            True,
        ),
        (b"{", "null", False),
        (b"", "null", False),
        (b"null", "null", True),
        (b'{"metadata": {"a": "' + b"x" * 70_000 + b'"}}', '{"metadata": {}}', False),
    ],
)
async def test_any_pattern_can_be_verified(
    client: httpx.AsyncClient,
    sent: bytes,
    pattern: str,
    verified: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Large numbers, deep ones, and bodies that are none; what differs is told."""
    await client.post("/v1/sessions", content=sent, headers=JSON)
    answer = await client.post("/__admin/requests/verify", content=f'{{"body": {pattern}}}', headers=JSON)
    assert (200, verified) == (answer.status_code, answer.json()["verified"])
    assert verified or answer.json()["nearest"][0]["differences"][0]["pointer"].startswith("/body")


async def test_a_repeated_header_is_verified_as_it_is_shown(client: httpx.AsyncClient) -> None:
    """Its values, which a comma parts."""
    await client.get("/nothing", headers=[("Accept", "1"), ("Accept", "2")])
    for value, verified in (("1, 2", True), ("2", False)):
        pattern = {"headers": {"accept": value}}
        assert (await client.post("/__admin/requests/verify", json=pattern)).json()["verified"] is verified


async def test_nothing_is_before_the_first_entry(client: httpx.AsyncClient) -> None:
    """On either store."""
    await start(client)
    assert {"requests": [], "next": None} == (await client.get("/__admin/requests?before=0-0")).json()


async def test_an_event_is_no_session(client: httpx.AsyncClient) -> None:
    """Though it is found by its id elsewhere."""
    event = {"event_type": "tool", "inputs": {}, "event_id": SESSION_ID}
    await client.post("/v1/events", json=event)
    assert (await client.get(f"/__admin/sessions/{SESSION_ID}")).status_code == 404


async def test_frozen_time_stands_still(client: httpx.AsyncClient) -> None:
    """Until it is advanced; released, it runs."""
    assert {"now": 1000, "frozen": True, "step": 0, "seed": None} == (
        await client.put("/__admin/clock", json={"at": 1000})
    ).json()
    assert [1000, 1000] == [(await start(client)).json()["start_time"] for _ in range(2)]
    await client.post("/__admin/clock/advance", json={"milliseconds": 500})
    assert (await start(client)).json()["start_time"] == 1500
    assert (await client.put("/__admin/clock", json={})).json()["frozen"] is False
    assert (await start(client)).json()["start_time"] > 1_700_000_000_000


async def test_running_time_can_be_advanced(client: httpx.AsyncClient) -> None:
    """It goes on running from there."""
    before = (await client.get("/__admin/clock")).json()
    later = (await client.post("/__admin/clock/advance", json={"milliseconds": 10**9})).json()
    assert (False, False) == (before["frozen"], later["frozen"])
    assert 10**9 <= later["now"] - before["now"] < 10**9 + 10**6


async def test_a_seed_repeats(client: httpx.AsyncClient) -> None:
    """Ids and times, in the same order; another seed makes others."""
    runs = []
    for seed in (7, 7, 8):
        await client.put("/__admin/clock", json={"seed": seed, "step": 10})
        events = [(await start(client)).json() for _ in range(3)]
        runs.append([(event["session_id"], event["start_time"]) for event in events])
    assert runs[0] == runs[1]
    assert [0, 10, 20] == [time - 1_767_225_600_000 for _, time in runs[0]]
    assert not {event_id for event_id, _ in runs[0]} & {event_id for event_id, _ in runs[2]}


async def test_the_clock_tells_the_time_of_the_next_request(client: httpx.AsyncClient) -> None:
    """The steps of those before it included, and however often it was asked; to freeze "now" is to freeze that."""
    await client.put("/__admin/clock", json={"at": 1000, "step": 10})
    for _ in range(2):
        await start(client)
    told = [(await client.get("/__admin/clock")).json()["now"] for _ in range(2)]
    assert [1020, 1020, 1020] == [*told, (await start(client)).json()["start_time"]]
    assert (await client.put("/__admin/clock", json={"at": "now"})).json()["now"] == 1030


async def test_settings_hold_no_secret(client: httpx.AsyncClient) -> None:
    """What was asked for at the start, and the version."""
    settings = (await client.get("/__admin/settings")).json()
    assert ("memory://", 100_000, 1000) == (settings["store"], settings["max_body"], settings["journal"])
    assert "admin_token" not in settings
    assert settings["version"] == (await client.get("/__admin/version")).json()["version"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "requests?limit=1001", None, 400),
        ("GET", "requests?limit=x", None, 400),
        ("GET", f"requests?limit={'9' * 5000}", None, 400),
        ("GET", "requests?limit=1&limit=2", None, 400),
        ("GET", "requests?operaton=createSession", None, 400),
        ("GET", "requests?operation=nothing", None, 400),
        ("GET", "requests?before=1", None, 400),
        ("GET", f"requests?{'a=1&' * 100}", None, 400),
        ("GET", "requests/x", None, 400),
        ("GET", "requests/1-1", None, 404),
        ("GET", "sessions?before=1:x", None, 400),
        ("GET", "sessions/x", None, 400),
        ("GET", "tenants?tenant=x", None, 400),
        ("DELETE", "faults/99", None, 404),
        ("POST", "faults", {}, 400),
        ("POST", "faults", {"times": 3}, 400),
        ("POST", "faults", {"status": 99}, 400),
        ("POST", "faults", {"kind": "meteor"}, 400),
        ("POST", "faults", {"missing": ["x"]}, 400),
        ("POST", "faults", {"delay": {"distribution": "uniform", "from": 5, "to": 4}}, 400),
        ("POST", "faults", {"status": 503, "operation": "nothing"}, 400),
        ("PUT", "clock", {"at": "tomorrow"}, 400),
        ("PUT", "clock", {"seed": -1}, 400),
        ("POST", "clock/advance", {}, 400),
        ("POST", "requests/verify", [], 400),
        ("POST", "requests/verify", {"tims": 1}, 400),
        ("GET", "nothing", None, 404),
        ("PATCH", "faults", {}, 405),
    ],
)
async def test_what_cannot_be_is_refused(
    client: httpx.AsyncClient, method: str, path: str, body: Any, status: int
) -> None:
    """In the documented shape."""
    response = await client.request(method, f"/__admin/{path}", json=body)
    assert status == response.status_code, response.text
    assert status == response.json()["statusCode"]


async def test_faults_are_bounded(client: httpx.AsyncClient) -> None:
    """A hundred, and no more."""
    statuses = [(await client.post("/__admin/faults", json={"status": 503})).status_code for _ in range(101)]
    assert [201] * 100 + [400] == statuses
