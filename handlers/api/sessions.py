"""The session operations: `createSession`, the older `startSessionLegacy`, and those that read sessions."""

from collections.abc import Mapping
from typing import Any, Final

from hivestand.handlers.api.reading import shown_each
from hivestand.handlers.api.search import search
from hivestand.handlers.errors import BadRequest, NotFound, wrong_property
from hivestand.handlers.event.encoding import encode, entry_of, loads, text
from hivestand.handlers.event.index import Selection
from hivestand.handlers.event.normalise import Fallback, normalise_session, unknown_of
from hivestand.handlers.event.query import DEFAULT_LIMIT, Query
from hivestand.handlers.event.repeats import kept_of
from hivestand.handlers.request import Request, Response

SESSIONS: Final = Selection("event_type", ("session",))
_WRAPPED: Final = 'must hold the session, as in {"session": {"session_name": "a name"}}'


async def create_session(request: Request) -> Response:
    """Start the session in the body, or merge it into the one with the same id; return its event."""
    return await _start(request, request.body)


async def start_session_legacy(request: Request) -> Response:
    """Start the session under the body's key `session`; otherwise the same as `create_session`.

    Raises:
        BadRequest: there is no object under `session`, or it cannot be stored.
    """
    if request.options.accept_unwrapped and "session" not in request.body:
        response = await _start(request, request.body, is_older=True)
        return response._replace(fallbacks=[Fallback("session", "unwrapped"), *response.fallbacks])
    session = request.body.get("session")
    if not isinstance(session, dict):
        raise BadRequest("Invalid session data", [wrong_property(request.body, "session", _WRAPPED)])
    try:
        response = await _start(request, session, is_older=True)
    except BadRequest as error:
        raise error.below("/session") from None
    return response._replace(fallbacks=[*response.fallbacks, *unknown_of(request.body, ("session",))])


async def read_session(request: Request) -> Response:
    """Return the session whose id is in the path, as `getEvent` returns an event.

    Raises:
        NotFound: there is none.
    """
    return Response(b'{"event":%b}' % await _session(request))


async def read_session_legacy(request: Request) -> Response:
    """Return the session whose id is in the path, without a wrapper.

    Raises:
        NotFound: there is none.
    """
    return Response(await _session(request))


async def list_sessions_legacy(request: Request) -> Response:
    """Return a page of the sessions, the one that started last first."""
    limit = request.parameters.get("limit", DEFAULT_LIMIT)
    page = request.parameters.get("page", 1)
    found = await search(request, Query(SESSIONS, (), (), limit, (page - 1) * limit))
    body = b'{"sessions":[%b],"count":%d}' % (b",".join(found.events), found.total)
    return Response(body, found.fallbacks)


async def _session(request: Request) -> bytes:
    event = await request.store.read(request.tenant, request.parameters["session_id"].lower())
    if event is None or loads(event.packed)["event_type"] != "session":
        raise NotFound("Session not found")
    (found,) = await shown_each(request.store, request.tenant, [event])
    return found or b""


async def _start(request: Request, session: Mapping[str, Any], *, is_older: bool = False) -> Response:
    event, fallbacks = normalise_session(session, request.clock, is_older=is_older)
    encoded = encode(event)
    stored = await request.writes.create_or_merge(request.tenant, entry_of(event), encoded)
    if stored is not encoded:
        fallbacks += kept_of(session, fallbacks, encoded, stored)
    return Response(text(stored, request.tenant), fallbacks)
