"""The operations that look into the store: which sessions are there, and what they hold."""

import asyncio
import heapq
from typing import Final

import orjson

from skep.handlers.encoding import text
from skep.handlers.errors import NotFound
from skep.handlers.index import EARLIEST, LATEST, Found, Selection
from skep.handlers.reach import reached
from skep.handlers.request import Answer, Request

DEFAULT_LIMIT: Final = 100
SESSIONS: Final = Selection("event_type", ("session",))


async def list_sessions(request: Request) -> Answer:
    """The sessions that started last, the newest first."""
    limit: int = request.parameters.get("limit", DEFAULT_LIMIT)
    before = _found(request.parameters.get("before"))
    lists = [
        [(found, tenant) for found in await request.store.find(tenant, SESSIONS, limit, before=before)]
        for tenant in await reached(request)
    ]
    newest = heapq.nlargest(limit, (each for found in lists for each in found))
    events = await asyncio.gather(*(request.store.read(tenant, found.event_id) for found, tenant in newest))
    sessions = [
        {"tenant": tenant.digest, "session": orjson.Fragment(text(event, tenant))}
        for event, (_, tenant) in zip(events, newest, strict=True)
        if event is not None
    ]
    following = ":".join(map(str, newest[-1][0])) if len(newest) == limit else None
    return Answer(orjson.dumps({"sessions": sessions, "next": following}))


async def get_session(request: Request) -> Answer:
    """One session.

    Raises:
        NotFound: there is none of that id.
    """
    for tenant in await reached(request):
        event = await request.store.read(tenant, request.parameters["session_id"].lower())
        if event is not None:
            return Answer(b'{"tenant":"%b","session":%b}' % (tenant.digest.encode(), text(event, tenant)))
    raise NotFound("No such session")


def _found(before: str | None) -> Found | None:
    if before is None:
        return None
    start_time, arrival, event_id = before.split(":")
    return Found(max(EARLIEST, min(LATEST, int(start_time))), int(arrival), event_id)
