"""Fields that are not kept as they were sent, and fallbacks that are others."""

import datetime as dt
import re
import struct
import time
from collections.abc import Callable
from unittest.mock import patch

from hivestand.handlers.errors import BadRequest
from hivestand.handlers.event import normalise
from hivestand.handlers.event.normalise import FIELDS, Json
from mutants.mutant import (
    NEW,
    OLD,
    Group,
    Patch,
    bodies,
    clock,
    cut,
    events,
    members,
    of,
    responses,
    rounded,
    sessions,
    texts,
    wire,
)

mutant = Group("fallbacks")


ERROR = {"statusCode": 400, "message": "empty", "success": False, "errorCode": "BAD_REQUEST"}
OBJECTS = ("config", "inputs", "outputs", "metadata", "user_properties")


def now() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


def unless(name: str, **fallback: Json) -> Patch:
    """Another fallback where a field was not sent."""
    return events(lambda event, sent: event if name in sent else {**event, **fallback})


def parsed(name: str, read: Callable[[str], Json]) -> Patch:
    """Read a time from a string, where that can be done."""

    def changed(sent: dict[str, Json]) -> Json:
        try:
            return of(name, lambda value: read(value) if isinstance(value, str) else value)(sent)
        except ValueError:
            return sent

    return sessions(changed)


def from_iso(text: str) -> int:
    """Unix milliseconds of a date."""
    return round(dt.datetime.fromisoformat(text).timestamp() * 1000)


def numbers(name: str, change: Callable[[Json], Json]) -> Patch:
    """Change a number that was sent."""
    return sessions(of(name, lambda value: change(value) if type(value) in {int, float} else value))


def others(name: str, change: Callable[[Json], Json]) -> Patch:
    """Change what was sent and is neither a number nor a string."""
    return sessions(of(name, lambda value: value if type(value) in {int, float, str} else change(value)))


def refusing(condition: Callable[[dict[str, Json]], bool]) -> Patch:
    """400 for some sessions."""

    def changed(sent: dict[str, Json]) -> Json:
        if condition(sent):
            raise BadRequest("Invalid session data")
        return sent

    return sessions(changed)


# names and source
mutant("event-name-ignored", "SES-NAME-01")(lambda: sessions(cut("event_name")))
mutant("event-name-of-ascii-alone", "SES-NAME-01")(
    lambda: events(of("event_name", lambda text: text.encode("ascii", "ignore").decode()))
)
mutant("event-name-without-astral-characters", "SES-NAME-01")(
    lambda: events(of("event_name", lambda text: re.sub("[^\0-\uffff]", "\ufffd", text)))
)
mutant("event-name-doubly-encoded", "SES-NAME-01")(
    lambda: events(of("event_name", lambda text: text.encode().decode("latin-1")))
)
mutant("event-name-in-lower-case", "SES-NAME-01")(lambda: events(of("event_name", str.lower)))
mutant("event-name-trimmed", "SES-NAME-01")(lambda: events(of("event_name", str.strip)))
mutant("event-name-cut-at-64", "SES-NAME-01")(lambda: events(of("event_name", lambda text: text[:64])))
mutant("event-name-escaped-for-html", "SES-NAME-01")(
    lambda: events(of("event_name", lambda text: text.replace("&", "&amp;").replace("<", "&lt;")))
)
mutant("one-character-name-is-no-name", "SES-NAME-01")(
    lambda: events(of("event_name", lambda text: text if len(text) > 1 else "unknown"))
)
mutant("session-name-ignored", "SES-NAME-02")(lambda: sessions(cut("session_name")))
mutant("session-name-ignored-by-the-older-operation", "SES-NAME-02")(lambda: sessions(cut("session_name"), (OLD,)))
mutant("session-name-prefixed", "SES-NAME-02")(lambda: sessions(of("session_name", lambda name: f"session: {name}")))
mutant("name-empty-by-default", "SES-NAME-03")(
    lambda: events(of("event_name", lambda name: "" if name == "unknown" else name))
)
mutant("name-null-by-default", "SES-NAME-03")(
    lambda: events(of("event_name", lambda name: None if name == "unknown" else name))
)
mutant("name-capitalised-by-default", "SES-NAME-03")(
    lambda: events(of("event_name", lambda name: "Unknown" if name == "unknown" else name))
)
mutant("name-of-the-source-by-default", "SES-NAME-03")(
    lambda: events(
        lambda event, sent: {**event, "event_name": event["source"]} if event["event_name"] == "unknown" else event
    )
)
mutant("name-of-the-id-by-default", "SES-NAME-03")(
    lambda: events(
        lambda event, _: {**event, "event_name": event["session_id"]} if event["event_name"] == "unknown" else event
    )
)
mutant("session-name-wins", "SES-NAME-04")(
    lambda: sessions(lambda sent: {**sent, "event_name": sent["session_name"]} if "session_name" in sent else sent)
)
mutant("names-joined", "SES-NAME-04")(
    lambda: sessions(
        lambda sent: (
            {**sent, "event_name": "{session_name}/{event_name}".format(**sent)}
            if {"event_name", "session_name"} <= sent.keys()
            else sent
        )
    )
)
mutant("source-ignored", "SES-SRC-01")(lambda: sessions(cut("source")))
mutant("source-of-a-known-set", "SES-SRC-01")(
    lambda: events(of("source", lambda source: source if source in {"sdk", "sdk-python", "api"} else "unknown"))
)
mutant("source-in-upper-case", "SES-SRC-01")(lambda: events(of("source", str.upper)))
mutant("source-null-by-default", "SES-SRC-02")(lambda: unless("source", source=None))
mutant("source-api-by-default", "SES-SRC-02")(lambda: unless("source", source="api"))
mutant("source-left-out-by-default", "SES-SRC-02")(
    lambda: responses(lambda event: cut("source")(event) if event["source"] == "unknown" else event)
)
mutant("source-empty-by-default-in-the-older-operation", "SES-SRC-02")(
    lambda: sessions(lambda sent: {"source": "", **sent}, (OLD,))
)

# start_time
mutant("start-in-whole-seconds", "SES-START-01")(lambda: numbers("start_time", lambda value: value // 1000 * 1000))
mutant("start-taken-for-seconds", "SES-START-01")(lambda: numbers("start_time", lambda value: int(value) * 1000))
mutant("small-start-taken-for-seconds", "SES-START-01")(
    lambda: numbers("start_time", lambda value: value * 1000 if 0 < value < 10**11 else value)
)
mutant("start-answered-in-seconds", "SES-START-01")(lambda: responses(of("start_time", lambda value: value / 1000)))
mutant("start-0-is-no-start", "SES-START-01")(lambda: sessions(of("start_time", lambda value: value or None)))
mutant("start-before-1970-is-no-start", "SES-START-01")(
    lambda: numbers("start_time", lambda value: value if value >= 0 else None)
)
mutant("float-is-no-start", "SES-START-01")(
    lambda: sessions(of("start_time", lambda value: None if isinstance(value, float) else value))
)
mutant("start-of-32-bits", "SES-START-01")(lambda: numbers("start_time", lambda value: int(value) & 0xFFFF_FFFF))
mutant("start-through-a-double", "SES-START-07")(
    lambda: numbers("start_time", lambda value: int(float(value)) if abs(value) < 2**62 else value)
)
mutant("start-ignored", "SES-START-01")(lambda: sessions(cut("start_time")))
mutant("old-start-replaced", "SES-START-01")(
    lambda: numbers("start_time", lambda value: value if value > 1_000_000_000_000 else None)
)
mutant("start-not-after-end", "SES-START-01")(
    lambda: events(lambda event, _: {**event, "start_time": min(event["start_time"], event["end_time"] or 2**63)})
)
mutant("future-start-replaced", "SES-START-01")(
    lambda: numbers("start_time", lambda value: value if value <= now() else None)
)
mutant("digits-parsed-as-start", "SES-START-02")(lambda: parsed("start_time", int))
mutant("date-parsed-as-start", "SES-START-02")(lambda: parsed("start_time", from_iso))
mutant("string-start-is-0", "SES-START-02")(lambda: parsed("start_time", lambda _: 0))
mutant("string-start-kept", "SES-START-02")(
    lambda: events(
        lambda event, sent: (
            {**event, "start_time": sent["start_time"]} if isinstance(sent.get("start_time"), str) else event
        )
    )
)
mutant("string-start-refused", "SES-ANY-04")(lambda: refusing(lambda sent: isinstance(sent.get("start_time"), str)))
mutant("string-start-falls-back-to-end", "SES-START-02")(
    lambda: events(
        lambda event, sent: (
            {**event, "start_time": event["end_time"] or event["start_time"]}
            if isinstance(sent.get("start_time"), str)
            else event
        )
    )
)
mutant("now-in-seconds", "SES-START-03")(lambda: clock(lambda: now() // 1000))
mutant("now-in-microseconds", "SES-START-03")(lambda: clock(lambda: now() * 1000))
mutant("now-in-another-zone", "SES-START-03")(lambda: clock(lambda: now() + 3_600_000))
mutant("now-from-the-monotonic-clock", "SES-START-03")(lambda: clock(lambda: time.monotonic_ns() // 1_000_000))
mutant("start-0-by-default", "SES-START-03")(lambda: unless("start_time", start_time=0))
mutant("start-null-by-default", "SES-START-03")(lambda: unless("start_time", start_time=None))
mutant("start-from-end-by-default", "SES-START-03")(
    lambda: events(
        lambda event, sent: (
            event if "start_time" in sent else {**event, "start_time": event["end_time"] or event["start_time"]}
        )
    )
)
mutant("start-left-out-by-default-in-the-older-operation", "SES-START-03")(
    lambda: bodies(lambda body: body if "start_time" in str(body) else put_start(body), OLD)
)


def put_start(body: dict[str, Json]) -> Json:
    """A start of 1970 in a wrapped session."""
    return {**body, "session": {"start_time": 0, **body["session"]}} if isinstance(body.get("session"), dict) else body


@mutant("now-of-the-server-s-start", "SES-CLOCK-02")
def stopped() -> Patch:
    """The time is read once."""
    first = now()
    return clock(lambda: first)


mutant("true-is-a-start", "SES-START-04")(lambda: others("start_time", lambda value: 1 if value is True else value))
mutant("null-start-kept", "SES-START-04")(
    lambda: events(
        lambda event, sent: {**event, "start_time": None} if sent.get("start_time", 0) is None else event,
    )
)
mutant("null-start-is-0", "SES-START-04")(lambda: others("start_time", lambda value: 0 if value is None else value))
mutant("start-in-an-array-taken", "SES-START-04")(
    lambda: others("start_time", lambda value: value[0] if isinstance(value, list) and value else value)
)
mutant("start-fraction-kept", "SES-START-05")(
    lambda: events(
        lambda event, sent: (
            {**event, "start_time": sent["start_time"]} if isinstance(sent.get("start_time"), float) else event
        )
    )
)
mutant("fraction-rounded", "SES-START-05")(lambda: numbers("start_time", round))
mutant("end-fraction-rounded", "SES-START-05")(
    lambda: numbers("end_time", lambda value: round(value) if abs(value) < 2**53 else value)
)
mutant("fraction-rounded-down-below-0", "SES-START-05")(lambda: numbers("start_time", lambda value: value // 1))
mutant("number-with-fraction-is-no-start", "SES-START-05")(
    lambda: numbers("start_time", lambda value: value if value == int(value) else None)
)

# end_time
mutant("end-ignored", "SES-END-01")(lambda: sessions(cut("end_time")))
mutant("end-0-is-no-end", "SES-END-01")(lambda: sessions(of("end_time", lambda value: value or None)))
mutant("end-not-before-start", "SES-END-01")(
    lambda: events(
        lambda event, _: {**event, "end_time": event["end_time"] and max(event["end_time"], event["start_time"])}
    )
)
mutant("float-is-no-end", "SES-END-01")(
    lambda: sessions(of("end_time", lambda value: None if isinstance(value, float) else value))
)
mutant("end-from-duration", "SES-END-01")(
    lambda: events(
        lambda event, _: {
            **event,
            "end_time": event["end_time"]
            if event["duration"] is None
            else event["start_time"] + int(event["duration"]),
        }
    )
)
mutant("digits-parsed-as-end", "SES-END-02")(lambda: parsed("end_time", int))
mutant("string-end-is-null", "SES-END-02")(lambda: parsed("end_time", lambda _: None))
mutant("string-end-is-start", "SES-END-02")(
    lambda: events(
        lambda event, sent: (
            {**event, "end_time": event["start_time"]} if isinstance(sent.get("end_time"), str) else event
        )
    )
)
mutant("false-and-true-are-ends", "SES-END-03")(
    lambda: others("end_time", lambda value: int(value) if isinstance(value, bool) else value)
)
mutant("empty-object-is-no-end", "SES-END-03")(lambda: others("end_time", lambda value: value or None))
mutant("end-of-another-type-is-null", "SES-END-03")(lambda: others("end_time", lambda _: None))
mutant("now-with-a-fraction", "SES-CLOCK-01")(lambda: clock(lambda: time.time() * 1000))
mutant("now-with-a-fraction-for-ends", "SES-CLOCK-01")(
    lambda: events(
        lambda event, sent: (
            {**event, "end_time": event["end_time"] + 0.5} if isinstance(sent.get("end_time"), str) else event
        )
    )
)

# duration
mutant("duration-ignored", "SES-DUR-01")(lambda: sessions(cut("duration")))
mutant("duration-whole", "SES-DUR-01")(lambda: numbers("duration", int))
mutant("duration-0-is-null", "SES-DUR-01")(lambda: sessions(of("duration", lambda value: value or None)))
mutant("duration-not-negative", "SES-DUR-01")(lambda: numbers("duration", lambda value: max(value, 0)))
mutant("duration-in-seconds", "SES-DUR-01")(lambda: responses(of("duration", lambda value: value and value / 1000)))
mutant("duration-to-one-decimal", "SES-DUR-01")(lambda: numbers("duration", lambda value: round(value, 1)))
mutant("duration-to-three-decimals", "SES-DUR-01")(lambda: numbers("duration", lambda value: round(value, 3)))
mutant("duration-of-single-precision", "SES-DUR-01")(
    lambda: numbers("duration", lambda value: struct.unpack("f", struct.pack("f", min(value, 3e38)))[0])
)
mutant("duration-from-the-times", "SES-DUR-01")(
    lambda: events(
        lambda event, _: {**event, "duration": event["end_time"] - event["start_time"]} if event["end_time"] else event
    )
)

# objects and children_ids
for _name, _kills in zip(OBJECTS, ("SES-OBJ-01", "SES-OBJ-02", "SES-OBJ-03", "SES-OBJ-04", "SES-OBJ-05"), strict=True):
    mutant(f"{_name.replace('_', '-')}-dropped", _kills)(lambda name=_name: sessions(cut(name)))  # type: ignore[misc]


def only_levels(count: int) -> Callable[[Json], Json]:
    """A copy of so many levels."""

    def copied(value: Json, left: int = count) -> Json:
        if isinstance(value, dict):
            return {name: copied(member, left - 1) for name, member in value.items()} if left else {}
        return value

    return copied


def flat(value: Json) -> Json:
    """Members of an object as text, as in a map of strings."""
    return {name: member if isinstance(member, str) else str(member) for name, member in value.items()}


def without_null(value: Json) -> Json:
    """Members that are null are left out, at any depth."""
    if isinstance(value, dict):
        return {name: without_null(member) for name, member in value.items() if member is not None}
    return [without_null(item) for item in value] if isinstance(value, list) else value


def keys(change: Callable[[str], str]) -> Callable[[Json], Json]:
    """Change the names of an object's members."""
    return lambda value: {change(name): member for name, member in value.items()} if isinstance(value, dict) else value


def digits_read(value: Json) -> Json:
    """A string of digits is a number."""
    return int(value) if isinstance(value, str) and value.isdecimal() and value.isascii() else value


def expanded(value: Json) -> Json:
    """A name with a dot is a path."""
    made: dict[str, Json] = {}
    for name, member in value.items():
        first, _, rest = name.partition(".")
        made[first] = {rest: member} if rest else member
    return made


mutant("config-as-text", "SES-OBJ-01")(lambda: responses(of("config", str)))
mutant("config-one-level-deep", "SES-OBJ-01")(lambda: events(of("config", only_levels(1))))
mutant("config-five-levels-deep", "SES-OBJ-01")(lambda: events(of("config", only_levels(5))))
mutant("config-without-null-members", "SES-OBJ-01")(lambda: events(of("config", without_null)))
mutant("config-without-empty-name", "SES-OBJ-01")(lambda: events(of("config", cut(""))))
mutant("config-names-in-snake-case", "SES-OBJ-01")(
    lambda: events(of("config", keys(lambda name: re.sub("([a-z])([A-Z])", r"\1_\2", name).lower())))
)
mutant("config-names-with-dots-expanded", "SES-OBJ-01")(lambda: events(of("config", expanded)))
mutant("inputs-and-outputs-swapped", "SES-OBJ-02")(
    lambda: events(lambda event, _: {**event, "inputs": event["outputs"], "outputs": event["inputs"]})
)
mutant("inputs-with-whole-numbers", "SES-OBJ-02")(
    lambda: events(of("inputs", members(lambda value: int(value) if isinstance(value, float) else value)))
)
mutant("inputs-with-numbers-of-double-precision", "SES-OBJ-02")(
    lambda: events(
        of(
            "inputs",
            members(
                lambda value: int(float(value)) if isinstance(value, int) and abs(value) < 2**70 else value,
            ),
        )
    )
)
mutant("inputs-with-true-as-1", "SES-OBJ-02")(
    lambda: events(of("inputs", members(lambda value: int(value) if isinstance(value, bool) else value)))
)
mutant("inputs-with-digits-as-numbers", "SES-OBJ-02")(lambda: events(of("inputs", members(digits_read))))
mutant("inputs-with-null-as-empty-text", "SES-OBJ-02")(
    lambda: events(of("inputs", members(lambda value: "" if value is None else value)))
)
mutant("inputs-left-out-of-the-response", "SES-OBJ-02")(lambda: responses(cut("inputs")))
mutant("outputs-cut-at-255", "SES-OBJ-03")(lambda: events(of("outputs", texts(lambda text: text[:255]))))
mutant("outputs-cut-at-8192", "SES-OBJ-03")(lambda: events(of("outputs", texts(lambda text: text[:8192]))))
mutant("outputs-trimmed", "SES-OBJ-03")(lambda: events(of("outputs", texts(str.strip))))
mutant("outputs-of-ascii", "SES-OBJ-03")(
    lambda: events(of("outputs", texts(lambda text: text.encode("ascii", "replace").decode())))
)
mutant("outputs-under-a-key", "SES-OBJ-03")(lambda: events(of("outputs", lambda value: {"result": value})))
mutant("metadata-of-strings", "SES-OBJ-04")(lambda: events(of("metadata", flat)))
mutant("metadata-with-the-name", "SES-OBJ-04")(
    lambda: events(lambda event, _: {**event, "metadata": {**event["metadata"], "session_name": event["event_name"]}})
)
mutant("metadata-without-null-members", "SES-OBJ-04")(lambda: events(of("metadata", without_null)))
mutant("user-properties-in-metadata", "SES-OBJ-05")(
    lambda: events(
        lambda event, _: {
            **event,
            "user_properties": {},
            "metadata": {**event["metadata"], **event["user_properties"]},
        }
    )
)
mutant("user-properties-flattened", "SES-OBJ-05")(lambda: events(of("user_properties", only_levels(1))))
mutant("objects-null-by-default", "SES-OBJ-06")(
    lambda: events(lambda event, sent: {**event, **{name: None for name in OBJECTS[:3] if name not in sent}})
)
mutant("user-properties-null-by-default", "SES-OBJ-06")(
    lambda: responses(of("user_properties", lambda value: value or None))
)
mutant("config-with-defaults", "SES-OBJ-06")(lambda: unless("config", config={"version": 1}))
mutant("children-dropped", "SES-CHILD-01")(lambda: sessions(cut("children_ids")))
mutant("children-once-each", "SES-CHILD-01")(lambda: events(of("children_ids", lambda ids: list(dict.fromkeys(ids)))))
mutant("children-sorted", "SES-CHILD-01")(lambda: events(of("children_ids", sorted)))
mutant("empty-children-dropped", "SES-CHILD-01")(lambda: events(of("children_ids", lambda ids: [i for i in ids if i])))
mutant("children-that-are-no-uuid-dropped", "SES-CHILD-01")(
    lambda: events(of("children_ids", lambda ids: [i for i in ids if normalise._UUID.fullmatch(i)]))  # noqa: SLF001
)
mutant("children-in-lower-case", "SES-CHILD-01")(
    lambda: events(of("children_ids", lambda ids: [i.lower() for i in ids]))
)
mutant("at-most-100-children", "SES-CHILD-01")(lambda: events(of("children_ids", lambda ids: ids[:100])))
mutant("children-null-by-default", "SES-CHILD-02")(lambda: responses(of("children_ids", lambda ids: ids or None)))
mutant("session-its-own-child-by-default", "SES-CHILD-02")(
    lambda: events(lambda event, _: {**event, "children_ids": event["children_ids"] or [event["session_id"]]})
)


# the body as a whole
def unwrapped(body: dict[str, Json]) -> Json:
    """What is under `session`, if there is something."""
    return body["session"] if isinstance(body.get("session"), dict) else body


mutant("wrapper-taken-off", "SES-BODY-02")(lambda: bodies(unwrapped, NEW))
mutant("wrapper-merged-with-the-body", "SES-BODY-02")(lambda: bodies(lambda body: {**unwrapped(body), **body}, NEW))
mutant("wrapper-wins-over-the-body", "SES-BODY-02")(lambda: bodies(lambda body: {**body, **unwrapped(body)}, NEW))
mutant("empty-session-refused", "SES-BODY-01")(lambda: refusing(lambda sent: not sent.keys() - {"metadata"}))
mutant("empty-body-refused", "SES-BODY-01")(
    lambda: wire(lambda call, reply: reply.but(ERROR, status=400) if call.json == {} else reply)
)
mutant("event-id-sent-is-taken", "SES-BODY-04")(
    lambda: events(lambda event, sent: {**event, "event_id": sent.get("event_id", event["event_id"])})
)
mutant("event-type-sent-is-taken", "SES-BODY-04")(
    lambda: events(lambda event, sent: {**event, "event_type": sent.get("event_type", "session")})
)
mutant("metrics-sent-are-taken", "SES-BODY-04")(
    lambda: events(lambda event, sent: {**event, "metrics": sent.get("metrics", {})})
)
mutant("feedback-sent-is-taken", "SES-BODY-04")(
    lambda: events(lambda event, sent: {**event, "feedback": sent.get("feedback", {})})
)


def project_taken() -> Patch:
    """The account's project is whatever the client says."""
    return wire(
        lambda call, reply: (
            reply.but({**reply.json, "project_id": call.json["project_id"]})
            if reply.status == 200 and "project_id" in call.json
            else reply
        )
    )


mutant("project-sent-is-taken", "SES-BODY-04")(project_taken)
mutant("unknown-field-refused", "SES-ANY-04")(lambda: refusing(lambda sent: bool(sent.keys() - FIELDS)))
mutant("object-of-another-type-refused", "SES-ANY-04")(
    lambda: refusing(lambda sent: not all(isinstance(sent.get(name, {}), dict) for name in OBJECTS))
)
mutant("name-required", "SES-ANY-03")(lambda: refusing(lambda sent: not {"event_name", "session_name"} & sent.keys()))
mutant("negative-duration-refused", "SES-ANY-03")(
    lambda: refusing(lambda sent: type(sent.get("duration")) in {int, float} and sent["duration"] < 0)
)
mutant("end-before-start-refused", "SES-ANY-03")(
    lambda: refusing(
        lambda sent: (
            type(sent.get("end_time")) in {int, float}
            and type(sent.get("start_time")) in {int, float}
            and sent["end_time"] < sent["start_time"]
        )
    )
)
mutant("truthy-values-alone", "SES-START-01")(
    lambda: sessions(lambda sent: {name: value for name, value in sent.items() if value})
)
mutant("type-check-with-isinstance-int", "SES-START-04")(
    lambda: patch("hivestand.handlers.event.normalise._is_number", lambda value: isinstance(value, (int, float)))
)
for _name in ("config", "inputs", "outputs", "metadata", "user_properties"):
    mutant(f"large-integers-in-{_name.replace('_', '-')}-rounded", "SES-OBJ-08")(
        lambda name=_name: events(of(name, members(rounded)))  # type: ignore[misc]
    )
mutant("end-through-a-double", "SES-START-07")(lambda: events(of("end_time", rounded)))
for _sign, _word in ((-1, "behind"), (1, "ahead")):
    mutant(f"clock-half-a-minute-{_word}", "SES-CLOCK-03")(
        lambda sign=_sign: clock(lambda: int((time.time() + sign * 30) * 1000))  # type: ignore[misc]
    )
