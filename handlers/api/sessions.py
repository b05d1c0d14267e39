"""The session operations: `createSession` and the older `startSessionLegacy`."""

from collections.abc import Mapping
from typing import Any

from hivestand.handlers.errors import BadRequest, wrong_property
from hivestand.handlers.event.encoding import encode, entry_of, text
from hivestand.handlers.event.normalise import normalise_session, unknown_of
from hivestand.handlers.request import Request, Response


async def create_session(request: Request) -> Response:
    """Start the session in the body, or merge it into the one with the same id; return its event."""
    return await _start(request, request.body)


async def start_session_legacy(request: Request) -> Response:
    """Start the session under the body's key `session`; otherwise the same as `create_session`.

    Raises:
        BadRequest: there is no object under `session`, or it cannot be stored.
    """
    session = request.body.get("session")
    if not isinstance(session, dict):
        raise BadRequest("Invalid session data", [wrong_property(request.body, "session", "must be an object")])
    try:
        response = await _start(request, session)
    except BadRequest as error:
        raise error.below("/session") from None
    return response._replace(fallbacks=[*response.fallbacks, *unknown_of(request.body, ("session",))])


async def _start(request: Request, session: Mapping[str, Any]) -> Response:
    event, fallbacks = normalise_session(session, request.clock)
    stored = await request.writes.create_or_merge(request.tenant, entry_of(event), encode(event))
    return Response(text(stored, request.tenant), fallbacks)
