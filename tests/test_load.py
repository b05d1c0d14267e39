"""The ledger sees what it is there to see: each kind of loss, put into the store by hand."""

from copy import deepcopy
from typing import Any

import pytest
from load import Connection, Ledger, Reply
from support import SESSION_ID

pytestmark = pytest.mark.anyio
CLIENT = "c1"


def event(number: int = 1, **changes: Any) -> dict[str, Any]:
    """What a correct server holds after the client's posts up to that number, the first of which created."""
    metadata = {CLIENT: number, f"{CLIENT} too": number}
    kept = {"event_name": f"{CLIENT} 1", "inputs": {"by": f"{CLIENT} 1"}, "start_time": 1}
    return {**kept, "metadata": metadata, "user_properties": {CLIENT: number}, **changes}


class Scripted(Connection):
    """A server that answers what it was told."""

    def __init__(self, *responses: dict[str, Any] | int) -> None:
        """Take events, or statuses of refusals."""
        super().__init__(("127.0.0.1", 1))
        self._answers = list(responses)

    async def post(self, body: Any, path: str = "/v1/sessions") -> Reply:
        """The next response."""
        response = self._answers.pop(0)
        if isinstance(response, int):
            return Reply(response, {"retry-after": "1"}, {"statusCode": response}, 0.0)
        return Reply(200, {}, response, 0.0)


async def wrong_of(responses: list[dict[str, Any] | int], held: dict[str, Any] | None) -> list[str]:
    """What the ledger finds after these responses, with this event in the store."""
    ledger = Ledger()
    server = Scripted(*deepcopy(responses))
    for number in range(1, len(responses) + 1):
        await ledger.post(server, CLIENT, number, SESSION_ID)
    ledger.verify({} if held is None else {SESSION_ID: held})
    return ledger.wrong


@pytest.mark.parametrize(
    ("responses", "held"),
    [
        ([event(1), event(2)], event(2)),
        ([503], None),
        ([503], event(1)),
        ([event(1), 503], event(1)),
        ([event(1), 503], event(2)),
        ([event(1), 0, event(3)], event(3)),
    ],
)
async def test_a_store_that_lost_nothing_is_right(responses: list[dict[str, Any] | int], held: dict[str, Any]) -> None:
    """What was refused may have been done or not."""
    assert [] == await wrong_of(responses, held)


@pytest.mark.parametrize(
    ("responses", "held", "found"),
    [
        ([event(1)], None, "not there"),
        ([event(1), event(2)], event(1), "lost merge"),
        ([event(1)], event(1, metadata={}, user_properties={}), "lost merge"),
        ([event(1)], event(1, user_properties={}), "half-written"),
        ([event(1)], event(1, metadata={CLIENT: 1}), "half-written"),
        ([event(1), event(2)], event(2, user_properties={CLIENT: 1}), "half-written"),
        ([event(1), event(2)], event(2, event_name="c1 2", inputs={"by": "c1 2"}, start_time=2), "two creations"),
        ([event(1)], event(1, inputs={"by": "c1 2"}), "a creation"),
        ([event(1), event(1)], event(2), "own write"),
        ([500], None, "status"),
        ([event(1)], event(9), "lost merge"),
    ],
)
async def test_what_is_lost_is_found(
    responses: list[dict[str, Any] | int], held: dict[str, Any] | None, found: str
) -> None:
    """Whether a response shows it or the store."""
    wrong = await wrong_of(responses, held)
    assert [text for text in wrong if found in text], wrong
