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


def digests(entry: IndexEntry) -> bytes:
    """The digests of the entry's three properties."""
    kind = _remembered("event_type", entry.event_type)
    name = (_remembered if len(entry.event_name) < MAX_REMEMBERED else digest)("event_name", entry.event_name)
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
