"""Each line of the contract about what the server makes of what it was sent."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import NEW_ID, NOW, SESSION_ID, StoppedClock

from hivestand.handlers.errors import BadRequest
from hivestand.handlers.event.normalise import FIELDS, MAX_MEMBERS, Event, Fallback, _any_session, normalise_session

NOT_STRINGS: list[Any] = [None, True, 7, 1.5, [], ["x"], {}]
NOT_OBJECTS: list[Any] = [None, False, 7, 1.5, "{}", [], [{}]]
NOT_NUMBERS: list[Any] = ["1700000000000", "", True, False, [], {}]


def event_of(**sent: Any) -> Event:
    """The event that a session with these properties starts."""
    return normalise_session(sent, StoppedClock())[0]


def fallbacks_of(**sent: Any) -> list[Fallback]:
    """What was not used of a session with these properties."""
    return normalise_session(sent, StoppedClock())[1]


def test_no_property_is_required() -> None:
    """An empty session gets every fallback, and nothing is told, as nothing that was sent is lost."""
    expected = Event(
        event_id=NEW_ID,
        session_id=NEW_ID,
        parent_id=None,
        children_ids=[],
        event_type="session",
        event_name="unknown",
        config={},
        inputs={},
        outputs={},
        error=None,
        source="unknown",
        duration=None,
        metrics={},
        feedback={},
        start_time=NOW,
        end_time=None,
        metadata={},
        user_properties={},
    )
    assert (expected, []) == normalise_session({}, StoppedClock())


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([0, -1, 10**14 - 1, 10**14, 2**63 - 1, 2**63]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.uuids().map(str),
    st.uuids().map(lambda each: str(each).upper()),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.just({str(number): number for number in range(MAX_MEMBERS + 1)}),
)
TYPICAL = {
    **dict.fromkeys(("config", "inputs", "outputs", "metadata", "user_properties"), st.just({"a": 1})),
    **dict.fromkeys(("session_name", "event_name", "source"), st.text(max_size=3)),
    **dict.fromkeys(("start_time", "end_time", "duration"), st.integers(-1, 10**14)),
    "session_id": st.uuids().map(lambda each: str(each).upper()),
}


@settings(max_examples=400, deadline=None)
@given(
    st.fixed_dictionaries({}, optional=TYPICAL),
    st.dictionaries(st.sampled_from([*FIELDS, "colour"]), VALUES, max_size=2),
)
def test_a_session_without_oddities_is_read_as_any_other(typical: dict[str, Any], odd: dict[str, Any]) -> None:
    """The short way that most sessions take and the long one lead to the same event and the same fallbacks."""
    sent = {**typical, **odd}
    for is_older in (False, True):
        try:
            expected = _any_session(sent, StoppedClock(), is_older=is_older)
        except BadRequest as error:
            with pytest.raises(BadRequest, match=error.message):
                normalise_session(sent, StoppedClock(), is_older=is_older)
        else:
            assert repr(expected) == repr(normalise_session(sent, StoppedClock(), is_older=is_older))


def test_whatever_is_documented_is_kept() -> None:
    """A session whose properties all have the documented types loses none of them."""
    objects = {
        name: {name: [1, {"deep": None}]} for name in ("config", "inputs", "outputs", "metadata", "user_properties")
    }
    sent = {
        "session_id": SESSION_ID,
        "event_name": "named",
        "source": "sdk-python",
        "start_time": 1,
        "end_time": 2,
        "duration": 0.5,
        "children_ids": ["a", "b"],
        **objects,
    }
    event, told = normalise_session(sent, StoppedClock())
    assert [] == told
    assert sent == {name: event[name] for name in sent}  # type: ignore[literal-required]


@pytest.mark.parametrize(
    "session_id",
    [
        SESSION_ID,
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "c232ab00-9414-11ec-b3c8-9f6bdeced846",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "0d9f1f6e-6f0c-4a57-1a3e-2c1f4b7a9d10",
    ],
)
def test_a_uuid_of_any_version_and_variant_is_kept(session_id: str) -> None:
    """Nil, max, versions 1, 4 and 7, and variant bits that RFC 9562 does not define are all valid."""
    event = event_of(session_id=session_id)
    assert (session_id, session_id) == (event["session_id"], event["event_id"])
    assert [] == fallbacks_of(session_id=session_id)


@pytest.mark.parametrize("session_id", [SESSION_ID.upper(), SESSION_ID.title()])
def test_a_uuid_is_answered_in_lower_case(session_id: str) -> None:
    """Letter case does not matter, and is no fallback."""
    assert SESSION_ID == event_of(session_id=session_id)["session_id"]
    assert [] == fallbacks_of(session_id=session_id)


@pytest.mark.parametrize(
    "session_id",
    [
        "",
        "session-1",
        SESSION_ID.replace("-", ""),
        f"{{{SESSION_ID}}}",
        f"urn:uuid:{SESSION_ID}",
        f" {SESSION_ID}",
        f"{SESSION_ID}\n",
        SESSION_ID[:-1],
        SESSION_ID + "0",
        SESSION_ID.replace("0", "g"),
        SESSION_ID.replace("0", "０"),  # noqa: RUF001 - a full-width digit is no hexadecimal digit
        SESSION_ID.replace("f", "\N{LATIN SMALL LETTER LONG S}"),
    ],
)
def test_a_string_that_is_no_uuid_gets_a_new_one(session_id: str) -> None:
    """Only the 36-character form counts as a UUID."""
    assert NEW_ID == event_of(session_id=session_id)["session_id"]
    assert [("session_id", "format")] == fallbacks_of(session_id=session_id)


@pytest.mark.parametrize("session_id", NOT_STRINGS)
def test_a_session_id_of_another_type_gets_a_new_one(session_id: Any) -> None:
    """Anything but a string is as if absent."""
    assert NEW_ID == event_of(session_id=session_id)["session_id"]
    assert [("session_id", "type")] == fallbacks_of(session_id=session_id)


def test_event_name_wins_over_session_name() -> None:
    """Where both are sent, event_name is used."""
    assert event_of(event_name="event", session_name="session")["event_name"] == "event"


@pytest.mark.parametrize("event_name", NOT_STRINGS)
def test_event_name_falls_back_to_session_name(event_name: Any) -> None:
    """Missing, or of another type."""
    assert event_of(session_name="session")["event_name"] == "session"
    assert event_of(event_name=event_name, session_name="session")["event_name"] == "session"
    assert [("event_name", "type")] == fallbacks_of(event_name=event_name, session_name="session")


@pytest.mark.parametrize("session_name", NOT_STRINGS)
def test_event_name_is_unknown_without_any_name(session_name: Any) -> None:
    """Both missing, or of another type."""
    assert event_of(session_name=session_name)["event_name"] == "unknown"
    assert [("session_name", "type")] == fallbacks_of(session_name=session_name)


def test_an_empty_string_is_a_string_like_any_other() -> None:
    """An empty name or source is kept."""
    event = event_of(event_name="", session_name="session", source="")
    assert ("", "") == (event["event_name"], event["source"])
    assert event_of(session_name="")["event_name"] == ""


def test_session_name_is_no_field_of_the_answer() -> None:
    """It is used for event_name alone."""
    assert "session_name" not in event_of(session_name="session")


@pytest.mark.parametrize("source", NOT_STRINGS)
def test_source_defaults_to_unknown(source: Any) -> None:
    """Missing, or of another type."""
    assert event_of()["source"] == "unknown"
    assert event_of(source=source)["source"] == "unknown"
    assert [("source", "type")] == fallbacks_of(source=source)


NUMBERS = [
    (0, 0),
    (-1, -1),
    (1712025501605, 1712025501605),
    (1712025501605.0, 1712025501605),
    (-0.0, 0),
    (2**63 - 1, 2**63 - 1),
    (-(2**63), -(2**63)),
    (-(2.0**63), -(2**63)),
]
FRACTIONS = [(1.9, 1), (-1.9, -1), (5e-324, 0)]
OUT_OF_RANGE = [2**63, -(2**63) - 1, 2.0**63, 1e300, -1e300, 10**40]


@pytest.mark.parametrize("name", ["start_time", "end_time"])
@pytest.mark.parametrize(("sent", "expected"), NUMBERS)
def test_a_time_is_a_64_bit_integer(name: str, sent: float, expected: int) -> None:
    """A whole JSON number is kept, in whichever form it was written."""
    used = event_of(**{name: sent})[name]  # type: ignore[literal-required]
    assert (int, expected) == (type(used), used)
    assert [] == fallbacks_of(**{name: sent})


@pytest.mark.parametrize("name", ["start_time", "end_time"])
@pytest.mark.parametrize(("sent", "expected"), FRACTIONS)
def test_a_time_is_truncated(name: str, sent: float, expected: int) -> None:
    """A fraction is cut off towards zero, and told."""
    assert expected == event_of(**{name: sent})[name]  # type: ignore[literal-required]
    assert [(name, "fraction")] == fallbacks_of(**{name: sent})


@pytest.mark.parametrize("name", ["start_time", "end_time"])
@pytest.mark.parametrize("sent", OUT_OF_RANGE)
def test_a_time_outside_64_bits_is_the_current_time(name: str, sent: float) -> None:
    """No such number is kept or wrapped around."""
    assert NOW == event_of(**{name: sent})[name]  # type: ignore[literal-required]
    assert [(name, "range")] == fallbacks_of(**{name: sent})


@pytest.mark.parametrize("sent", [None, *NOT_NUMBERS])
def test_start_time_that_is_no_number_is_the_current_time(sent: Any) -> None:
    """A string, a boolean, null, an array or an object: all fall back silently, as getInt64() does."""
    assert NOW == event_of(start_time=sent)["start_time"]
    assert [("start_time", "type")] == fallbacks_of(start_time=sent)


def test_a_missing_start_time_is_the_current_time() -> None:
    """Nothing was sent, so nothing is told."""
    assert NOW == event_of()["start_time"]
    assert [] == fallbacks_of()


@pytest.mark.parametrize("sent", NOT_NUMBERS)
def test_end_time_that_is_no_number_is_the_current_time(sent: Any) -> None:
    """The same numeric-only caveat as start_time."""
    assert NOW == event_of(end_time=sent)["end_time"]
    assert [("end_time", "type")] == fallbacks_of(end_time=sent)


def test_a_missing_or_null_end_time_is_null() -> None:
    """A session that has not ended has no end time."""
    assert event_of()["end_time"] is None
    assert event_of(end_time=None)["end_time"] is None
    assert [] == fallbacks_of(end_time=None)


@pytest.mark.parametrize("sent", [0, -3, 12.75, 2**70, 1e300, math.pi])
def test_a_duration_is_kept_exactly(sent: float) -> None:
    """Fraction and size included; it is no 64-bit integer."""
    used = event_of(duration=sent)["duration"]
    assert (type(sent), sent) == (type(used), used)
    assert [] == fallbacks_of(duration=sent)


@pytest.mark.parametrize("sent", NOT_NUMBERS)
def test_a_duration_that_is_no_number_is_null(sent: Any) -> None:
    """Told, unlike a missing or null one, which is null all the same."""
    assert event_of(duration=sent)["duration"] is None
    assert [("duration", "type")] == fallbacks_of(duration=sent)
    assert event_of()["duration"] is None
    assert [] == fallbacks_of(duration=None)


@pytest.mark.parametrize("name", ["config", "inputs", "outputs", "metadata", "user_properties"])
@pytest.mark.parametrize("sent", NOT_OBJECTS)
def test_an_object_of_another_type_is_empty(name: str, sent: Any) -> None:
    """As if absent."""
    assert event_of(**{name: sent})[name] == {}  # type: ignore[literal-required]
    assert [(name, "type")] == fallbacks_of(**{name: sent})


@pytest.mark.parametrize("sent", [None, True, 7, "a", {}, {"0": "a"}, [1], ["a", None], ["a", ["b"]]])
def test_children_ids_that_are_no_strings_are_none_at_all(sent: Any) -> None:
    """One wrong item is enough for the whole list to be as if absent."""
    assert event_of(children_ids=sent)["children_ids"] == []
    assert [("children_ids", "type")] == fallbacks_of(children_ids=sent)


def test_an_unknown_property_is_ignored_and_told() -> None:
    """It is in no event, and told after the known ones, in the order in which it was sent."""
    event, told = normalise_session({"colour": 1, "source": None, "Source": "x"}, StoppedClock())
    assert event_of() == event
    assert [("source", "type"), ("colour", "unknown"), ("Source", "unknown")] == told


@pytest.mark.parametrize("name", ["event_id", "event_type", "parent_id", "error", "metrics", "feedback", "org_id"])
def test_what_the_server_decides_cannot_be_sent(name: str) -> None:
    """The event's id is the session's, its type `session`, and it starts without parent, error, metrics or feedback."""
    assert name not in FIELDS
    assert event_of() == event_of(**{name: "sent"})
    assert [(name, "unknown")] == fallbacks_of(**{name: "sent"})


@pytest.mark.parametrize("value", [False, 0, "sent", {}, {"a": 1}])
def test_an_older_client_is_told_of_ids_that_have_no_effect(value: Any) -> None:
    """Whatever they are, unless they are what the server decides anyway."""
    sent = {"session_id": SESSION_ID, "event_id": value, "parent_id": value, "event_type": value}
    _, told = normalise_session(sent, StoppedClock(), is_older=True)
    assert {(name, "ignored") for name in ("event_id", "parent_id", "event_type")} == set(told)
    same = {"session_id": SESSION_ID, "event_id": SESSION_ID.upper(), "parent_id": None, "event_type": "session"}
    assert [] == normalise_session(same, StoppedClock(), is_older=True)[1]


def test_what_was_sent_is_not_changed() -> None:
    """The normaliser is pure."""
    metadata = {"a": [1]}
    sent = {"metadata": metadata, "start_time": "x"}
    normalise_session(sent, StoppedClock())
    assert {"metadata": {"a": [1]}, "start_time": "x"} == sent
