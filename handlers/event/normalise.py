"""Turn what was sent as a session or an event into an event: each documented field, or its fallback.

Pure: time and ids come from the clock that is passed in. The rules are the published prose of `POST /v1/sessions`
("every field has a server-side fallback") and of the operations on events. Where that is silent,
`docs/reference/behaviour.md` says what happens, and `DECISIONS.md` why.
"""

import re
import uuid
from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple, TypedDict

from hivestand.handlers.clock import Clock
from hivestand.handlers.errors import BadRequest, Detail, wrong_property
from hivestand.openapi.formats import UUID

FIELDS: Final = frozenset(
    {
        "session_id",
        "session_name",
        "event_name",
        "source",
        "start_time",
        "end_time",
        "duration",
        "config",
        "inputs",
        "outputs",
        "metadata",
        "user_properties",
        "children_ids",
    }
)

TYPES: Final = ("chain", "model", "tool", "session")  # of an event
IGNORED: Final = frozenset({"project", "project_id"})  # the token says which project it is
# what else the first generation of clients starts a session with
OLDER_FIELDS: Final = frozenset({*FIELDS, "metrics", "feedback", "error"})
MERGED: Final = ("metadata", "user_properties", "config", "feedback", "metrics")  # by an update, key by key
EVENT_FIELDS: Final = frozenset(
    {
        *FIELDS - {"session_name"},
        *MERGED,
        *IGNORED,
        "event_id",
        "event_type",
        "parent_id",
        "error",
    }
)

_NESTING_FIELDS: Final = EVENT_FIELDS | {"children"}

MAX_MEMBERS: Final = 10_000  # of each of the objects in `MERGED`, as they are sent
MAX_UNKNOWN: Final = 100  # unknown properties that are told: more than the response can tell
_USED_OF_AN_EVENT: Final = EVENT_FIELDS - IGNORED
_UUID: Final = re.compile(UUID)
_HEXADECIMAL: Final = re.compile("[0-9a-fA-F]{32}")
_INT64: Final = range(-(2**63), 2**63)
_MICROSECONDS: Final = range(10**14, 10**17)  # as milliseconds these times are beyond the year 5138
_ABSENT: Final = object()
# the types of what a session object without fallbacks is made of
_PLAIN: Final = {
    **dict.fromkeys(("session_id", "session_name", "event_name", "source"), str),
    **dict.fromkeys(("start_time", "end_time", "duration"), int),
    **dict.fromkeys(("config", "inputs", "outputs", "metadata", "user_properties"), dict),
}

Json = Any  # a parsed JSON value: dict, list, str, int, float, bool or None


class Event(TypedDict):
    """An event as the API returns it, without the three ids of its tenant.

    Attributes:
        event_id: a UUID in lower case; a session's is its `session_id`.
        session_id: the UUID of its session.
        parent_id: the event that it is part of, None for a session.
        children_ids: the ids of events that are part of it.
        event_type: `chain`, `model`, `tool` or `session`.
        event_name: its name, `unknown` by default.
        config: how it was configured.
        inputs: what went in.
        outputs: what came out.
        error: its error, None if there was none.
        source: what sent it, `unknown` by default.
        duration: milliseconds, None if unknown.
        metrics: its measurements.
        feedback: ratings by people.
        start_time: Unix milliseconds.
        end_time: Unix milliseconds, None until it has ended.
        metadata: anything else; a second post of a session merges into it.
        user_properties: about the user; a second post of a session merges into it.
    """

    event_id: str
    session_id: str
    parent_id: str | None
    children_ids: list[str]
    event_type: str
    event_name: str
    config: dict[str, Json]
    inputs: dict[str, Json]
    outputs: dict[str, Json]
    error: str | None
    source: str
    duration: float | None
    metrics: dict[str, Json]
    feedback: dict[str, Json]
    start_time: int
    end_time: int | None
    metadata: dict[str, Json]
    user_properties: dict[str, Json]


class Fallback(NamedTuple):
    """A property whose value was not used as it was sent, and why.

    A property inside a batch is named by a JSON pointer. The reasons:

    - `type`, `format`, `range`, `enum`: the value is not one that the property can have;
    - `fraction`: it was cut off;
    - `unit`: the time was kept, and looks like microseconds where milliseconds are meant;
    - `list`: the list was kept, as the member `value` of an object;
    - `unknown`: there is no such property;
    - `ignored`: the property has no effect here;
    - `exists`: the event was there already, and keeps the value that it had.
    """

    name: str
    reason: str


def normalise_session(
    sent: Mapping[str, Json], clock: Clock, *, is_older: bool = False
) -> tuple[Event, list[Fallback]]:
    """The event that a session object starts, and its fallbacks, those of known properties first.

    With `is_older` it is the session object of the older operations, which may have metrics, feedback and an error.

    Raises:
        BadRequest: an object has more than `MAX_MEMBERS` members; the pointer begins at the session.
    """
    return (event, []) if (event := _plain_session(sent, clock)) else _any_session(sent, clock, is_older=is_older)


def _plain_session(sent: Mapping[str, Json], clock: Clock) -> Event | None:
    """The event of a session object that has no fallbacks, as most have none; None for any that might.

    It says once more what `_any_session` says, in two thirds of the time: 4 to 5 % of a request.
    """
    for name, value in sent.items():
        if type(value) is not _PLAIN.get(name):
            return None
    get = sent.get
    session_id: str | None = get("session_id")
    has_two_names = "event_name" in sent and "session_name" in sent
    if has_two_names or (session_id is not None and not _UUID.fullmatch(session_id)):
        return None
    start_time, end_time = get("start_time"), get("end_time")
    for each in (start_time, end_time):
        if each is not None and not 0 <= each < _MICROSECONDS.start:
            return None
    config, metadata, user_properties = get("config", {}), get("metadata", {}), get("user_properties", {})
    if len(config) > MAX_MEMBERS or len(metadata) > MAX_MEMBERS or len(user_properties) > MAX_MEMBERS:
        return None
    session_id = clock.new_id() if session_id is None else session_id.lower()
    return {
        "event_id": session_id,
        "session_id": session_id,
        "parent_id": None,
        "children_ids": [],
        "event_type": "session",
        "event_name": get("event_name", get("session_name", "unknown")),
        "config": config,
        "inputs": get("inputs", {}),
        "outputs": get("outputs", {}),
        "error": None,
        "source": get("source", "unknown"),
        "duration": get("duration"),
        "metrics": {},
        "feedback": {},
        "start_time": clock.now() if start_time is None else start_time,
        "end_time": end_time,
        "metadata": metadata,
        "user_properties": user_properties,
    }


def _any_session(sent: Mapping[str, Json], clock: Clock, *, is_older: bool) -> tuple[Event, list[Fallback]]:
    """The event of any session object, and its fallbacks."""
    fallbacks: list[Fallback] = []
    session_id = _id(sent, "session_id", fallbacks)
    if session_id is None:
        session_id = clock.new_id()
    session_name = _string(sent, "session_name", fallbacks)
    event_name = _string(sent, "event_name", fallbacks)
    source = _string(sent, "source", fallbacks)
    if event_name is None:
        event_name = "unknown" if session_name is None else session_name
    elif session_name is not None:
        fallbacks.append(Fallback("session_name", "ignored"))
    event: Event = {
        "event_id": session_id,
        "session_id": session_id,
        "parent_id": None,
        "children_ids": _strings(sent, "children_ids", fallbacks),
        "event_type": "session",
        "event_name": event_name,
        "config": _object(sent, "config", fallbacks),
        "inputs": _object(sent, "inputs", fallbacks),
        "outputs": _object(sent, "outputs", fallbacks),
        "error": None,
        "source": "unknown" if source is None else source,
        "duration": _duration(sent, fallbacks),
        "metrics": {},
        "feedback": {},
        "start_time": _start_time(sent, clock, fallbacks),
        "end_time": _end_time(sent, clock, fallbacks),
        "metadata": _object(sent, "metadata", fallbacks),
        "user_properties": _object(sent, "user_properties", fallbacks),
    }
    if not sent.keys() <= FIELDS:
        if is_older:
            _take_older(sent, event, fallbacks)
        else:
            fallbacks += unknown_of(sent, FIELDS)
    return event, fallbacks


def _take_older(sent: Mapping[str, Json], event: Event, fallbacks: list[Fallback]) -> None:
    """Take what only the session object of the older operations has."""
    event["metrics"] = _object_or_list(sent, "metrics", fallbacks)
    event["feedback"] = _object_or_list(sent, "feedback", fallbacks)
    event["error"] = None if sent.get("error") is None else _string(sent, "error", fallbacks)
    of_the_server = {name for name in ("event_id", "event_type", "parent_id") if name in sent}
    for name in of_the_server:
        used = event[name]  # type: ignore[literal-required]
        if sent[name] != used and (uuid_of(sent[name]) or sent[name]) != used:
            fallbacks.append(Fallback(name, "ignored"))
    fallbacks.extend(Fallback(name, "ignored") for name in sent if name in IGNORED)
    fallbacks += unknown_of(sent, {*OLDER_FIELDS, *IGNORED, *of_the_server})


def normalise_event(
    sent: Mapping[str, Json], clock: Clock, session_id: str | None = None, *, is_older: bool = False
) -> tuple[Event, list[Fallback]]:
    """The event that was sent, in the session of `session_id` if it is not None, and its fallbacks.

    With `is_older` it is an event of the first generation of clients: of any type, with a list as inputs.

    Raises:
        BadRequest: it has no valid type, no inputs, or more than `MAX_MEMBERS` members in an object; the pointers of
            the details begin at the event.
    """
    _check_event(sent, is_older=is_older)
    fallbacks: list[Fallback] = []
    own = _reference(sent, "session_id", fallbacks)
    if session_id is None:
        session_id = own or clock.new_id()
    elif own not in (None, session_id):
        fallbacks.append(Fallback("session_id", "ignored"))
    event_type = _type(sent, fallbacks)
    event_id = _reference(sent, "event_id", fallbacks) or (session_id if event_type == "session" else clock.new_id())
    parent_id = _reference(sent, "parent_id", fallbacks) or session_id
    if event_id == session_id != parent_id:
        fallbacks.append(Fallback("parent_id", "ignored"))
    event_name = _string(sent, "event_name", fallbacks)
    source = _string(sent, "source", fallbacks)
    event: Event = {
        "event_id": event_id,
        "session_id": session_id,
        "parent_id": None if event_id == session_id else parent_id,
        "children_ids": _strings(sent, "children_ids", fallbacks),
        "event_type": event_type,
        "event_name": "unknown" if event_name is None else event_name,
        "config": _object_or_list(sent, "config", fallbacks),
        "inputs": _object_or_list(sent, "inputs", fallbacks),
        "outputs": _object_or_list(sent, "outputs", fallbacks),
        "error": None if sent.get("error") is None else _string(sent, "error", fallbacks),
        "source": "unknown" if source is None else source,
        "duration": _duration(sent, fallbacks),
        "metrics": _object_or_list(sent, "metrics", fallbacks),
        "feedback": _object_or_list(sent, "feedback", fallbacks),
        "start_time": _start_time(sent, clock, fallbacks),
        "end_time": _end_time(sent, clock, fallbacks),
        "metadata": _object_or_list(sent, "metadata", fallbacks),
        "user_properties": _object_or_list(sent, "user_properties", fallbacks),
    }
    if not sent.keys() <= _USED_OF_AN_EVENT:
        fallbacks.extend(Fallback(name, "ignored") for name in sent if name in IGNORED)
        fallbacks += unknown_of(sent, _NESTING_FIELDS if is_older else EVENT_FIELDS)
    return event, fallbacks


def unknown_of(sent: Mapping[str, Json], known: Collection[str]) -> list[Fallback]:
    """The fallbacks of properties that are not known, at most `MAX_UNKNOWN`."""
    return [Fallback(name, "unknown") for name in islice((name for name in sent if name not in known), MAX_UNKNOWN)]


def _check_event(sent: Mapping[str, Json], *, is_older: bool) -> None:
    details = []
    event_type, inputs = sent.get("event_type"), sent.get("inputs")
    if event_type not in TYPES and not (is_older and isinstance(event_type, str)):
        details.append(wrong_property(sent, "event_type", f"must be one of {', '.join(TYPES)}", rule="enum"))
    if not isinstance(inputs, dict) and not (is_older and isinstance(inputs, list)):
        details.append(wrong_property(sent, "inputs", "must be an object"))
    if details:
        raise BadRequest("Invalid event data", details)


def normalise_update(sent: Mapping[str, Json]) -> tuple[dict[str, Json], list[Fallback]]:
    """What an update changes, by property, and its fallbacks.

    Raises:
        BadRequest: the outputs are neither an object nor null, or an object has more than `MAX_MEMBERS` members.
    """
    fallbacks: list[Fallback] = []
    update: dict[str, Json] = {}
    for name in (name for name in sent if name in _UPDATES):
        used, reason = _UPDATES[name](sent[name])
        if used is not _ABSENT:
            update[name] = used
        if reason:
            fallbacks.append(Fallback(name, reason))
        if name in MERGED and used is not _ABSENT and len(used) > MAX_MEMBERS:
            raise _too_many_members(name)
    return update, [*fallbacks, *unknown_of(sent, _UPDATES)]


def _merged(value: Json) -> tuple[Json, str]:
    return (value, "") if isinstance(value, dict) else (_ABSENT, "type")


def _outputs(value: Json) -> tuple[Json, str]:
    if value is not None and not isinstance(value, dict):
        raise BadRequest("Invalid event data", [Detail("/outputs", "type", "must be an object or null")])
    return (_ABSENT if value is None else value), ""


def _children_ids(value: Json) -> tuple[Json, str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return _ABSENT, "type"
    return (value, "") if value else (_ABSENT, "ignored")


def _number(value: Json) -> tuple[Json, str]:
    return (value, "") if _is_number(value) else (_ABSENT, "type")


def _time(value: Json) -> tuple[Json, str]:
    if not _is_number(value):
        return _ABSENT, "type"
    whole = int(value)
    if whole not in _INT64:
        return _ABSENT, "range"
    return whole, "fraction" if whole != value else "unit" if whole in _MICROSECONDS else ""


_UPDATES: Final[Mapping[str, Callable[[Json], tuple[Json, str]]]] = {
    **dict.fromkeys(MERGED, _merged),
    "outputs": _outputs,
    "children_ids": _children_ids,
    "duration": _number,
    "end_time": _time,
}


def _type(sent: Mapping[str, Json], fallbacks: list[Fallback]) -> str:
    """The type of an event, `tool` for one that is not known."""
    event_type: str = sent["event_type"]
    if event_type in TYPES:
        return event_type
    fallbacks.append(Fallback("event_type", "enum"))
    return "tool"


def id_of(text: str) -> str:
    """The UUID that stands for an id: itself in lower case, its 32 digits, or a UUIDv5 of any other text.

    The same text is the same id wherever it is sent, so that references hold. The namespace is that of URLs, as
    HoneyHive's guide for OpenTelemetry derives ids.
    """
    if _UUID.fullmatch(text):
        return text.lower()
    return str(uuid.UUID(hex=text) if _HEXADECIMAL.fullmatch(text) else uuid.uuid5(uuid.NAMESPACE_URL, text))


def uuid_of(value: Json) -> str | None:
    """A UUID in its 36-character form as lower case; None for anything else."""
    return value.lower() if isinstance(value, str) and _UUID.fullmatch(value) else None


def _id(sent: Mapping[str, Json], name: str, fallbacks: list[Fallback]) -> str | None:
    value = _string(sent, name, fallbacks)
    if value is not None and _UUID.fullmatch(value) is None:
        fallbacks.append(Fallback(name, "format"))
        return None
    return None if value is None else value.lower()


def _reference(sent: Mapping[str, Json], name: str, fallbacks: list[Fallback]) -> str | None:
    """The id under a name, as `id_of` has it; None for anything but text, and for the empty text."""
    value = sent.get(name)
    if value is None:
        return None
    value = _string(sent, name, fallbacks)
    if value is None or _UUID.fullmatch(value):
        return value and value.lower()
    fallbacks.append(Fallback(name, "format"))
    return id_of(value) if value else None


def _string(sent: Mapping[str, Json], name: str, fallbacks: list[Fallback]) -> str | None:
    value = sent.get(name)
    if isinstance(value, str):
        return value
    if value is not None or name in sent:
        fallbacks.append(Fallback(name, "type"))
    return None


def _object(sent: Mapping[str, Json], name: str, fallbacks: list[Fallback]) -> dict[str, Json]:
    value = sent.get(name)
    if isinstance(value, dict):
        if len(value) > MAX_MEMBERS and name in MERGED:
            raise _too_many_members(name)
        return value
    if value is not None or name in sent:
        fallbacks.append(Fallback(name, "type"))
    return {}


def _object_or_list(sent: Mapping[str, Json], name: str, fallbacks: list[Fallback]) -> dict[str, Json]:
    """The object under a name; a list becomes the `value` of one, as the service does with it."""
    value = sent.get(name)
    if type(value) is dict and len(value) <= MAX_MEMBERS:  # nearly always
        return value
    if not isinstance(value, list):
        return _object(sent, name, fallbacks)
    if value:
        fallbacks.append(Fallback(name, "list"))
    return {"value": value}


def _too_many_members(name: str) -> BadRequest:
    detail = Detail(f"/{name}", "maxProperties", f"has more than {MAX_MEMBERS} members")
    return BadRequest("Too many members in an object", [detail])


def _strings(sent: Mapping[str, Json], name: str, fallbacks: list[Fallback]) -> list[str]:
    value = sent.get(name)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    if value is not None or name in sent:
        fallbacks.append(Fallback(name, "type"))
    return []


def _duration(sent: Mapping[str, Json], fallbacks: list[Fallback]) -> float | None:
    value = sent.get("duration")
    if value is None or _is_number(value):
        return value
    fallbacks.append(Fallback("duration", "type"))
    return None


def _start_time(sent: Mapping[str, Json], clock: Clock, fallbacks: list[Fallback]) -> int:
    value = sent.get("start_time", _ABSENT)
    return clock.now() if value is _ABSENT else _int64(value, "start_time", clock, fallbacks)


def _end_time(sent: Mapping[str, Json], clock: Clock, fallbacks: list[Fallback]) -> int | None:
    value = sent.get("end_time")
    return None if value is None else _int64(value, "end_time", clock, fallbacks)


def _int64(value: Json, name: str, clock: Clock, fallbacks: list[Fallback]) -> int:
    """The number cut to a 64-bit integer; the current time if there is none or it is out of range."""
    if not _is_number(value):
        fallbacks.append(Fallback(name, "type"))
        return clock.now()
    whole = int(value)
    if whole not in _INT64:
        fallbacks.append(Fallback(name, "range"))
        return clock.now()
    if whole != value:
        fallbacks.append(Fallback(name, "fraction"))
    if whole in _MICROSECONDS:
        fallbacks.append(Fallback(name, "unit"))
    return whole


def _is_number(value: Json) -> bool:
    """Whether a value is a JSON number; Python counts true and false as integers, JSON does not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
