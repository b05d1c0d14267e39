"""What the events of a session add up to, and how the session shows it.

Pure. The reserved fields are published: counts, tokens and cost in the metadata, over the session's other events, and
the times of all. They are shown whenever a session that has other events is read, whatever a caller set.

A share is what one event adds. Its numbers stand in the metadata, where an update or a repeated post may change them,
so they are kept apart: of two names for one count the older one counts, and a missing total is the sum.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from hivestand.handlers.event.encoding import EncodedEvent, dumps, loads, text
from hivestand.handlers.event.index import NO_NUMBERS, NOT_COUNTED, NUMBERS, IndexEntry
from hivestand.handlers.event.normalise import Json
from hivestand.handlers.tenant import Tenant

RESERVED: Final = ("num_events", "num_model_events", "has_feedback", "cost", *NUMBERS[1:2], *NUMBERS[3:4], NUMBERS[5])
LARGEST: Final = 2.0**53  # a number beyond this is not counted: sums of larger ones are not exact
_FIELDS: Final = tuple(b'm"%b"' % name.encode() for name in NUMBERS)
_MAX_SURE: Final = 16  # digits: an integer of fewer is surely not too large
_MAX_DIGITS: Final = 40  # of a number as it is written
_COST_DIGITS: Final = 12  # to which a sum of costs is rounded, as the sums of two stores differ in the last bits
_END: Final = b't"end_time"'


class Share(NamedTuple):
    """What an event adds to its session.

    Attributes:
        is_model: whether its tokens and cost count.
        has_feedback: whether there is any feedback.
        end_time: Unix milliseconds, None if it has not ended.
        numbers: its numbers by the order of `NUMBERS`, as JSON texts: empty for what is not there, and `NOT_COUNTED`.
    """

    is_model: bool
    has_feedback: bool
    end_time: int | None
    numbers: Sequence[bytes]

    @property
    def amounts(self) -> tuple[float, float, float, float]:
        """Cost, prompt tokens, completion tokens and all tokens; none of an event that is no model's."""
        if not self.is_model or self.numbers is NO_NUMBERS:
            return 0, 0, 0, 0
        cost, prompt, read, completion, written, total = self.numbers
        try:
            sent, received = float(prompt or read or 0), float(completion or written or 0)
            return float(cost or 0), sent, received, float(total) if total else sent + received
        except ValueError:  # one is not counted
            counted = [b"" if each == NOT_COUNTED else each for each in self.numbers]
            return self._replace(numbers=counted).amounts

    def changed(self, change: "Change") -> "Share":
        """The share after an update."""
        numbers = tuple(new or old for new, old in zip(change.numbers, self.numbers, strict=True))
        end_time = self.end_time if change.end_time is None else change.end_time
        return Share(self.is_model, self.has_feedback or change.has_feedback, end_time, numbers)


class Change(NamedTuple):
    """What an update or a repeated post changes of a share; what is empty stays."""

    has_feedback: bool
    end_time: int | None
    numbers: Sequence[bytes]


class Totals(NamedTuple):
    """What the other events of a session add up to.

    Attributes:
        events: how many there are.
        models: how many of them are of models.
        feedback: how many have feedback.
        cost: the sum of their costs, US dollars.
        prompt_tokens: the sum of what models were sent.
        completion_tokens: the sum of what they replied.
        total_tokens: the sum of both.
        start_time: when the first began, Unix milliseconds.
        end_time: when the last one ended, None if none has.
    """

    events: int
    models: int
    feedback: int
    cost: float
    prompt_tokens: float
    completion_tokens: float
    total_tokens: float
    start_time: int
    end_time: int | None


def share_of(entry: IndexEntry) -> Share:
    """The share of an event that is created."""
    is_model = entry.event_type == "model"
    return Share(is_model, entry.has_feedback, entry.end_time, _counted_in(entry.numbers) if is_model else NO_NUMBERS)


def updated_share_of(entry: IndexEntry, event: EncodedEvent) -> Share:
    """The share of an event that may have been updated since it was created."""
    created, change = share_of(entry), change_of(event.merged)
    return created if change is None else created.changed(change)


def change_of(fields: Mapping[bytes, bytes]) -> Change | None:
    """What an update changes of a share; None for nothing."""
    numbers = _counted_in([fields.get(field, b"") for field in _FIELDS])
    end_time = fields.get(_END)
    has_feedback = any(field[:1] == b"f" for field in fields)
    if end_time is None and not has_feedback and not any(numbers):
        return None
    return Change(has_feedback, None if end_time is None else int(end_time), numbers)


def is_session(event: EncodedEvent) -> bool:
    """Whether an event is a session: its id is the session's. Both stand at the beginning of what is packed."""
    return event.packed[13:49] == event.packed[65:101]


def shown(event: EncodedEvent, tenant: Tenant, totals: Totals | None) -> bytes:
    """The JSON text of an event as it is read: of a session with what its other events add up to, if it has any."""
    if totals is None:
        return text(event, tenant)
    session: dict[str, Json] = loads(text(event, tenant))
    start = min(session["start_time"], totals.start_time)
    ends = [each for each in (session["end_time"], totals.end_time) if each is not None]
    end = max(ends, default=None)
    session["start_time"], session["end_time"] = start, end
    if session["duration"] is None and end is not None:
        session["duration"] = end - start
    session["metadata"] |= {
        "num_events": totals.events,
        "num_model_events": totals.models,
        "has_feedback": totals.feedback > 0 or bool(session["feedback"]),
        "cost": _whole(round(totals.cost, _COST_DIGITS)),
        "prompt_tokens": _whole(totals.prompt_tokens),
        "completion_tokens": _whole(totals.completion_tokens),
        "total_tokens": _whole(totals.total_tokens),
    }
    return dumps(session)


def _counted_in(found: Sequence[bytes]) -> tuple[bytes, ...]:
    """The numbers, with `NOT_COUNTED` in place of what is none."""
    if not any(found):
        return NO_NUMBERS
    return tuple([each if not each or (each.isdigit() and len(each) < _MAX_SURE) else _counted(each) for each in found])


def _counted(written: bytes) -> bytes:
    """The JSON text of a number that is counted, otherwise `NOT_COUNTED`."""
    is_wrong = written[0] not in b"-0123456789" or len(written) > _MAX_DIGITS or abs(float(written)) > LARGEST
    return NOT_COUNTED if is_wrong else written


def _whole(number: float) -> float:
    """The number, as an integer where it is one."""
    return int(number) if number == int(number) else number
