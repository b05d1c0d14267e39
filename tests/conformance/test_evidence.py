"""Which requests reproduce a finding."""

import json
from typing import Any

from support import id_of

from hivestand.conformance.api import call_of, request_of
from hivestand.conformance.evidence import MOST, Record
from hivestand.conformance.exchange import Exchange, ReceivedResponse, SentRequest
from hivestand.conformance.requirement import Finding

SESSION, EVENT, OTHER = id_of("a session"), id_of("its event"), id_of("another session")


def exchange(request: SentRequest, answer: Any = None) -> Exchange:
    """A request that succeeded."""
    return Exchange(request, ReceivedResponse(200, {}, json.dumps(answer or {}).encode(), 0, 0))


def started(session_id: str) -> Exchange:
    """A session that was started."""
    return exchange(request_of({"session_id": session_id}))


def created(event_id: str) -> Exchange:
    """An event of the session."""
    event = {"event_type": "tool", "inputs": {}, "event_id": event_id, "session_id": SESSION}
    return exchange(call_of("createEvent", event))


def test_writes_that_led_to_it_come_first() -> None:
    """The session, the event in it and its reading, in order; what others wrote, was read or came later is left out."""
    read = exchange(call_of("getEvent", id_=EVENT))
    looked = exchange(call_of("getEvent", id_=EVENT))
    exchanges = [started(OTHER), started(SESSION), created(EVENT), looked, read, started(SESSION)]
    found = Record(exchanges).with_all(Finding(1, 2, (read,)))
    assert (exchanges[1], exchanges[2], read) == found.evidence
    assert (1, 2) == (found.expected, found.actual)


def test_ids_that_the_server_gave_count() -> None:
    """Nobody sent them before."""
    made = exchange(request_of({}), {"session_id": SESSION.upper(), "event_id": SESSION})
    again = started(SESSION)
    assert (made, again) == Record([made, again]).with_all(Finding(1, 2, (again,))).evidence


def test_of_a_shared_session_only_its_start_counts() -> None:
    """Which a hundred other events are in."""
    start = started(SESSION)
    events = [created(id_of(f"event {number}")) for number in range(MOST + 10)]
    last = created(EVENT)
    assert (start, last) == Record([start, *events, last]).with_all(Finding(1, 2, (last,))).evidence


def test_what_is_no_part_of_the_run_stays_as_it_is() -> None:
    """Nothing is known of what came before it."""
    finding = Finding(1, 2, (started(SESSION),))
    assert finding == Record([]).with_all(finding)
