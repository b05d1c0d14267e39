"""Each sentence of the published prose of `POST /v1/sessions`, on a real server with each kind of store."""

import time
from typing import Any
from uuid import UUID, uuid4

import pytest
from support import Running


def start(server: Running, **sent: Any) -> dict[str, Any]:
    """Start a session; gives the event."""
    response = server.post(sent)
    assert response.status_code == 200, response.text
    event: dict[str, Any] = response.json()
    return event


def test_the_request_body_is_a_bare_session_object(server: Running) -> None:
    """No session wrapper: what is under `session` is no part of the session."""
    event = start(server, session={"source": "wrapped"}, source="bare")
    assert event["source"] == "bare"


def test_the_server_creates_a_session_event_and_returns_it(server: Running) -> None:
    """An event of type session whose id is the session's."""
    event = start(server)
    assert ("session", event["session_id"]) == (event["event_type"], event["event_id"])


def test_no_property_is_required_and_every_field_has_a_fallback(server: Running) -> None:
    """An empty object starts a session with every field filled in."""
    event = start(server)
    assert {
        "parent_id": None,
        "children_ids": [],
        "event_name": "unknown",
        "config": {},
        "inputs": {},
        "outputs": {},
        "error": None,
        "source": "unknown",
        "duration": None,
        "user_properties": {},
        "metrics": {},
        "feedback": {},
        "metadata": {},
        "end_time": None,
    }.items() <= event.items()


def test_the_server_generates_a_uuid4_if_session_id_is_omitted(server: Running) -> None:
    """A new one each time."""
    ids = [UUID(start(server)["session_id"]) for _ in range(5)]
    assert {4} == {made.version for made in ids}
    assert len(set(ids)) == 5


@pytest.mark.parametrize("session_id", ["session-1", "", 7, None, ["x"], {}])
def test_the_server_generates_a_uuid4_if_session_id_is_no_uuid(server: Running, session_id: Any) -> None:
    """The supplied value is used for nothing."""
    assert UUID(start(server, session_id=session_id)["session_id"]).version == 4


def test_a_client_provided_session_id_is_kept(server: Running) -> None:
    """The server generates one only if it is omitted."""
    session_id = str(uuid4())
    assert session_id == start(server, session_id=session_id)["session_id"]


def test_event_name_falls_back_to_session_name_when_not_provided(server: Running) -> None:
    """And is not overruled by it."""
    assert start(server, session_name="session")["event_name"] == "session"
    assert start(server, session_name="session", event_name="event")["event_name"] == "event"


def test_event_name_defaults_to_unknown_if_both_are_absent(server: Running) -> None:
    """The literal word."""
    assert start(server, source="x")["event_name"] == "unknown"


def test_source_defaults_to_unknown(server: Running) -> None:
    """The literal word."""
    assert start(server, event_name="x")["source"] == "unknown"
    assert start(server, source="sdk-python")["source"] == "sdk-python"


@pytest.mark.parametrize("name", ["start_time", "end_time"])
def test_times_are_unix_milliseconds(server: Running, name: str) -> None:
    """Kept as sent."""
    assert start(server, **{name: 1712025501605})[name] == 1712025501605
    assert start(server, **{name: 1712025501605.0})[name] == 1712025501605


@pytest.mark.parametrize("name", ["start_time", "end_time"])
def test_a_string_time_silently_falls_back_to_the_current_time(server: Running, name: str) -> None:
    """The status stays 200, and the time is that of the request."""
    before = time.time() * 1000
    event = start(server, **{name: "1712025501605"})
    assert before - 1 <= event[name] <= time.time() * 1000 + 1


def test_duration_is_kept_in_milliseconds(server: Running) -> None:
    """Fraction included."""
    assert start(server, duration=12.75)["duration"] == 12.75


@pytest.mark.parametrize("name", ["config", "inputs", "outputs", "metadata", "user_properties"])
def test_objects_are_kept_as_they_are(server: Running, name: str) -> None:
    """Any JSON inside."""
    value = {"a": [1, 2.5, None, True, {"b": "\N{HONEYBEE}"}], "": {}}
    assert value == start(server, **{name: value})[name]


def test_children_ids_are_kept_as_they_are(server: Running) -> None:
    """An array of strings, in order, whatever the strings."""
    assert start(server, children_ids=["b", "a", "b", ""])["children_ids"] == ["b", "a", "b", ""]


def test_posting_twice_merges_metadata_and_user_properties(server: Running) -> None:
    """Into the existing session: old keys stay, new ones come, the new value wins."""
    session_id = str(uuid4())
    for name in ("metadata", "user_properties"):
        start(server, session_id=session_id, **{name: {"a": 1, "b": {"x": 1}}})
        assert start(server, session_id=session_id, **{name: {"b": {"y": 2}, "c": 3}})[name] == {
            "a": 1,
            "b": {"y": 2},
            "c": 3,
        }


def test_posting_twice_returns_the_existing_event(server: Running) -> None:
    """Every other field is that of the first request."""
    session_id = str(uuid4())
    first = start(server, session_id=session_id, source="first", start_time=1, duration=1, inputs={"a": 1})
    again = {"source": "second", "event_name": "second", "start_time": 2, "end_time": 2, "duration": 2}
    objects = {"inputs": {"b": 2}, "outputs": {"b": 2}, "config": {"b": 2}, "children_ids": ["b"]}
    assert first == start(server, session_id=session_id, **again, **objects)


def test_posting_twice_is_idempotent(server: Running) -> None:
    """The same request again changes nothing at all."""
    body = {"session_id": str(uuid4()), "metadata": {"a": 1}, "user_properties": {"b": 2}, "source": "x"}
    assert start(server, **body) == start(server, **body) == start(server, session_id=body["session_id"])


def test_letter_case_of_a_session_id_does_not_matter(server: Running) -> None:
    """Upper and lower case are the same session."""
    session_id = str(uuid4())
    start(server, session_id=session_id.upper(), metadata={"a": 1})
    assert start(server, session_id=session_id, metadata={"b": 2})["metadata"] == {"a": 1, "b": 2}


def test_the_header_has_the_form_bearer_token(server: Running) -> None:
    """Without one, or with the bad one, 401."""
    assert server.post({}, Authorization="").status_code == 401
    assert server.post({}, token="invalid").status_code == 401
    assert server.post({}, token="any").status_code == 200


def test_the_older_operation_starts_the_same_session(server: Running) -> None:
    """Wrapped under `session`, it merges into what the newer one started."""
    session_id = str(uuid4())
    first = start(server, session_id=session_id, metadata={"a": 1})
    wrapped = {"session": {"session_id": session_id, "metadata": {"b": 2}}}
    response = server.post(wrapped, path="/session/start")
    assert {**first, "metadata": {"a": 1, "b": 2}} == response.json()


def test_a_reset_forgets_a_tenants_sessions_and_no_others(server: Running) -> None:
    """Once it is answered, nothing from before is seen again."""
    session_id = str(uuid4())
    for token in ("reset", "kept"):
        server.post({"session_id": session_id, "metadata": {"before": 1}}, token=token)
    assert {"reset": True} == server.post({}, path="/__admin/reset", token="reset").json()
    after = {token: server.post({"session_id": session_id}, token=token).json() for token in ("reset", "kept")}
    assert {"reset": {}, "kept": {"before": 1}} == {token: event["metadata"] for token, event in after.items()}


def test_a_reset_needs_a_token(server: Running) -> None:
    """Which says whose data."""
    assert server.post({}, path="/__admin/reset", token="invalid").status_code == 401
