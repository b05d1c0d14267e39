"""The operations on many events: `createEventBatch`, `createSessionEventBatch` and their older forms.

A batch is refused as a whole, before anything is stored.
"""

from collections.abc import Mapping, Sequence
from itertools import chain, islice
from typing import Any, Final

import orjson

from hivestand.handlers.api.bulk import MAX_DETAILS, PreparedEvent, fallbacks_of, nested_events, prepare, store_all
from hivestand.handlers.api.events import SUCCESS
from hivestand.handlers.errors import BadRequest, Detail, escaped, renamed, wrong_property
from hivestand.handlers.event.model_event import model_event
from hivestand.handlers.event.normalise import EVENT_FIELDS, Fallback, normalise_event, normalise_session, unknown_of
from hivestand.handlers.request import Request, Response
from hivestand.handlers.turns import Turns

_FIELDS: Final = EVENT_FIELDS - {"project"}  # only the older operations take `project`

_Sent = Mapping[str, Any]


async def create_session_event_batch(request: Request) -> Response:
    """Store the events in the session of the path; unknown properties are refused, as is published.

    Raises:
        BadRequest: an event cannot be stored, or something is not known.
        PartiallyStored: the store went away in the middle.
    """
    sent = _events(request.body, "events")
    unknown = chain(
        (f"/{escaped(name)}" for name in request.body if name != "events"),
        (f"/events/{place}/{escaped(name)}" for place, each in enumerate(sent) for name in each if name not in _FIELDS),
    )
    details = [Detail(pointer, "additionalProperties", "no such property") for pointer in islice(unknown, MAX_DETAILS)]
    if details:
        raise BadRequest("Invalid event data", details)
    return await _add(request, "events", sent)


async def add_session_traces_legacy(request: Request) -> Response:
    """Store the events under `logs` or `events`, and those nested in them, in the session of the path.

    Raises:
        BadRequest: there are both names or neither, or an event cannot be stored.
        PartiallyStored: the store went away in the middle.
    """
    names = [name for name in ("logs", "events") if name in request.body]
    if len(names) != 1:
        raise BadRequest("Invalid event data", [Detail("", "oneOf", "must have either events or logs")])
    sent = [(f"/{names[0]}/{place}", each) for place, each in enumerate(_events(request.body, names[0]))]
    session_id = request.parameters["session_id"].lower()
    events = await nested_events(request, sent, session_id)
    repeated = await store_all(request, events, "Events partially added")
    return _with_unknown(Response(SUCCESS, await fallbacks_of(request, events, repeated)), request.body, names)


async def create_event_batch(request: Request) -> Response:
    """Store the events, in one session if `single_session` is true.

    Raises:
        BadRequest: an event cannot be stored.
        PartiallyStored: the store went away in the middle.
    """
    return await _create(request, "single_session", "session_properties")


async def create_event_batch_legacy(request: Request) -> Response:
    """Store the events; `is_single_session` and `session` are older names of two properties."""
    flag = "single_session" if "single_session" in request.body else "is_single_session"
    properties = "session_properties" if "session_properties" in request.body else "session"
    return await _create(request, flag, properties, is_older=True)


async def create_model_event_batch_legacy(request: Request) -> Response:
    """Store the calls of models under `model_events` as events; otherwise the same as `create_event_batch_legacy`.

    Raises:
        BadRequest: an event cannot be stored.
        PartiallyStored: the store went away in the middle.
    """
    made = [model_event(each) for each in _events(request.body, "model_events")]
    told = [Fallback("events", "unknown")] if "events" in request.body else []
    for place, (_, lost) in enumerate(made):
        told += (Fallback(f"/model_events/{place}/{name}", reason) for name, reason in lost)
    body = {**request.body, "events": [event for event, _ in made]}
    del body["model_events"]
    try:
        response = await create_event_batch_legacy(request._replace(body=body))
    except BadRequest as error:
        raise error.renamed("/events", "/model_events") from None
    told += (each._replace(name=renamed(each.name, "/events", "/model_events")) for each in response.fallbacks)
    return response._replace(fallbacks=told)


async def _add(request: Request, name: str, sent: Sequence[_Sent]) -> Response:
    events = await _made_of(request, name, sent, request.parameters["session_id"].lower())
    repeated = await store_all(request, events, "Events partially added")
    return Response(SUCCESS, await fallbacks_of(request, events, repeated))


async def _create(request: Request, flag: str, properties: str, *, is_older: bool = False) -> Response:
    body = request.body
    sent = _events(body, "events")
    fallbacks = [Fallback(flag, "type")] if not isinstance(body.get(flag, False), bool) else []
    session: list[PreparedEvent] = []
    session_id = None
    if body.get(flag) is True:
        given = body.get(properties, {})
        if not isinstance(given, dict):
            fallbacks.append(Fallback(properties, "type"))
            given = {}
        normalised = normalise_session(given, request.clock, is_older=is_older)
        session = [prepare(normalised, given, f"/{properties}")]
        session_id = session[0].entry.session_id
    elif properties in body:
        fallbacks.append(Fallback(properties, "ignored"))
    events = await _made_of(request, "events", sent, session_id)
    repeated = await store_all(request, [*session, *events], "Events partially created")
    returned: dict[str, Any] = {"event_ids": [event.entry.event_id for event in events], "success": True}
    if session_id is not None:
        returned["session_id"] = session_id
    told = await fallbacks_of(request, [*session, *events], repeated)
    response = Response(orjson.dumps(returned), [*fallbacks, *told])
    return _with_unknown(response, body, ("events", flag, properties))


def _events(body: _Sent, name: str) -> Sequence[_Sent]:
    sent = body.get(name)
    if not isinstance(sent, list):
        raise BadRequest("Invalid event data", [wrong_property(body, name, "must be a list")])
    wrong = [place for place, each in enumerate(sent) if not isinstance(each, dict)]
    if wrong:
        details = [Detail(f"/{name}/{place}", "type", "must be an object") for place in wrong[:MAX_DETAILS]]
        raise BadRequest("Invalid event data", details)
    return sent


async def _made_of(
    request: Request, name: str, sent: Sequence[_Sent], session_id: str | None
) -> Sequence[PreparedEvent]:
    """The events under a name in the body, ready to be stored, in the session of `session_id` if it is not None.

    Raises:
        BadRequest: at least one of them cannot be stored.
    """
    events: list[PreparedEvent] = []
    details: list[Detail] = []
    turns = Turns()
    for place, each in enumerate(sent):
        try:
            normalised = normalise_event(each, request.clock, session_id)
            events.append(prepare(normalised, each, f"/{name}/{place}"))
        except BadRequest as error:
            details += error.below(f"/{name}/{place}").details
            if len(details) >= MAX_DETAILS:
                break
        await turns.give_way()
    if details:
        raise BadRequest("Invalid event data", details[:MAX_DETAILS])
    return events


def _with_unknown(response: Response, body: _Sent, known: Sequence[str]) -> Response:
    return response._replace(fallbacks=[*response.fallbacks, *unknown_of(body, known)])
