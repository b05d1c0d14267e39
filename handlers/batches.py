"""The operations on many events: `createEventBatch`, `createSessionEventBatch` and their older forms.

What is refused is refused whole, before anything is stored. What is stored is stored in order, so many at a time.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from skep.handlers.encoding import EncodedEvent, encode
from skep.handlers.errors import BadRequest, Detail, PartiallyStored, StoreUnavailable
from skep.handlers.events import SUCCESS
from skep.handlers.index import Entry, entry_of
from skep.handlers.normalise import EVENT_FIELDS, Event, Fallback, normalise_event, normalise_session
from skep.handlers.request import Answer, Request

STEP: Final = 500  # events that are stored at once, and made in one turn of the event loop
_MOST_DETAILS: Final = 1000

_FIELDS: Final = EVENT_FIELDS - {"project"}  # which the older operations alone take

_Sent = Mapping[str, Any]


class _Made(NamedTuple):
    """An event that can be stored, and what was not used of it as it was sent."""

    entry: Entry
    event: EncodedEvent
    fallbacks: Sequence[Fallback]


async def create_session_event_batch(request: Request) -> Answer:
    """Store the events in the session of the path; what is not known is refused, as is published.

    Raises:
        BadRequest: an event cannot be stored, or something is not known.
        PartiallyStored: the store went away in the middle.
    """
    sent = _events(request.body, "events")
    unknown = [f"/{_escaped(name)}" for name in request.body if name != "events"]
    unknown += [
        f"/events/{place}/{_escaped(name)}" for place, each in enumerate(sent) for name in each if name not in _FIELDS
    ]
    if unknown:
        details = [Detail(pointer, "additionalProperties", "no such property") for pointer in unknown[:_MOST_DETAILS]]
        raise BadRequest("Invalid event data", details)
    return await _add(request, "events", sent)


async def add_session_traces_legacy(request: Request) -> Answer:
    """Store the events under either name in the session of the path.

    Raises:
        BadRequest: there are both names or neither, or an event cannot be stored.
        PartiallyStored: the store went away in the middle.
    """
    names = [name for name in ("logs", "events") if name in request.body]
    if len(names) != 1:
        raise BadRequest("Invalid event data", [Detail("", "oneOf", "must have either events or logs")])
    answer = await _add(request, names[0], _events(request.body, names[0]))
    return _with_unknown(answer, request.body, names)


async def create_event_batch(request: Request) -> Answer:
    """Store the events, in one session if that is asked for.

    Raises:
        BadRequest: an event cannot be stored.
        PartiallyStored: the store went away in the middle.
    """
    return await _create(request, "single_session", "session_properties")


async def create_event_batch_legacy(request: Request) -> Answer:
    """Store the events; what makes them one session may have its older name."""
    flag = "single_session" if "single_session" in request.body else "is_single_session"
    properties = "session_properties" if "session_properties" in request.body else "session"
    return await _create(request, flag, properties)


async def _add(request: Request, name: str, sent: Sequence[_Sent]) -> Answer:
    events = await _made_of(request, name, sent, request.parameters["session_id"].lower())
    await _store(request, events, "Events partially added")
    return Answer(SUCCESS, _told(name, events))


async def _create(request: Request, flag: str, properties: str) -> Answer:
    body = request.body
    sent = _events(body, "events")
    told = [Fallback(flag, "type")] if not isinstance(body.get(flag, False), bool) else []
    session: list[_Made] = []
    session_id = None
    if body.get(flag) is True:
        given = body.get(properties, {})
        if not isinstance(given, dict):
            told.append(Fallback(properties, "type"))
            given = {}
        session = [_made(normalise_session(given, request.clock))]
        session_id = session[0].entry.session_id
        told += _below(f"/{properties}", session[0].fallbacks)
    events = await _made_of(request, "events", sent, session_id)
    await _store(request, [*session, *events], "Events partially created")
    answered: dict[str, Any] = {"event_ids": [made.entry.event_id for made in events], "success": True}
    if session_id is not None:
        answered["session_id"] = session_id
    answer = Answer(orjson.dumps(answered), [*told, *_told("events", events)])
    return _with_unknown(answer, body, ("events", flag, properties))


def _events(body: _Sent, name: str) -> Sequence[_Sent]:
    sent = body.get(name)
    if not isinstance(sent, list):
        raise BadRequest(
            "Invalid event data", [Detail(f"/{name}", "type" if name in body else "required", "must be a list")]
        )
    wrong = [place for place, each in enumerate(sent) if not isinstance(each, dict)]
    if wrong:
        details = [Detail(f"/{name}/{place}", "type", "must be an object") for place in wrong[:_MOST_DETAILS]]
        raise BadRequest("Invalid event data", details)
    return sent


async def _made_of(request: Request, name: str, sent: Sequence[_Sent], session_id: str | None) -> Sequence[_Made]:
    """The events that were sent under a name, in the session of that id if there is one.

    Raises:
        BadRequest: at least one of them cannot be stored.
    """
    events: list[_Made] = []
    details: list[Detail] = []
    for place, each in enumerate(sent):
        try:
            events.append(_made(normalise_event(each, request.clock, session_id)))
        except BadRequest as error:
            details += error.below(f"/{name}/{place}").details
        if place % STEP == STEP - 1:
            await asyncio.sleep(0)  # others have their turn
    if details:
        raise BadRequest("Invalid event data", details[:_MOST_DETAILS])
    return events


def _made(normalised: tuple[Event, Sequence[Fallback]]) -> _Made:
    event, fallbacks = normalised
    return _Made(entry_of(event), encode(event), fallbacks)


async def _store(request: Request, events: Sequence[_Made], partially: str) -> None:
    """Store the events, so many at a time.

    Raises:
        PartiallyStored: some are stored and some are not.
        StoreUnavailable: none is.
    """
    stored = 0
    for at in range(0, len(events), STEP):
        writes = (
            request.writes.create_or_merge(request.tenant, made.entry, made.event) for made in events[at : at + STEP]
        )
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        stored += sum(not isinstance(outcome, BaseException) for outcome in outcomes)
        for outcome in outcomes:
            if isinstance(outcome, StoreUnavailable) and stored:
                raise PartiallyStored(partially) from outcome
            if isinstance(outcome, BaseException):
                raise outcome


def _told(name: str, events: Sequence[_Made]) -> Sequence[Fallback]:
    return [told for place, made in enumerate(events) for told in _below(f"/{name}/{place}", made.fallbacks)]


def _below(pointer: str, fallbacks: Sequence[Fallback]) -> Sequence[Fallback]:
    return [fallback._replace(name=f"{pointer}/{_escaped(fallback.name)}") for fallback in fallbacks]


def _with_unknown(answer: Answer, body: _Sent, known: Sequence[str]) -> Answer:
    return answer._replace(
        fallbacks=[*answer.fallbacks, *(Fallback(name, "unknown") for name in body if name not in known)]
    )


def _escaped(name: str) -> str:
    """A property's name as a part of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
