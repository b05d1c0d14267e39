"""The operations on what the store holds: the sessions, and the events of a session."""

import heapq
from typing import Any, Final

import orjson

from hivestand.handlers.admin.scope import tenants_in_scope
from hivestand.handlers.api.reading import read_shown, shown_each
from hivestand.handlers.errors import NotFound
from hivestand.handlers.event.encoding import loads
from hivestand.handlers.event.index import EARLIEST, LATEST, Found, Selection
from hivestand.handlers.request import Request, Response
from hivestand.handlers.tenant import Tenant
from hivestand.handlers.turns import Turns

DEFAULT_LIMIT: Final = 100
MAX_PAGE: Final = 8 * 1024 * 1024  # bytes of events after which a page ends
SESSIONS: Final = Selection("event_type", ("session",))


async def list_sessions(request: Request) -> Response:
    """List the sessions, the one that started last first."""
    return await _listed(request, SESSIONS, "session")


async def list_events(request: Request) -> Response:
    """List the events of a session, the one that started last first; an unknown session has none."""
    return await _listed(request, Selection("session_id", (request.parameters["session_id"].lower(),)), "event")


async def get_session(request: Request) -> Response:
    """Return one session.

    Raises:
        NotFound: there is none of that id.
    """
    for tenant in await tenants_in_scope(request):
        event = await request.store.read(tenant, request.parameters["session_id"].lower())
        if event is not None and loads(event.packed)["event_type"] == "session":
            (shown,) = await shown_each(request.store, tenant, [event])
            return Response(b'{"tenant":"%b","session":%b}' % (tenant.digest.encode(), shown or b""))
    raise NotFound("No such session")


async def _listed(request: Request, selection: Selection, name: str) -> Response:
    """A page of the selected events of all tenants in scope, each under `name`."""
    limit: int = request.parameters.get("limit", DEFAULT_LIMIT)
    before = _found(request.parameters.get("before"))
    newest: list[tuple[Found, Tenant]] = []
    turns = Turns()
    for tenant in await tenants_in_scope(request):
        found_here = await request.store.find(tenant, selection, limit, before=before)
        newest = heapq.nlargest(limit, [*newest, *((found, tenant) for found in found_here)])
        await turns.give_way()
    listed: list[dict[str, Any]] = []
    last: Found | None = None
    size = 0
    for found, tenant in newest:
        shown = await read_shown(request.store, tenant, found.event_id) or b""
        size += len(shown)
        if listed and size > MAX_PAGE:
            break
        if shown:
            listed.append({"tenant": tenant.digest, name: orjson.Fragment(shown)})
        last = found
        await turns.give_way()
    else:
        last = last if len(newest) == limit else None
    following = None if last is None else ":".join(map(str, last))
    return Response(orjson.dumps({f"{name}s": listed, "next": following}))


def _found(before: str | None) -> Found | None:
    if before is None:
        return None
    start_time, arrival, event_id = before.split(":")
    return Found(max(EARLIEST, min(LATEST, int(start_time))), int(arrival), event_id)
