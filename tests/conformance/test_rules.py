"""What single rules leave open."""

import json

from hivestand.conformance.exchange import Exchange, ReceivedResponse, SentRequest
from hivestand.conformance.requirements.batches import an_id_for_each

SESSION = "0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d10"
OTHER = "0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d11"


def differing(sent: list[dict[str, object]], ids: list[str]) -> list[object]:
    """What the rule on the ids of a batch expects that the response has not."""
    body = json.dumps({"events": sent}).encode()
    request = SentRequest("createEventBatch", "/v1/events/batch", body)
    response = ReceivedResponse(200, {}, json.dumps({"event_ids": ids}).encode(), 0, 0)
    found = an_id_for_each(Exchange(request, response))
    return [expected for expected, actual in found if isinstance(expected, (int, list)) and expected != actual]


def test_sessions_of_a_batch_may_be_one() -> None:
    """An event of type session without an id may have its session's, or one of its own."""
    sessions: list[dict[str, object]] = [{"event_type": "session", "session_id": SESSION} for _ in range(2)]
    assert [] == differing(sessions, [SESSION, SESSION])
    assert [] == differing(sessions, [SESSION, OTHER])
    assert [2] == differing([{"event_type": "tool", "inputs": {}} for _ in range(2)], [SESSION, SESSION])


def test_ids_that_are_no_uuids_may_become_one() -> None:
    """The same text can be the same id, in any form; different texts cannot."""
    for one, other in (("run", "run"), ("run", "RUN "), (SESSION, f"{{{SESSION}}}"), (5, "5")):
        events: list[dict[str, object]] = [
            {"event_type": "tool", "inputs": {}, "event_id": each} for each in (one, other)
        ]
        assert [] == differing(events, [SESSION, SESSION])
        assert [] == differing(events, [SESSION, OTHER])
    apart: list[dict[str, object]] = [{"event_type": "tool", "inputs": {}, "event_id": each} for each in ("run", "ran")]
    assert [2] == differing(apart, [SESSION, SESSION])
