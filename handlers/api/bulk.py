"""Storing the many events of one request, in order and in steps."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from hivestand.handlers.clock import Clock
from hivestand.handlers.errors import BadRequest, Detail, PartiallyStored, StoreUnavailable, escaped
from hivestand.handlers.event.encoding import EncodedEvent, encode, entry_of, size_of
from hivestand.handlers.event.index import IndexEntry
from hivestand.handlers.event.normalise import TYPES, Event, Fallback, id_of, normalise_event
from hivestand.handlers.event.repeats import kept_of
from hivestand.handlers.request import Request
from hivestand.handlers.turns import Turns

EVENTS_AT_ONCE: Final = 250  # events stored in one call
BYTES_AT_ONCE: Final = 512 * 1024  # bytes stored in one call, unless a single event is larger
MAX_DETAILS: Final = 1000  # violations that a refusal lists
MAX_NESTED: Final = 100  # levels of events within events
MAX_FALLBACKS: Final = 1000  # of one request: more than the response can tell


class PreparedEvent(NamedTuple):
    """An event ready to be stored.

    Attributes:
        entry: its index entry.
        event: its encoded form.
        fallbacks: what was not used of it as it was sent.
        sent: the names of what was sent.
        pointer: the JSON pointer to it in the body.
    """

    entry: IndexEntry
    event: EncodedEvent
    fallbacks: Sequence[Fallback]
    sent: Collection[str] = ()
    pointer: str = ""


def prepare(
    normalised: tuple[Event, Sequence[Fallback]], sent: Collection[str] = (), pointer: str = ""
) -> PreparedEvent:
    """A normalised event, ready to be stored; it was sent at `pointer` with the names `sent`.

    Raises:
        BadRequest: it is nested too deeply.
    """
    event, fallbacks = normalised
    return PreparedEvent(entry_of(event), encode(event), fallbacks, sent, pointer)


async def nested_events(
    request: Request, sent: Sequence[tuple[str, Mapping[str, Any]]], session_id: str
) -> Sequence[PreparedEvent]:
    """The events at pointers in a body, each before those nested in it, ready to be stored in a session.

    An event under the key `children` of another has that as its parent, unless it names one. Empty ones are left out.

    Raises:
        BadRequest: an event cannot be stored, or they are nested more than `MAX_NESTED` deep.
    """
    waiting = [_Nested(pointer, each) for pointer, each in sent][::-1]
    events: list[PreparedEvent] = []
    details: list[Detail] = []
    turns = Turns()
    while waiting and len(details) < MAX_DETAILS:
        each = waiting.pop()
        try:
            children = _children_of(each, request.clock)
            event, told = normalise_event(each.own, request.clock, session_id, is_older=True)
            if children and each.own["event_type"] not in TYPES:
                event["event_type"] = "chain"
            if children and each.own.get("children_ids") is None:
                given = (child.own["event_id"] for child in children)
                event["children_ids"] = [id_of(each) for each in given if isinstance(each, str) and each]
            events.append(prepare((event, told), each.own, each.pointer))
            waiting += [
                child if "parent_id" in child.own else child._replace(own={**child.own, "parent_id": event["event_id"]})
                for child in reversed(children)
            ]
        except BadRequest as error:
            details += error.below(each.pointer).details
        await turns.give_way()
    if details:
        raise BadRequest("Invalid event data", details[:MAX_DETAILS])
    return events


class _Nested(NamedTuple):
    """An event as it was sent, without those nested in it, where it was sent, and how deep."""

    pointer: str
    own: Mapping[str, Any]
    depth: int = 0


def _children_of(event: _Nested, clock: Clock) -> Sequence[_Nested]:
    """The events under `children`, each with an id; none for null, nor for an empty object.

    Raises:
        BadRequest: it is no list of objects, or too deep; the pointers begin at the event.
    """
    sent = event.own.get("children")
    if sent is None:
        return ()
    if event.depth == MAX_NESTED and sent:
        raise _malformed("/children", "depth", f"has events nested more than {MAX_NESTED} deep")
    if not isinstance(sent, list):
        raise _malformed("/children", "type", "must be a list")
    children: list[_Nested] = []
    for place, each in enumerate(sent):
        if not isinstance(each, dict):
            raise _malformed(f"/children/{place}", "type", "must be an object")
        if each:
            own = {name: value for name, value in each.items() if name != "parent_id" or value is not None}
            if own.get("event_id") is None:
                own["event_id"] = clock.new_id()
            children.append(_Nested(f"{event.pointer}/children/{place}", own, event.depth + 1))
    return children


def _malformed(pointer: str, rule: str, message: str) -> BadRequest:
    return BadRequest("Invalid event data", [Detail(pointer, rule, message)])


async def store_all(request: Request, events: Sequence[PreparedEvent], partially: str) -> Collection[str]:
    """Store the events in steps, and let other requests have their turn in between.

    Returns the ids of those that were there already.

    Raises:
        PartiallyStored: the store went away in the middle, which the message `partially` says.
        StoreUnavailable: none is stored.
    """
    stored = asked = 0
    repeated: set[str] = set()
    turns = Turns()
    for step in _steps(events):
        asked += len(step)
        try:
            written = await request.writes.create_or_merge_each(request.tenant, step)
            stored += written.number
            repeated |= written.repeated
        except StoreUnavailable as error:
            if stored:
                raise PartiallyStored(partially) from error
            raise
        if stored < asked:
            raise PartiallyStored(partially)
        await turns.give_way()
    return repeated


async def fallbacks_of(
    request: Request, events: Sequence[PreparedEvent], repeated: Collection[str]
) -> Sequence[Fallback]:
    """The first fallbacks of the events, named by JSON pointers into the whole body.

    `repeated` are the ids of those that were there already: what they could not change is told too.
    """
    every = (each for event in events for each in with_pointer(event.pointer, event.fallbacks))
    told = list(islice(every, MAX_FALLBACKS))
    there = [event for event in events if event.entry.event_id in repeated]
    turns = Turns()
    while there and len(told) < MAX_FALLBACKS:
        stored = await request.store.read_each(request.tenant, [each.entry.event_id for each in there[:EVENTS_AT_ONCE]])
        for each, held in zip(there, stored, strict=False):
            if held is not None:
                told += with_pointer(each.pointer, kept_of(each.sent, each.fallbacks, each.event, held))
            await turns.give_way()
        there = there[len(stored) :]
    return told


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
