"""Storing the many events of one request, in order and in steps."""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from hivestand.handlers.errors import PartiallyStored, StoreUnavailable, escaped
from hivestand.handlers.event.encoding import EncodedEvent, encode, entry_of
from hivestand.handlers.event.index import IndexEntry
from hivestand.handlers.event.normalise import Event, Fallback
from hivestand.handlers.request import Request

EVENTS_AT_ONCE: Final = 500  # events stored in one call, or prepared before the loop serves other requests


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
    return PreparedEvent(entry_of(event), encode(event), fallbacks)


async def take_turns(place: int) -> None:
    """Let other requests have their turn, once in `EVENTS_AT_ONCE` events."""
    if place % EVENTS_AT_ONCE == EVENTS_AT_ONCE - 1:
        await asyncio.sleep(0)


async def store_all(request: Request, events: Sequence[PreparedEvent], partially: str) -> None:
    """Store the events in steps, and let other requests have their turn in between.

    Raises:
        PartiallyStored: the store went away in the middle, which the message `partially` says.
        StoreUnavailable: none is stored.
    """
    stored = 0
    for at in range(0, len(events), EVENTS_AT_ONCE):
        step = [(each.entry, each.event) for each in events[at : at + EVENTS_AT_ONCE]]
        try:
            stored += await request.writes.create_or_merge_each(request.tenant, step)
        except StoreUnavailable as error:
            if stored:
                raise PartiallyStored(partially) from error
            raise
        if stored < at + len(step):
            raise PartiallyStored(partially)
        await asyncio.sleep(0)


def with_pointer(pointer: str, fallbacks: Sequence[Fallback]) -> Sequence[Fallback]:
    """The fallbacks of a part of a body, named by JSON pointers (RFC 6901) into the whole body."""
    return [fallback._replace(name=f"{pointer}/{escaped(fallback.name)}") for fallback in fallbacks]


def with_pointers(pointer: str, events: Sequence[PreparedEvent]) -> Sequence[Fallback]:
    """The fallbacks of the events in a list, named by JSON pointers into the whole body."""
    return [each for place, event in enumerate(events) for each in with_pointer(f"{pointer}/{place}", event.fallbacks)]
