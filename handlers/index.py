"""By which properties a tenant's events are found without reading them, and in which order."""

from functools import lru_cache
from hashlib import blake2b
from typing import Final, Literal, NamedTuple
from uuid import UUID

from hivestand.handlers.normalise import TYPES, Event

Property = Literal["session_id", "event_type", "event_name"]

EARLIEST: Final = -(2**63)  # Unix milliseconds, as are all times here
LATEST: Final = 2**63 - 1
SHORT: Final = 100  # characters of a name whose digest is remembered, as most names come again
DIGEST: Final = 12  # bytes of a property's digest


class Entry(NamedTuple):
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


def entry_of(event: Event) -> Entry:
    """The event's entry."""
    return Entry(event["event_id"], event["session_id"], event["event_type"], event["event_name"], event["start_time"])


def digests(entry: Entry) -> bytes:
    """The digests of the entry's three properties."""
    kind = _remembered("event_type", entry.event_type)
    name = (_remembered if len(entry.event_name) < SHORT else digest)("event_name", entry.event_name)
    return digest("session_id", entry.session_id) + kind + name


def digest(name: Property, value: str) -> bytes:
    """What stands for a property in the index; 96 bits, so that no two values are taken for each other."""
    return blake2b(value.encode(), digest_size=DIGEST, person=name.encode()).digest()


@lru_cache(maxsize=1024)
def _remembered(name: Property, value: str) -> bytes:
    return digest(name, value)


def sortable(number: int) -> bytes:
    """A 64-bit integer as eight bytes that sort as it does."""
    return (number - EARLIEST).to_bytes(8, "big")


def packed_id(event_id: str) -> bytes:
    """The id as its sixteen bytes."""
    return bytes.fromhex(event_id.replace("-", ""))


def found_at(member: bytes) -> Found:
    """What a member of the index in Redis stands for: its last 32 bytes are time, arrival and id."""
    start_time = int.from_bytes(member[-32:-24], "big") + EARLIEST
    return Found(start_time, int.from_bytes(member[-24:-16], "big"), str(UUID(bytes=member[-16:])))


def place_of(found: Found) -> bytes:
    """The last 32 bytes of what stands for it in Redis."""
    return sortable(found.start_time) + found.arrival.to_bytes(8, "big") + packed_id(found.event_id)
