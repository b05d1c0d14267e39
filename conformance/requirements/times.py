"""When a session was: `start_time`, `end_time`, `duration`."""

import time
from collections.abc import Iterator
from typing import Any

from hivestand.conformance.api import SAME, Api
from hivestand.conformance.history import SessionPost
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import ABSENT, Expectations, Finding, Level, Matcher
from hivestand.conformance.samples import WHOLE, is_int64, is_number, is_whole

registry = Registry()
rule = registry.rule
NUMERIC = "start_time (number): only accepts numeric types; if a string is passed, … falls back to the current time"
END = "end_time (number): Session end time as Unix milliseconds (same numeric-only caveat as start_time)"
DURATION = "duration (number): Session duration in milliseconds"
TOLERANCE = 10_000  # milliseconds by which the time in a response and its Date may differ
SKEW = 300_000  # milliseconds by which the clocks of suite and target may differ
APART = 1.1  # seconds between two sessions, of which the second begins later even by a clock of whole seconds


@rule(
    "SES-START-01",
    Level.MUST,
    "A numeric start_time is kept",
    {"start_time": 1767225600123},
    {"start_time": 0},
    {"start_time": 1},
    {"start_time": 1767225600},
    {"start_time": 1767225600123456},
    {"start_time": 4102444800000},
    {"start_time": 1712025501605.0},
    {"start_time": 1767225600002, "end_time": 1767225600001, "duration": 5},
    {"start_time": -1},
    source="start_time (number): Session start time as Unix milliseconds",
)
def start_is_kept(step: SessionPost) -> Expectations:
    """A numeric start_time is kept: a whole number of milliseconds, however it is written."""
    if step.before is None and is_whole(step.sent.get("start_time")):
        yield step.sent["start_time"], step.event.get("start_time", ABSENT)


@rule(
    "SES-START-02",
    Level.MUST,
    "A string start_time is replaced by the current time",
    {"start_time": "1767225600123"},
    {"start_time": "1767225600123", "end_time": 1767225600124, "duration": 5},
    {"start_time": "2026-01-01T00:00:00Z"},
    {"start_time": "-5"},
    {"start_time": "1767225600123.0"},
    {"start_time": " 1767225600123 "},
    {"start_time": "1.767225600123e12"},
    {"start_time": "1767225600"},
    {"start_time": ""},
    source=NUMERIC,
)
def start_string_is_now(step: SessionPost) -> Expectations:
    """A string start_time is replaced by the current time: a string of digits, too."""
    if step.before is None and isinstance(step.sent.get("start_time"), str):
        yield now(step), step.event.get("start_time", ABSENT)


@rule(
    "SES-START-03",
    Level.MUST,
    "Without start_time the start is the current time",
    {},
    {"end_time": 1767225600001, "duration": 5},
    source="every field has a fallback",
)
def start_is_now(step: SessionPost) -> Expectations:
    """Without start_time the start is the current time: in Unix milliseconds."""
    if step.before is None and "start_time" not in step.sent:
        yield now(step), step.event.get("start_time", ABSENT)


@rule(
    "SES-START-04",
    Level.SHOULD,
    "A start_time of any other type is replaced by the current time",
    {"start_time": None},
    {"start_time": True},
    {"start_time": False},
    {"start_time": []},
    {"start_time": {}},
    {"start_time": [1767225600123]},
    source=NUMERIC,
)
def start_other_is_now(step: SessionPost) -> Expectations:
    """A start_time of any other type is replaced by the current time: only numeric types are accepted."""
    value = step.sent.get("start_time", 0)
    if step.before is None and not isinstance(value, str) and not is_number(value):
        yield now(step), step.event.get("start_time", ABSENT)


@rule(
    "SES-START-05",
    Level.SHOULD,
    "A fraction of a millisecond is cut off",
    {"start_time": 1767225600123.75, "end_time": 1767225600124.75},
    {"start_time": -1.5, "end_time": -0.5},
    source="The session normalizer uses getInt64()",
)
def fraction_is_cut_off(step: SessionPost) -> Expectations:
    """A fraction of a millisecond is cut off: a 64-bit integer has none."""
    for name in ("start_time", "end_time"):
        value = step.sent.get(name)
        if step.before is None and isinstance(value, float) and abs(value) < WHOLE and value != int(value):
            yield int(value), step.event.get(name, ABSENT)


@rule(
    "SES-START-06",
    Level.INFO,
    "A start_time outside a 64-bit integer is replaced by the current time",
    {"start_time": 2**63},
    {"start_time": -(2**63) - 1},
    {"start_time": 1e300},
    source="open",
)
def start_out_of_range_is_now(step: SessionPost) -> Expectations:
    """A start_time outside a 64-bit integer is replaced by the current time: as it is no int64."""
    value: Any = step.sent.get("start_time")
    if step.before is None and is_number(value) and not -(2**63) <= value < 2**63:
        yield now(step), step.event.get("start_time", ABSENT)


@rule(
    "SES-START-07",
    Level.SHOULD,
    "A 64-bit start_time is kept exactly",
    {"start_time": 9007199254740993, "end_time": 9223372036854775807},
    {"start_time": 1767225600123456789, "end_time": 1767225600123456791},
    {"start_time": -9223372036854775808, "end_time": -9007199254740993},
    source="The session normalizer uses getInt64()",
)
def int64_is_kept(step: SessionPost) -> Expectations:
    """A 64-bit start_time is kept exactly: beyond what a double can tell apart."""
    for name in ("start_time", "end_time"):
        value = step.sent.get(name)
        if step.before is None and is_int64(value) and abs(value) > WHOLE:
            yield str(value), str(step.event.get(name, ABSENT))


@rule(
    "SES-END-01",
    Level.MUST,
    "A numeric end_time is kept",
    {"end_time": 1767225600123},
    {"end_time": 0},
    {"end_time": 1},
    {"end_time": 1767225600},
    {"end_time": 4102444800000},
    {"end_time": 1712025501605.0},
    {"start_time": 1767225600002, "end_time": 1767225600001, "duration": 5},
    {"end_time": -1},
    source=END,
)
def end_is_kept(step: SessionPost) -> Expectations:
    """A numeric end_time is kept: a whole number of milliseconds, however it is written."""
    if step.before is None and is_whole(step.sent.get("end_time")):
        yield step.sent["end_time"], step.event.get("end_time", ABSENT)


@rule(
    "SES-END-02",
    Level.MUST,
    "A string end_time is replaced by the current time",
    {"start_time": 1767225600000, "end_time": "1767225600123"},
    {"end_time": "2026-01-01T00:00:00Z"},
    source=END,
)
def end_string_is_now(step: SessionPost) -> Expectations:
    """A string end_time is replaced by the current time: a string of digits, too; an empty one may count as none."""
    if step.before is None and isinstance(step.sent.get("end_time"), str) and step.sent["end_time"]:
        yield now(step), step.event.get("end_time", ABSENT)


@rule(
    "SES-END-03",
    Level.SHOULD,
    "An end_time of any other type is replaced by the current time",
    {"start_time": 1767225600000, "end_time": True},
    {"end_time": {}},
    {"end_time": [1]},
    source=END,
)
def end_other_is_now(step: SessionPost) -> Expectations:
    """An end_time of any other type is replaced by the current time.

    Null is the one that is left out: an end that is not known.
    """
    value = step.sent.get("end_time")
    if step.before is None and isinstance(value, bool | dict | list):
        yield now(step), step.event.get("end_time", ABSENT)


@rule("SES-END-04", Level.INFO, "Without end_time the end is null", {}, {"end_time": None}, source="open")
def end_is_null(step: SessionPost) -> Expectations:
    """Without end_time the end is null: a session that has just started has not ended."""
    if step.before is None and step.sent.get("end_time") is None:
        yield None, step.event.get("end_time", ABSENT)


@rule(
    "SES-DUR-01",
    Level.MUST,
    "A numeric duration is kept exactly",
    {"duration": 1500},
    {"start_time": 1767225600001, "end_time": 1767225600002, "duration": 1500},
    {"duration": 0},
    {"duration": 12.625},
    {"duration": 86400000.1},
    {"duration": 1e12},
    {"duration": 0.12345678901234566},
    {"duration": -3},
    source=DURATION,
)
def duration_is_kept(step: SessionPost) -> Expectations:
    """A numeric duration is kept exactly: its fraction, too."""
    if step.before is None and is_number(step.sent.get("duration")):
        yield step.sent["duration"], step.event.get("duration", ABSENT)


@rule(
    "SES-DUR-02",
    Level.INFO,
    "Without a numeric duration the duration is null",
    {},
    {"duration": "1500"},
    {"duration": None},
    {"duration": True},
    source="open",
)
def duration_is_null(step: SessionPost) -> Expectations:
    """Without a numeric duration the duration is null: as the response schema allows."""
    if step.before is None and not is_number(step.sent.get("duration")):
        yield None, step.event.get("duration", ABSENT)


@rule(
    "SES-CLOCK-01",
    Level.SHOULD,
    "The current time is a whole number, for start and end alike",
    {"session_id": SAME, "end_time": "soon"},
    source=NUMERIC,
)
def now_is_whole(step: SessionPost) -> Expectations:
    """The current time is a whole number, for start and end alike: getInt64 gives no fraction."""
    for name in ("start_time", "end_time"):
        if step.before is None and isinstance(step.sent.get(name, ""), str) and step.event.get(name) is not None:
            yield Matcher("a whole number", is_whole), step.event[name]


@rule(
    "SES-CLOCK-03",
    Level.SHOULD,
    "The current time is the server's clock",
    {},
    source="falls back to the current time; RFC 9110, 6.6.1",
)
def now_is_the_date(step: SessionPost) -> Expectations:
    """The current time is the server's clock.

    To some seconds, by its Date, or by the clock of the machine that both are on.
    """
    clock = step.exchange.response.clock
    if clock is not None and step.before is None and isinstance(step.sent.get("start_time", ""), str):
        yield near(clock), step.event.get("start_time", ABSENT)


@registry.scenario("SES-CLOCK-02", Level.SHOULD, "The current time advances", source=NUMERIC)
def time_goes_on(api: Api, operation: str) -> Iterator[Finding]:
    """The current time advances: a session that is started a second after another one has a later start."""
    first = api.start(api.marked({}), operation)
    time.sleep(APART)
    second = api.start(api.marked({}), operation)
    began = first.response.event.get("start_time")
    later = Matcher(f"a time after {began}", lambda value: is_number(began) and is_number(value) and value > began)
    yield Finding(later, second.response.event.get("start_time"), (first, second))


def near(seconds: float) -> Matcher:
    """A time that is not far from another one."""
    first, last = (int(seconds * 1000) + way * TOLERANCE for way in (-1, 1))
    return Matcher(
        f"the current time, Unix milliseconds from {first} to {last}",
        lambda value: is_number(value) and first <= value <= last,
    )


def now(step: SessionPost) -> Matcher:
    """A time at which the request was on its way, by a clock that may go wrong by some minutes."""
    first, last = (int(moment) for moment in step.window)
    return Matcher(
        f"the current time, Unix milliseconds from {first - SKEW} to {last + SKEW}",
        lambda value: is_number(value) and first - SKEW <= value <= last + SKEW,
    )
