"""The session operations, on both stores."""

import json
from typing import Any

import pytest
from support import NEW_ID, SESSION_ID, StoppedClock

from hivestand.handlers.errors import BadRequest
from hivestand.handlers.operations import OPERATIONS
from hivestand.handlers.request import Request, Response
from hivestand.handlers.store.protocol import Store
from hivestand.handlers.tenant import Tenant, tenant_of

pytestmark = pytest.mark.anyio
TENANT = tenant_of(b"t")


async def call(store: Store, operation_id: str, body: Any, tenant: Tenant = TENANT) -> Response:
    """Call an operation by its operationId."""
    return await OPERATIONS[operation_id](Request(store, store, StoppedClock(), tenant, body))


@pytest.mark.parametrize("operation_id", ["createSession", "startSessionLegacy"])
async def test_posting_twice_merges(store: Store, operation_id: str) -> None:
    """The second answer is the event after the merge, and every other field stays."""

    async def post(**sent: Any) -> dict[str, Any]:
        body = {"session": sent} if operation_id == "startSessionLegacy" else sent
        response: dict[str, Any] = json.loads((await call(store, operation_id, body)).body)
        return response

    first = await post(session_id=SESSION_ID, source="first", metadata={"a": 1, "b": 1}, outputs={"o": 1})
    second = await post(session_id=SESSION_ID.upper(), source="second", metadata={"b": 2}, outputs={"o": 2})
    assert {**first, "metadata": {"a": 1, "b": 2}} == second
    assert second == await post(session_id=SESSION_ID)


async def test_both_operations_reach_the_same_session(store: Store) -> None:
    """The older operation merges into what the newer one started."""
    await call(store, "createSession", {"session_id": SESSION_ID, "metadata": {"a": 1}})
    response = await call(store, "startSessionLegacy", {"session": {"session_id": SESSION_ID, "metadata": {"b": 2}}})
    assert {"a": 1, "b": 2} == json.loads(response.body)["metadata"]


async def test_without_an_id_each_post_is_a_session_of_its_own(store: Store) -> None:
    """The id comes from the clock."""
    response = await call(store, "createSession", {"session_id": "no uuid"})
    assert NEW_ID == json.loads(response.body)["session_id"]
    assert [("session_id", "format")] == response.fallbacks


async def test_the_older_operation_ignores_what_stands_beside_the_session(store: Store) -> None:
    """It is told, after what the session itself fell back on."""
    response = await call(store, "startSessionLegacy", {"source": "beside", "session": {"within": 2}})
    assert [("within", "unknown"), ("source", "unknown")] == response.fallbacks
    assert json.loads(response.body)["source"] == "unknown"


@pytest.mark.parametrize("body", [{}, {"session": None}, {"session": "x"}, {"session": [{}]}, {"Session": {}}])
async def test_the_older_operation_needs_a_session_object(store: Store, body: dict[str, Any]) -> None:
    """400 names what is missing."""
    with pytest.raises(BadRequest) as caught:
        await call(store, "startSessionLegacy", body)
    assert ["/session"] == [detail.pointer for detail in caught.value.details]
