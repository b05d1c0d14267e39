"""The operations on one event: `createEvent`, `updateEvent`, `getEvent` and their older forms."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hivestand.handlers.api.bulk import fallbacks_of, nested_events, store_all
from hivestand.handlers.api.reading import read_shown
from hivestand.handlers.errors import BadRequest, NotFound, wrong_property
from hivestand.handlers.event.encoding import encode, encode_update, entry_of
from hivestand.handlers.event.model_event import model_event
from hivestand.handlers.event.normalise import (
    Fallback,
    id_of,
    normalise_event,
    normalise_update,
    unknown_of,
    uuid_of,
)
from hivestand.handlers.event.repeats import kept_of
from hivestand.handlers.request import Request, Response

SUCCESS: Final = b'{"success":true}'
_DERIVED: Final = Fallback("event_id", "format")  # the id of an event that is no UUID


async def create_event(request: Request) -> Response:
    """Store the event in the body, or merge it into the one with the same id."""
    return await _create(request, request.body)


async def create_event_legacy(request: Request) -> Response:
    """Store the event under the body's key `event`; otherwise the same as `create_event`.

    Raises:
        BadRequest: there is no object under `event`.
    """
    sent = request.body.get("event")
    if not isinstance(sent, dict):
        raise BadRequest("Invalid event data", [wrong_property(request.body, "event", "must be an object")])
    try:
        response = await _create(request, sent)
    except BadRequest as error:
        raise error.below("/event") from None
    return response._replace(fallbacks=[*response.fallbacks, *unknown_of(request.body, ("event",))])


async def add_session_event_legacy(request: Request) -> Response:
    """Store the event in the body, and those nested in it, in the session of the path.

    Raises:
        BadRequest: an event cannot be stored.
        PartiallyStored: the store went away in the middle.
    """
    session_id = request.parameters["session_id"].lower()
    events = await nested_events(request, [("", request.body)], session_id)
    repeated = await store_all(request, events, "Events partially added")
    return _created(events[0].entry.event_id, await fallbacks_of(request, events, repeated))


async def create_model_event_legacy(request: Request) -> Response:
    """Store the call of a model under the body's key `model_event` as an event.

    Raises:
        BadRequest: there is no object under `model_event`, or it cannot be stored.
    """
    sent = request.body.get("model_event")
    if not isinstance(sent, dict):
        raise BadRequest("Invalid event data", [wrong_property(request.body, "model_event", "must be an object")])
    event, told = model_event(sent)
    try:
        response = await _create(request, event)
    except BadRequest as error:
        raise error.below("/model_event") from None
    return response._replace(fallbacks=[*told, *response.fallbacks, *unknown_of(request.body, ("model_event",))])


async def update_event(request: Request) -> Response:
    """Update the event whose id is in the path."""
    return await _update(request, request.parameters["event_id"].lower(), request.body)


async def update_event_legacy(request: Request) -> Response:
    """Update the event whose id is in the body.

    Raises:
        BadRequest: there is no id.
    """
    sent = request.body.get("event_id")
    if not isinstance(sent, str) or not sent:
        detail = wrong_property(request.body, "event_id", "must be the id of an event")
        raise BadRequest("Invalid event data", [detail])
    rest = {name: value for name, value in request.body.items() if name != "event_id"}
    response = await _update(request, id_of(sent), rest)
    return response if uuid_of(sent) else response._replace(fallbacks=[_DERIVED, *response.fallbacks])


async def get_event(request: Request) -> Response:
    """Return the event whose id is in the path.

    Raises:
        NotFound: there is none.
    """
    event = await read_shown(request.store, request.tenant, request.parameters["event_id"].lower())
    if event is None:
        raise NotFound("Event not found")
    return Response(b'{"event":%b}' % event)


async def _create(request: Request, sent: Mapping[str, Any]) -> Response:
    event, fallbacks = normalise_event(sent, request.clock)
    encoded = encode(event)
    stored = await request.writes.create_or_merge(request.tenant, entry_of(event), encoded)
    if stored is not encoded:
        fallbacks += kept_of(sent, fallbacks, encoded, stored)
    return _created(event["event_id"], fallbacks)


def _created(event_id: str, fallbacks: Sequence[Fallback]) -> Response:
    return Response(b'{"event_id":"%b","success":true}' % event_id.encode(), fallbacks)


async def _update(request: Request, event_id: str, sent: Mapping[str, Any]) -> Response:
    update, fallbacks = normalise_update(sent)
    if not await request.writes.update(request.tenant, event_id, encode_update(update)):
        raise NotFound("Event not found")
    return Response(SUCCESS, fallbacks)
