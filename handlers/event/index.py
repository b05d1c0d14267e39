"""What the index knows of an event, what can be selected by it, and in which order events are found."""

from typing import Final, Literal, NamedTuple

from hivestand.handlers.event.normalise import TYPES

Property = Literal["session_id", "event_type", "event_name"]

EARLIEST: Final = -(2**63)  # Unix milliseconds, as are all times here
LATEST: Final = 2**63 - 1
# the members of an event's metadata that are counted
NUMBERS: Final = ("cost", "prompt_tokens", "input_tokens", "completion_tokens", "output_tokens", "total_tokens")
NO_NUMBERS: Final = (b"",) * len(NUMBERS)
NOT_COUNTED: Final = b"x"  # in place of a value that is no number


class IndexEntry(NamedTuple):
    """What the index holds of an event, and what totals are made of, as the event was created.

    Attributes:
        event_id: a UUID in lower case.
        session_id: a UUID in lower case.
        event_type: one of `TYPES`.
        event_name: the name.
        start_time: Unix milliseconds.
        end_time: Unix milliseconds, None if it had not ended.
        has_feedback: whether it came with feedback.
        numbers: what the call of a model adds to totals, in the order of `NUMBERS`, as JSON texts; empty for nothing.
    """

    event_id: str
    session_id: str
    event_type: str
    event_name: str
    start_time: int
    end_time: int | None = None
    has_feedback: bool = False
    numbers: tuple[bytes, ...] = NO_NUMBERS

    @property
    def is_session(self) -> bool:
        """Whether the event is the session."""
        return self.event_id == self.session_id


class Selection(NamedTuple):
    """The events whose indexed property has one of some values and that started in a period.

    Attributes:
        property: the indexed property.
        values: the values, one of which it must have.
        since: the first start time, Unix milliseconds, included.
        until: the last start time, Unix milliseconds, included.
    """

    property: Property = "event_type"
    values: tuple[str, ...] = TYPES
    since: int = EARLIEST
    until: int = LATEST


class Found(NamedTuple):
    """An event that a search found: its start time, its arrival (later events have higher numbers), and its id.

    Events sort in this order; the last is found first.
    """

    start_time: int
    arrival: int
    event_id: str
