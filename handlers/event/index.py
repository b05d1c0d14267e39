"""What the index knows of an event, what can be selected by it, and in which order events are found."""

from typing import Final, Literal, NamedTuple

from hivestand.handlers.event.normalise import TYPES

Property = Literal["session_id", "event_type", "event_name"]

EARLIEST: Final = -(2**63)  # Unix milliseconds, as are all times here
LATEST: Final = 2**63 - 1


class IndexEntry(NamedTuple):
    """What the index knows of an event; none of it ever changes."""

    event_id: str
    session_id: str
    event_type: str
    event_name: str
    start_time: int


class Selection(NamedTuple):
    """The events whose property has one of the values, and that began in that time, both ends included."""

    property: Property = "event_type"
    values: tuple[str, ...] = TYPES
    since: int = EARLIEST
    until: int = LATEST


class Found(NamedTuple):
    """An event that was found: when it began, when it came (a later one has a higher number), and its id.

    Events are in this order; the last is found first.
    """

    start_time: int
    arrival: int
    event_id: str
