"""What goes wrong with several clients at once."""

import asyncio
import contextvars
import itertools
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hivestand.handlers.errors import ApiError, InternalError, Unavailable
from hivestand.handlers.event.encoding import EncodedEvent
from hivestand.handlers.event.index import IndexEntry
from hivestand.handlers.operations import Handler
from hivestand.handlers.request import Request, Response
from hivestand.handlers.store.memory.events import MemoryStore
from hivestand.handlers.tenant import Tenant
from mutants.mutant import Group, Patch, closed, create_or_merge, handlers, keep, merged, opened, store

mutant = Group("races")
GAP = 0.02  # seconds in which another request comes in between
Event = dict[str, Any]


@mutant("look-then-create", "SES-RACE-01")
def look_then_create() -> Patch:
    """Between the look for a session and its creation others look, too."""

    async def create(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        if await self.read(tenant, entry.event_id) is not None:
            return await create_or_merge(self, tenant, entry, event)
        await asyncio.sleep(GAP)
        return keep(self, tenant, entry.event_id, event)

    return store(create)


@mutant("last-creation-wins-later", "SES-RACE-01")
def late_creation() -> Patch:
    """A creation is answered, and written behind the response."""

    async def create(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        if await self.read(tenant, entry.event_id) is not None:
            return await create_or_merge(self, tenant, entry, event)
        asyncio.get_running_loop().call_later(GAP, keep, self, tenant, entry.event_id, event)
        return event

    return store(create)


@mutant("creation-field-by-field", "SES-RACE-01")
def torn() -> Patch:
    """Each field is written by itself, so that a session is made of several posts."""

    async def create(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        new = opened(event)
        if await self.read(tenant, entry.event_id) is not None:
            return await create_or_merge(self, tenant, entry, event)
        half = {**new, "source": "unknown"}
        await asyncio.sleep(GAP)
        there = await self.read(tenant, entry.event_id)
        keep(self, tenant, entry.event_id, closed(merged(opened(there), new) if there else half))
        await asyncio.sleep(GAP)
        there = await self.read(tenant, entry.event_id)
        assert there is not None
        return keep(self, tenant, entry.event_id, closed({**opened(there), "source": new["source"]}))

    return store(create)


def while_busy(error: type[ApiError]) -> Patch:
    """What a second request for a session gets, while the first is at work."""
    busy: set[str] = set()

    async def guarded(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        if entry.event_id in busy:
            raise error("There is another request for this session")
        busy.add(entry.event_id)
        try:
            await asyncio.sleep(GAP)
            return await create_or_merge(self, tenant, entry, event)
        finally:
            busy.discard(entry.event_id)

    return store(guarded)


class Conflict(ApiError):
    """A violated constraint, passed on."""

    status = 409
    code = "CONFLICT"


mutant("unique-violation-is-a-fault", "SES-RACE-01")(lambda: while_busy(InternalError))
mutant("unique-violation-is-a-conflict", "SES-RACE-01")(lambda: while_busy(Conflict))
mutant("lock-is-not-waited-for", "SES-ANY-01")(lambda: while_busy(Unavailable))


@mutant("read-modify-write", "SES-RACE-02")
def lost_update() -> Patch:
    """Two merges read the same, and the second write undoes the first."""

    async def merge(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        there = await self.read(tenant, entry.event_id)
        if there is None:
            return await create_or_merge(self, tenant, entry, event)
        await asyncio.sleep(GAP)
        return keep(self, tenant, entry.event_id, closed(merged(opened(there), opened(event))))

    return store(merge)


@mutant("read-modify-write-of-user-properties", "SES-RACE-02")
def lost_properties() -> Patch:
    """Only one of the two objects is merged in one step."""

    async def merge(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        there = await self.read(tenant, entry.event_id)
        if there is None:
            return await create_or_merge(self, tenant, entry, event)
        properties = {**opened(there)["user_properties"], **opened(event)["user_properties"]}
        await asyncio.sleep(GAP)
        after = opened(await create_or_merge(self, tenant, entry, event))
        return keep(self, tenant, entry.event_id, closed({**after, "user_properties": properties}))

    return store(merge)


@mutant("merge-behind-the-response", "SES-MERGE-17")
def late_merge() -> Patch:
    """A merge is answered at once, and written a moment later."""

    async def merge(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        there = await self.read(tenant, entry.event_id)
        after = await create_or_merge(self, tenant, entry, event)
        if there is not None:
            keep(self, tenant, entry.event_id, there)
            asyncio.get_running_loop().call_later(GAP, keep, self, tenant, entry.event_id, after)
        return after

    return store(merge)


@mutant("merges-at-once-are-dropped", "SES-RACE-02")
def dropped() -> Patch:
    """While one merge is at work, others are answered with what there is."""
    busy: set[str] = set()

    async def merge(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        there = await self.read(tenant, entry.event_id)
        if there is not None and entry.event_id in busy:
            return there
        busy.add(entry.event_id)
        try:
            await asyncio.sleep(GAP)
            return await create_or_merge(self, tenant, entry, event)
        finally:
            busy.discard(entry.event_id)

    return store(merge)


@mutant("session-in-a-global", "SES-LEAK-03")
def in_a_global() -> Patch:
    """What is answered is the session of whoever asked last."""
    last: list[Response] = []

    async def handle(_: str, handler: Handler, request: Request) -> Response:
        last[:] = [await handler(request)]
        await asyncio.sleep(GAP)
        return last[0]

    return handlers(handle)


@mutant("body-in-a-global", "SES-LEAK-03")
def body_in_a_global() -> Patch:
    """Of requests at once all are handled with the body of the last."""
    last: list[Any] = []

    async def handle(_: str, handler: Handler, request: Request) -> Response:
        last[:] = [request.body]
        await asyncio.sleep(GAP)
        return await handler(request._replace(body=last[0]))

    return handlers(handle)


@mutant("same-id-for-requests-at-once", "SES-LEAK-03")
def same_id() -> Patch:
    """The id's counter is read, and written a moment later."""
    count = itertools.count(1)
    current = [0]

    async def handle(name: str, handler: Handler, request: Request) -> Response:
        session = request.body.get("session") if name == "startSessionLegacy" else request.body
        if not isinstance(session, dict) or isinstance(session.get("session_id"), str):
            return await handler(request)
        made = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{current[0]}"))
        await asyncio.sleep(0.002)
        current[0] = next(count)
        session = {**session, "session_id": made[:14] + "4" + made[15:]}
        body = {**request.body, "session": session} if name == "startSessionLegacy" else session
        return await handler(request._replace(body=json.loads(json.dumps(body))))

    return handlers(handle)


@mutant("merges-apart-by-operation", "SES-RACE-03")
def apart() -> Patch:
    """Each operation has a lock of its own: a merge by one is lost where the other writes at the same time."""
    operation: contextvars.ContextVar[str] = contextvars.ContextVar("operation")
    locks = {name: asyncio.Lock() for name in ("createSession", "startSessionLegacy")}

    async def handle(name: str, handler: Handler, request: Request) -> Response:
        operation.set(name)
        return await handler(request)

    async def merge(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        async with locks[operation.get()]:
            there = await self.read(tenant, entry.event_id)
            if there is None:
                return await create_or_merge(self, tenant, entry, event)
            await asyncio.sleep(GAP)
            return keep(self, tenant, entry.event_id, closed(merged(opened(there), opened(event))))

    @contextmanager
    def both() -> Iterator[None]:
        with handlers(handle), store(merge):
            yield

    return both()
