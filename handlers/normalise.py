"""Make an event of whatever was sent as a session: each documented field, or its fallback.

Pure: time and ids come from the clock that is passed in. The rules are the published prose of `POST /v1/sessions`
("every field has a server-side fallback"); where it is silent, `docs/behaviour.md` says what skep does, and
`DECISIONS.md` why.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypedDict

from skep.handlers.clock import Clock

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

_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_INT64: Final = range(-(2**63), 2**63)
_ABSENT: Final = object()

Json = Any  # a parsed JSON value: dict, list, str, int, float, bool or None


class Event(TypedDict):
    """An event as the API answers it, but for the three ids of its tenant. Times are Unix milliseconds."""

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
    """A property whose value the server did not use as it was sent, and why.

    `reason` is `type`, `format`, `range`, `fraction` (cut off) or `unknown` (no property of a session, ignored).
    """

    name: str
    reason: str


def normalise_session(sent: Mapping[str, Json], clock: Clock) -> tuple[Event, list[Fallback]]:
    """The event that a session object starts, and what was not used as sent: known properties first."""
    told: list[Fallback] = []
    session_id = _session_id(sent, clock, told)
    session_name = _string(sent, "session_name", told)
    event_name = _string(sent, "event_name", told)
    source = _string(sent, "source", told)
    if event_name is None:
        event_name = "unknown" if session_name is None else session_name
    event = Event(
        event_id=session_id,
        session_id=session_id,
        parent_id=None,
        children_ids=_strings(sent, "children_ids", told),
        event_type="session",
        event_name=event_name,
        config=_object(sent, "config", told),
        inputs=_object(sent, "inputs", told),
        outputs=_object(sent, "outputs", told),
        error=None,
        source="unknown" if source is None else source,
        duration=_duration(sent, told),
        metrics={},
        feedback={},
        start_time=_start_time(sent, clock, told),
        end_time=_end_time(sent, clock, told),
        metadata=_object(sent, "metadata", told),
        user_properties=_object(sent, "user_properties", told),
    )
    told.extend(Fallback(name, "unknown") for name in sent if name not in FIELDS)
    return event, told


def _session_id(sent: Mapping[str, Json], clock: Clock, told: list[Fallback]) -> str:
    value = _string(sent, "session_id", told)
    if value is None:
        return clock.new_id()
    if _UUID.fullmatch(value) is None:
        told.append(Fallback("session_id", "format"))
        return clock.new_id()
    return value.lower()


def _string(sent: Mapping[str, Json], name: str, told: list[Fallback]) -> str | None:
    value = sent.get(name, _ABSENT)
    if isinstance(value, str):
        return value
    if value is not _ABSENT:
        told.append(Fallback(name, "type"))
    return None


def _object(sent: Mapping[str, Json], name: str, told: list[Fallback]) -> dict[str, Json]:
    value = sent.get(name, _ABSENT)
    if isinstance(value, dict):
        return value
    if value is not _ABSENT:
        told.append(Fallback(name, "type"))
    return {}


def _strings(sent: Mapping[str, Json], name: str, told: list[Fallback]) -> list[str]:
    value = sent.get(name, _ABSENT)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    if value is not _ABSENT:
        told.append(Fallback(name, "type"))
    return []


def _duration(sent: Mapping[str, Json], told: list[Fallback]) -> float | None:
    value = sent.get("duration")
    if value is None or _is_number(value):
        return value
    told.append(Fallback("duration", "type"))
    return None


def _start_time(sent: Mapping[str, Json], clock: Clock, told: list[Fallback]) -> int:
    value = sent.get("start_time", _ABSENT)
    return clock.now() if value is _ABSENT else _int64(value, "start_time", clock, told)


def _end_time(sent: Mapping[str, Json], clock: Clock, told: list[Fallback]) -> int | None:
    value = sent.get("end_time")
    return None if value is None else _int64(value, "end_time", clock, told)


def _int64(value: Json, name: str, clock: Clock, told: list[Fallback]) -> int:
    """The number cut to a 64-bit integer, or the current time."""
    if not _is_number(value):
        told.append(Fallback(name, "type"))
        return clock.now()
    whole = int(value)
    if whole not in _INT64:
        told.append(Fallback(name, "range"))
        return clock.now()
    if whole != value:
        told.append(Fallback(name, "fraction"))
    return whole


def _is_number(value: Json) -> bool:
    """Whether it is a JSON number; Python takes true and false for integers, JSON does not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
