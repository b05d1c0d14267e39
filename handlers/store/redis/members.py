"""The members of an index in Redis, as bytes.

An event has three, one for each indexed property: twelve bytes of a digest of the property and its value, then start
time, arrival and id, which sort as the results of a search do.
"""

from functools import lru_cache
from hashlib import blake2b
from typing import Final
from uuid import UUID

from hivestand.handlers.event.index import EARLIEST, Found, IndexEntry, Property

MAX_REMEMBERED: Final = 100  # characters of a name whose digest is remembered, as most names come again
DIGEST: Final = 12  # bytes of a property's digest


def place_of(entry: IndexEntry, arrival: int) -> bytes:
    """The common part of an entry's three members: their digests, then start time and arrival."""
    kind = _remembered("event_type", entry.event_type)
    name = (_remembered if len(entry.event_name) < MAX_REMEMBERED else digest)("event_name", entry.event_name)
    order = (entry.start_time - EARLIEST).to_bytes(8, "big") + arrival.to_bytes(8, "big")
    return digest("session_id", entry.session_id) + kind + name + order


def digest(name: Property, value: str) -> bytes:
    """The digest of a property and its value: 96 bits, so that two values are never taken for each other.

    None begins with a zero byte, as the members of an index do that `totals.py` adds.
    """
    made = blake2b(value.encode(), digest_size=DIGEST, person=name.encode()).digest()
    return made if made[0] else b"\1" + made[1:]


@lru_cache(maxsize=1024)
def _remembered(name: Property, value: str) -> bytes:
    return digest(name, value)


def sortable(number: int) -> bytes:
    """A 64-bit integer as eight bytes that sort as it does."""
    return (number - EARLIEST).to_bytes(8, "big")


def packed_id(event_id: str) -> bytes:
    """A UUID as its sixteen bytes."""
    return bytes.fromhex(event_id.replace("-", ""))


def found_at(member: bytes) -> Found:
    """The event that a member stands for, read from its last 32 bytes."""
    start_time = int.from_bytes(member[-32:-24], "big") + EARLIEST
    return Found(start_time, int.from_bytes(member[-24:-16], "big"), str(UUID(bytes=member[-16:])))


def tail_of(found: Found) -> bytes:
    """The last 32 bytes of an event's members: start time, arrival and id."""
    return sortable(found.start_time) + found.arrival.to_bytes(8, "big") + packed_id(found.event_id)
