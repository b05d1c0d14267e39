"""Many events of one request, stored in order, so many at a time."""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from hivestand.handlers.errors import PartiallyStored, StoreUnavailable, escaped
from hivestand.handlers.event.encoding import EncodedEvent, encode
from hivestand.handlers.event.index import Entry, entry_of
from hivestand.handlers.event.normalise import Event, Fallback
from hivestand.handlers.request import Request

STEP: Final = 500  # events that are stored at once, or made in one turn of the event loop


class Made(NamedTuple):
    """An event that can be stored, and what was not used of it as it was sent."""

    entry: Entry
    event: EncodedEvent
    fallbacks: Sequence[Fallback]


def made(normalised: tuple[Event, Sequence[Fallback]]) -> Made:
    """An event as it is stored.

    Raises:
        BadRequest: it is nested too deeply.
    """
    event, fallbacks = normalised
    return Made(entry_of(event), encode(event), fallbacks)


async def turn(place: int) -> None:
    """Let others have their turn, once in so many events."""
    if place % STEP == STEP - 1:
        await asyncio.sleep(0)


async def store_all(request: Request, events: Sequence[Made], partially: str) -> None:
    """Store the events.

    Raises:
        PartiallyStored: the store went away in the middle, which the message `partially` says.
        StoreUnavailable: none is stored.
    """
    stored = 0
    for at in range(0, len(events), STEP):
        step = [(each.entry, each.event) for each in events[at : at + STEP]]
        try:
            stored += await request.writes.create_or_merge_each(request.tenant, step)
        except StoreUnavailable as error:
            if stored:
                raise PartiallyStored(partially) from error
            raise
        if stored < at + len(step):
            raise PartiallyStored(partially)
        await asyncio.sleep(0)


def told(pointer: str, fallbacks: Sequence[Fallback]) -> Sequence[Fallback]:
    """The fallbacks of a part of a body, by JSON pointers (RFC 6901) to it."""
    return [fallback._replace(name=f"{pointer}/{escaped(fallback.name)}") for fallback in fallbacks]


def told_of_each(pointer: str, events: Sequence[Made]) -> Sequence[Fallback]:
    """The fallbacks of the events in a list."""
    return [each for place, made in enumerate(events) for each in told(f"{pointer}/{place}", made.fallbacks)]
