"""Servers that decide otherwise of events where the contract is open: no defects, and none of them may fail a MUST."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

from hivestand.handlers.errors import ApiError, BadRequest, Forbidden, NotFound
from hivestand.handlers.event.encoding import EncodedEvent, loads
from hivestand.handlers.event.index import IndexEntry
from hivestand.handlers.event.normalise import Json
from hivestand.handlers.operations import Handler
from hivestand.handlers.request import Request, Response, Writes
from hivestand.handlers.store.memory.events import MemoryStore
from hivestand.handlers.store.protocol import Written
from hivestand.handlers.tenant import Tenant
from mutants.differing import all_of, deep, shown_as_double
from mutants.mutant import Patch, bodies, handlers, responses, wire

Event = dict[str, Any]
CREATING = ("createEvent", "createEventLegacy")
ADDING = ("createSessionEventBatch", "addSessionTracesLegacy")
BATCHES = ("createEventBatch", "createEventBatchLegacy")
UPDATING = ("updateEvent", "updateEventLegacy")
SEARCHING = ("searchEvents", "exportEventsLegacy")
STORING = (*CREATING, *ADDING, *BATCHES, "exportTraces")
READING = (*SEARCHING, "getEvent")
OTHERS = (*ADDING, *BATCHES, *UPDATING, *READING, *CREATING, "exportTraces")
LATE = 0.05  # seconds


class Late:
    """Writes that are answered before they are done; what is updated before that is lost without an error."""

    def __init__(self, writes: Writes, store: Any) -> None:
        """Write later to what is written to."""
        self._writes = writes
        self._store = store

    async def create_or_merge(self, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        """Answer with the event, and write it later."""
        later(lambda: self._writes.create_or_merge(tenant, entry, event))
        return event

    async def create_or_merge_each(self, tenant: Tenant, events: Sequence[tuple[IndexEntry, EncodedEvent]]) -> Written:
        """Answer that they are there, and write them later."""
        later(lambda: self._writes.create_or_merge_each(tenant, events))
        return Written(len(events))

    async def update(self, tenant: Tenant, event_id: str, fields: Mapping[bytes, bytes]) -> bool:
        """Answer as if it were there, and write later if it is there now."""
        if await self._store.read(tenant, event_id) is not None:
            later(lambda: self._writes.update(tenant, event_id, fields))
        return True


def later(write: Callable[[], Any]) -> None:
    """Do it in a while."""
    loop = asyncio.get_running_loop()
    loop.call_later(LATE, lambda: loop.create_task(write()))


async def late(_: str, handler: Handler, request: Request) -> Response:
    """An operation that writes later."""
    return await handler(request._replace(writes=Late(request.writes, request.store)))


def found(change: Callable[[Event], Event | None]) -> Patch:
    """Other events in the responses of those that read; None leaves one out."""

    def changed(body: Event) -> Event:
        if "event" in body:
            return {**body, "event": change(body["event"]) or {"event_id": body["event"]["event_id"]}}
        kept = [each for each in map(change, body["events"]) if each is not None]
        return {**body, "events": kept}

    return responses(changed, READING)


async def _deep_update(self: MemoryStore, tenant: Tenant, event_id: str, fields: Mapping[bytes, bytes]) -> bool:
    there = await self.read(tenant, event_id)
    if there is None:
        return False
    before = {**_spread(loads(there.packed)), **{key: loads(value) for key, value in there.merged.items()}}
    merged = {
        key: value if key[:1] == b"t" else json.dumps(deep(before.get(key), loads(value))).encode()
        for key, value in fields.items()
    }
    return await update(self, tenant, event_id, merged)


def _spread(event: Event) -> dict[bytes, Json]:
    """The members of objects as fields of the store."""
    letters = {"config": b"c", "feedback": b"f", "metrics": b"k"}
    return {
        letter + json.dumps(key).encode(): value
        for name, letter in letters.items()
        for key, value in event[name].items()
    }


async def _lost(self: MemoryStore, tenant: Tenant, event_id: str, fields: Mapping[bytes, bytes]) -> bool:
    await update(self, tenant, event_id, fields)
    return True


def refusing(condition: Callable[[str, Event], bool], *operations: str, error: type[ApiError] = BadRequest) -> Patch:
    """An error for some bodies."""

    async def checked(name: str, handler: Handler, request: Request) -> Response:
        if isinstance(request.body, dict) and condition(name, request.body):
            raise error("Not here")
        return await handler(request)

    return handlers(checked, operations)


def events_of(body: Event) -> list[Any]:
    """The events in a body of whatever operation."""
    listed = body.get("events", body.get("logs"))
    if isinstance(listed, list):
        return listed
    return [body["event"]] if isinstance(body.get("event"), dict) else [body]


def clamped(body: Event) -> Event:
    """A page of some size, whatever was asked for."""
    numbers = {name: body[name] for name in ("limit", "page") if isinstance(body.get(name), int | float)}
    return {**body, **{name: int(min(7500, 1000 if value < 1 else value)) or 1 for name, value in numbers.items()}}


class Conflict(ApiError):
    """There is one of that id."""

    status = 409
    code = "CONFLICT"


@contextmanager
def conflicts() -> Iterator[None]:
    """An event is created once."""
    create = MemoryStore.create_or_merge

    async def once(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        if entry.event_type != "session" and await self.read(tenant, entry.event_id) is not None:
            raise Conflict("There is such an event")
        return await create(self, tenant, entry, event)

    with patch.object(MemoryStore, "create_or_merge", once):
        yield


async def _not_mocked(_: str, _handler: Handler, _request: Request) -> Response:
    raise NotFound("Route not found")


def not_mocked() -> Patch:
    """None of the operations on events is there."""
    return handlers(_not_mocked, OTHERS)


async def _may_not(_: str, _handler: Handler, _request: Request) -> Response:
    raise Forbidden("This key may write and not read")


async def _no_session(_: str, handler: Handler, request: Request) -> Response:
    response = await handler(request)
    if json.loads(response.body)["event"]["event_type"] == "session":
        raise NotFound("Event not found")
    return response


async def _known_session(_: str, handler: Handler, request: Request) -> Response:
    if await request.store.read(request.tenant, request.parameters["session_id"].lower()) is None:
        raise NotFound("Session not found")
    return await handler(request)


update = MemoryStore.update
DIFFERING: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "what is stored is seen later": lambda: handlers(late, (*STORING, *UPDATING)),
    "objects in objects are merged": lambda: patch.object(MemoryStore, "update", _deep_update),
    "an update of nothing succeeds": lambda: patch.object(MemoryStore, "update", _lost),
    "an update says more": lambda: responses(lambda body: {**body, "message": "done", "result": []}, UPDATING),
    "an update says nothing": lambda: responses(lambda _: b"", UPDATING),
    "ids in capitals": lambda: responses(lambda body: {**body, "event_id": body["event_id"].upper()}, CREATING),
    "ids of events in capitals": lambda: found(
        lambda event: {
            name: value.upper() if name in {"event_id", "session_id"} else value for name, value in event.items()
        }
    ),
    "ids of a batch in another order": lambda: responses(
        lambda body: {**body, "event_ids": body["event_ids"][::-1]}, BATCHES
    ),
    "a batch does not say its session": lambda: responses(
        lambda body: {name: each for name, each in body.items() if name != "session_id"}, BATCHES
    ),
    "the count is that of the page": lambda: responses(lambda body: {**body, "count": len(body["events"])}, SEARCHING),
    "an export has no order": lambda: responses(
        lambda body: {**body, "events": sorted(body["events"], key=lambda each: str(each.get("event_id")))},
        ("exportEventsLegacy",),
    ),
    "pages of some size": lambda: bodies(clamped, *SEARCHING),
    "wrong types are refused": lambda: refusing(
        lambda _, body: any(
            isinstance(event, dict) and not isinstance(event.get("metadata", {}), dict) for event in events_of(body)
        ),
        *CREATING,
        *UPDATING,
        *BATCHES,
        *ADDING,
    ),
    "unknown properties are refused": lambda: refusing(lambda _, body: "colour" in body, "createEvent"),
    "null is left out": lambda: found(
        lambda event: {name: value for name, value in event.items() if value is not None}
    ),
    "no more than is documented": lambda: found(
        lambda event: {name: value for name, value in event.items() if name not in {"org_id", "workspace_id"}}
    ),
    "more than is documented": lambda: found(lambda event: {**event, "version": 2, "links": {"self": "/"}, "a.b": []}),
    "times as doubles": lambda: found(
        lambda event: (
            {**event, **{name: shown_as_double(event[name]) for name in ("start_time", "end_time")}}
            if {"start_time", "end_time"} <= event.keys()
            else event
        )
    ),
    "text as escapes": lambda: responses(lambda body: json.dumps(body, indent=1, sort_keys=True).encode(), OTHERS),
    "sessions are no events": lambda: handlers(_no_session, ("getEvent",)),
    "an event is created once": conflicts,
    "a session has to be known": lambda: handlers(_known_session, ADDING),
    "older operations take an event without a type": lambda: bodies(
        lambda body: {
            **body,
            **{
                name: [
                    {"event_type": "tool", "inputs": {}, **each} if isinstance(each, dict) else each
                    for each in body[name]
                ]
                for name in ("events", "logs")
                if isinstance(body.get(name), list)
            },
        },
        "addSessionTracesLegacy",
        "createEventBatchLegacy",
    ),
    "no spans": lambda: handlers(_not_mocked, ("exportTraces",)),
    "nothing may be read": lambda: handlers(_may_not, READING),
    "other words in errors": lambda: wire(
        lambda _, reply: (
            reply.but({"statusCode": reply.status, "message": f"m{reply.status}", "success": False, "errorCode": "E"})
            if reply.status >= 400
            else reply.but(content_type="application/json; charset=utf-8")
        )
    ),
    "several at once": all_of(
        lambda: handlers(late, (*STORING, *UPDATING)),
        lambda: responses(lambda body: {**body, "event_ids": body["event_ids"][::-1]}, BATCHES),
        lambda: bodies(clamped, *SEARCHING),
        lambda: found(lambda event: {name: value for name, value in event.items() if value is not None}),
    ),
}
