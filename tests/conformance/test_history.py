"""What is known of a session when it is posted again."""

import json
from typing import Any

from hivestand.conformance.exchange import Exchange, ReceivedResponse, SentRequest
from hivestand.conformance.history import SessionHistory, canonical

ID = "0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d10"


def exchange(sent: Any, event: Any, *, token: str = "first", status: int = 200) -> Exchange:  # noqa: S107 - a name
    """A session that was posted, and a response."""
    request = SentRequest("createSession", "/v1/sessions", json.dumps(sent).encode(), token=token)
    return Exchange(request, ReceivedResponse(status, {}, json.dumps(event).encode(), 0, 0))


def test_the_first_post_finds_nothing_and_the_second_the_first() -> None:
    """In either case of its letters."""
    history = SessionHistory()
    first = history.step(exchange({"session_id": ID}, {"session_id": ID, "n": 1}))
    second = history.step(exchange({"session_id": ID.upper()}, {"session_id": ID, "n": 2}))
    assert first is not None
    assert second is not None
    assert first.before is None
    assert {"session_id": ID, "n": 1} == second.before


def test_tokens_are_apart() -> None:
    """The same id of another is another session."""
    history = SessionHistory()
    history.step(exchange({"session_id": ID}, {"session_id": ID}))
    other = history.step(exchange({"session_id": ID}, {"session_id": ID}, token="second"))
    assert other is not None
    assert other.before is None


def test_what_was_refused_or_is_no_object_starts_nothing() -> None:
    """Nor does what was posted at once with others, whose order nobody knows."""
    history = SessionHistory()
    assert history.step(exchange({}, {"message": "no"}, status=400)) is None
    assert history.step(exchange([], {"session_id": ID})) is None
    assert history.step(exchange({}, [])) is None
    blurred = exchange({"session_id": ID}, {"session_id": ID})
    history.mark_unordered([blurred.request])
    assert history.step(blurred) is None


def test_an_id_is_known_by_its_36_characters() -> None:
    """In lower case."""
    assert ID == canonical(ID.upper())
    assert [None] * 5 == [canonical(value) for value in (f"{{{ID}}}", ID.replace("-", ""), f"urn:uuid:{ID}", "x", 7)]
