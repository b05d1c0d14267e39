"""Storing the many events of one request, in order and in steps."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from hivestand.handlers.errors import PartiallyStored, StoreUnavailable, escaped
from hivestand.handlers.event.encoding import EncodedEvent, dumps, encode, entry_of, size_of
from hivestand.handlers.event.index import IndexEntry
from hivestand.handlers.event.normalise import Event, Fallback
from hivestand.handlers.request import Request
from hivestand.handlers.turns import Turns

EVENTS_AT_ONCE: Final = 250  # events stored in one call
BYTES_AT_ONCE: Final = 512 * 1024  # bytes stored in one call, unless a single event is larger
MAX_FALLBACKS: Final = 1000  # of one request: more than the response can tell


class PreparedEvent(NamedTuple):
    """An event ready to be stored: its index entry, its encoded form, and its fallbacks."""

    entry: IndexEntry
    event: EncodedEvent
    fallbacks: Sequence[Fallback]


def prepare(normalised: tuple[Event, Sequence[Fallback]]) -> PreparedEvent:
    """A normalised event, ready to be stored.

    Raises:
        BadRequest: it is nested too deeply.
    """
    event, fallbacks = normalised
    return PreparedEvent(entry_of(event), encode(event, dumps), fallbacks)  # exact copies, as many wait together


async def store_all(request: Request, events: Sequence[PreparedEvent], partially: str) -> None:
    """Store the events in steps, and let other requests have their turn in between.

    Raises:
        PartiallyStored: the store went away in the middle, which the message `partially` says.
        StoreUnavailable: none is stored.
    """
    stored = asked = 0
    turns = Turns()
    for step in _steps(events):
        asked += len(step)
        try:
            stored += await request.writes.create_or_merge_each(request.tenant, step)
        except StoreUnavailable as error:
            if stored:
                raise PartiallyStored(partially) from error
            raise
        if stored < asked:
            raise PartiallyStored(partially)
        await turns.give_way()


def _steps(events: Sequence[PreparedEvent]) -> Iterator[Sequence[tuple[IndexEntry, EncodedEvent]]]:
    """The events in order, in steps of bounded count and size."""
    step: list[tuple[IndexEntry, EncodedEvent]] = []
    size = 0
    for each in events:
        own_size = size_of(each.event)
        size += own_size
        if step and (len(step) == EVENTS_AT_ONCE or size > BYTES_AT_ONCE):
            yield step
            step, size = [], own_size
        step.append((each.entry, each.event))
    if step:
        yield step


def with_pointer(pointer: str, fallbacks: Sequence[Fallback]) -> Sequence[Fallback]:
    """The fallbacks of a part of a body, named by JSON pointers (RFC 6901) into the whole body."""
    return [fallback._replace(name=f"{pointer}/{escaped(fallback.name)}") for fallback in fallbacks]


def with_pointers(pointer: str, events: Sequence[PreparedEvent]) -> Sequence[Fallback]:
    """The first fallbacks of the events in a list, named by JSON pointers into the whole body."""
    every = (each for place, event in enumerate(events) for each in with_pointer(f"{pointer}/{place}", event.fallbacks))
    return list(islice(every, MAX_FALLBACKS))
