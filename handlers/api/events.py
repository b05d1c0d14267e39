"""The operations on one event: `createEvent`, `updateEvent`, `getEvent` and their older forms."""

from collections.abc import Mapping
from typing import Any

from hivestand.handlers.errors import BadRequest, NotFound, wrong_property
from hivestand.handlers.event.encoding import encode, encode_update, entry_of, text
from hivestand.handlers.event.normalise import normalise_event, normalise_update, unknown_of, uuid_of
from hivestand.handlers.request import Request, Response

SUCCESS = b'{"success":true}'


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


async def update_event(request: Request) -> Response:
    """Update the event whose id is in the path."""
    return await _update(request, request.parameters["event_id"].lower(), request.body)


async def update_event_legacy(request: Request) -> Response:
    """Update the event whose id is in the body.

    Raises:
        BadRequest: there is no id.
    """
    event_id = uuid_of(request.body.get("event_id"))
    if event_id is None:
        detail = wrong_property(request.body, "event_id", "must be a UUID", rule="format")
        raise BadRequest("Invalid event data", [detail])
    return await _update(request, event_id, {name: value for name, value in request.body.items() if name != "event_id"})


async def get_event(request: Request) -> Response:
    """Return the event whose id is in the path.

    Raises:
        NotFound: there is none.
    """
    event = await request.store.read(request.tenant, request.parameters["event_id"].lower())
    if event is None:
        raise NotFound("Event not found")
    return Response(b'{"event":%b}' % text(event, request.tenant))


async def _create(request: Request, sent: Mapping[str, Any]) -> Response:
    event, fallbacks = normalise_event(sent, request.clock)
    await request.writes.create_or_merge(request.tenant, entry_of(event), encode(event))
    return Response(b'{"event_id":"%b","success":true}' % event["event_id"].encode(), fallbacks)


async def _update(request: Request, event_id: str, sent: Mapping[str, Any]) -> Response:
    update, fallbacks = normalise_update(sent)
    if not await request.writes.update(request.tenant, event_id, encode_update(update)):
        raise NotFound("Event not found")
    return Response(SUCCESS, fallbacks)
