"""A second post that does something else."""

import itertools
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from hivestand.handlers.errors import ApiError, InternalError
from hivestand.handlers.event.encoding import EncodedEvent, text
from hivestand.handlers.event.index import IndexEntry
from hivestand.handlers.event.normalise import _id as read_id
from hivestand.handlers.operations import Handler
from hivestand.handlers.request import Request, Response
from hivestand.handlers.store.memory.events import MemoryStore
from hivestand.handlers.tenant import Tenant, tenant_of
from mutants.mutant import (
    NEW,
    OLD,
    Group,
    Patch,
    closed,
    create_or_merge,
    handlers,
    keep,
    members,
    merged,
    merging,
    opened,
    responses,
    rounded,
    sessions,
    store,
)

mutant = Group("merging")
Event = dict[str, Any]
STAYING = ("event_name", "source", "start_time", "end_time", "duration", "config", "inputs", "outputs", "children_ids")

for _number, _name in enumerate(STAYING, 5):
    mutant(f"second-{_name.replace('_', '-')}-wins", f"SES-MERGE-{_number:02}")(
        lambda name=_name: merging(lambda there, new: {**merged(there, new), name: new[name]})  # type: ignore[misc]
    )


def changing(name: str, change: Any) -> Patch:
    """Change one property at a merge, by what is there and what is new."""
    return merging(lambda there, new: {**merged(there, new), name: change(there[name], new[name])})


mutant("second-post-conflicts", "SES-ANY-03")(lambda: store(conflict))
mutant("second-post-fails", "SES-ANY-01")(lambda: merging(lambda there, new: fail()))
mutant("second-post-starts-anew", "SES-MERGE-01")(lambda: store(anew))
mutant("second-post-replaces-all", "SES-MERGE-05")(lambda: merging(lambda there, new: new))
mutant("second-post-changes-nothing", "SES-MERGE-02")(lambda: merging(lambda there, new: there))
mutant("metadata-replaced", "SES-MERGE-02")(lambda: changing("metadata", lambda there, new: new))
mutant("metadata-not-merged", "SES-MERGE-02")(lambda: changing("metadata", lambda there, new: there))
mutant("metadata-merged-where-keys-are-known", "SES-MERGE-02")(
    lambda: changing("metadata", lambda there, new: {name: new.get(name, value) for name, value in there.items()})
)
mutant("merged-metadata-is-text", "SES-MERGE-02")(
    lambda: changing("metadata", lambda there, new: {**there, **{name: str(value) for name, value in new.items()}})
)
mutant("metadata-kept-flat", "SES-MERGE-02")(
    lambda: changing(
        "metadata",
        lambda there, new: {**{name: v for name, v in there.items() if not isinstance(v, dict)}, **new},
    )
)
mutant("null-in-metadata-deletes", "SES-MERGE-02")(
    lambda: changing("metadata", lambda there, new: {name: v for name, v in {**there, **new}.items() if v is not None})
)
mutant("metadata-of-16-keys-at-most", "SES-MERGE-02")(
    lambda: changing("metadata", lambda there, new: dict(list({**there, **new}.items())[:16]))
)
mutant("user-properties-replaced", "SES-MERGE-03")(lambda: changing("user_properties", lambda there, new: new))
mutant("user-properties-replaced-unless-empty", "SES-MERGE-03")(
    lambda: changing("user_properties", lambda there, new: new or there)
)
mutant("user-properties-not-merged", "SES-MERGE-03")(lambda: changing("user_properties", lambda there, new: there))
mutant("user-properties-merged-once-alone", "SES-MERGE-03")(
    lambda: changing("user_properties", lambda there, new: there if "new" in there else {**there, **new})
)
mutant("metadata-merged-into-user-properties", "SES-MERGE-03")(
    lambda: merging(
        lambda there, new: {**there, "user_properties": {**there["user_properties"], **new["metadata"]}},
    )
)
mutant("name-filled-in-later", "SES-MERGE-05")(
    lambda: changing("event_name", lambda there, new: new if there == "unknown" else there)
)
mutant("source-filled-in-later", "SES-MERGE-06")(
    lambda: changing("source", lambda there, new: new if there == "unknown" else there)
)
mutant("earliest-start-wins", "SES-MERGE-07")(lambda: changing("start_time", min))
mutant("latest-start-wins", "SES-MERGE-07")(lambda: changing("start_time", max))
mutant("end-filled-in-later", "SES-MERGE-08")(
    lambda: changing("end_time", lambda there, new: new if there is None else there)
)
mutant("end-forgotten", "SES-MERGE-08")(lambda: changing("end_time", lambda there, new: None))
mutant("duration-filled-in-later", "SES-MERGE-09")(
    lambda: changing("duration", lambda there, new: new if there is None else there)
)
mutant("durations-added-up", "SES-MERGE-09")(
    lambda: changing("duration", lambda there, new: (there or 0) + (new or 0) or None)
)
for _name in ("metadata", "user_properties"):
    mutant(f"large-integers-rounded-when-{_name.replace('_', '-')}-merge", "SES-OBJ-08")(
        lambda name=_name: changing(name, lambda there, new: members(rounded)({**there, **new}))  # type: ignore[misc]
    )
mutant("config-merged", "SES-MERGE-10")(lambda: changing("config", lambda there, new: {**there, **new}))
mutant("inputs-merged", "SES-MERGE-11")(lambda: changing("inputs", lambda there, new: {**there, **new}))
mutant("inputs-filled-in-later", "SES-MERGE-11")(lambda: changing("inputs", lambda there, new: there or new))
mutant("outputs-merged", "SES-MERGE-12")(lambda: changing("outputs", lambda there, new: {**there, **new}))
mutant("children-joined", "SES-MERGE-13")(lambda: changing("children_ids", lambda there, new: [*there, *new]))
mutant("merged-is-marked", "SES-MERGE-14")(
    lambda: merging(lambda there, new: {**merged(there, new), "metrics": {"merges": 1}})
)
mutant("event-type-changes", "SES-MERGE-14")(
    lambda: merging(lambda there, new: {**merged(there, new), "event_type": "chain"})
)
mutant("merges-counted", "SES-MERGE-14")(
    lambda: changing("metrics", lambda there, new: {"posts": there.get("posts", 1) + 1})
)
mutant("project-changes", "SES-MERGE-14")(lambda: handlers(other_project))
mutant("ids-differ-by-case", "SES-MERGE-15")(
    lambda: patch(
        "hivestand.handlers.event.normalise._id",
        lambda sent, name, told: (
            sent[name] if len(str(sent.get(name))) == 36 and isinstance(sent[name], str) else read_id(sent, name, told)
        ),
    )
)
mutant("operations-apart", "SES-MERGE-16")(lambda: handlers(apart))
mutant("older-operation-overwrites", "SES-MERGE-16")(lambda: overwriting(OLD))
mutant("newer-operation-overwrites", "SES-MERGE-16")(lambda: overwriting(NEW))


async def conflict(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
    """409 where there is one."""
    if await self.read(tenant, entry.event_id) is not None:
        raise Conflict("There is such a session")
    return await create_or_merge(self, tenant, entry, event)


class Conflict(ApiError):
    """What REST tutorials would answer."""

    status = 409
    code = "CONFLICT"


def fail() -> Event:
    """Not implemented."""
    raise InternalError("Not implemented")


async def anew(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
    """Another id, where there is one."""
    if await self.read(tenant, entry.event_id) is not None:
        entry = entry._replace(event_id=str(uuid4()))
    ids = {"event_id": entry.event_id, "session_id": entry.event_id}
    return await create_or_merge(self, tenant, entry, closed({**opened(event), **ids}))


async def other_project(_: str, handler: Handler, request: Request) -> Response:
    """The ids of the account are made for each request."""
    ids = tenant_of(str(request.clock.new_id()).encode()).ids
    return await handler(request._replace(tenant=request.tenant._replace(ids=ids)))


async def apart(name: str, handler: Handler, request: Request) -> Response:
    """Each operation has events of its own."""
    return await handler(request._replace(tenant=request.tenant._replace(digest=name + request.tenant.digest)))


def overwriting(operation: str) -> Patch:
    """One operation writes without looking."""

    async def handle(_: str, handler: Handler, request: Request) -> Response:
        with patch.object(MemoryStore, "create_or_merge", write):
            return await handler(request)

    return handlers(handle, (operation,))


async def write(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
    """Whatever was there."""
    return keep(self, tenant, entry.event_id, event)


@mutant("what-was-sent-is-answered", "SES-MERGE-05")
def echoing() -> Patch:
    """The store is right, the response is not."""

    async def merge(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        await create_or_merge(self, tenant, entry, event)
        return event

    return store(merge)


@mutant("state-before-the-merge-is-answered", "SES-MERGE-02")
def behind() -> Patch:
    """The response is one merge behind."""

    async def merge(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        there = await self.read(tenant, entry.event_id)
        after = await create_or_merge(self, tenant, entry, event)
        return there or after

    return store(merge)


@mutant("merge-answered-and-not-stored", "SES-MERGE-17")
def forgetting() -> Patch:
    """The response is right, the store is not."""

    async def merge(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        there = await self.read(tenant, entry.event_id)
        after = await create_or_merge(self, tenant, entry, event)
        keep(self, tenant, entry.event_id, there or after)
        return after

    return store(merge)


@mutant("user-properties-answered-and-not-stored", "SES-MERGE-17")
def half_forgetting() -> Patch:
    """Of the two objects one is stored."""

    async def merge(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        there = await self.read(tenant, entry.event_id)
        after = await create_or_merge(self, tenant, entry, event)
        if there is not None:
            kept = {**opened(after), "user_properties": opened(there)["user_properties"]}
            keep(self, tenant, entry.event_id, closed(kept))
        return after

    return store(merge)


@mutant("every-third-merge-lost", "SES-MERGE-02")
def losing() -> Patch:
    """Now and then, a merge is not done."""
    count = itertools.count(1)
    return merging(lambda there, new: merged(there, new) if next(count) % 3 else there)


@mutant("every-third-merge-not-stored", "SES-MERGE-17")
def forgetting_some() -> Patch:
    """Now and then, a merge is answered alone."""
    count = itertools.count(1)

    async def merge(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        there = await self.read(tenant, entry.event_id)
        after = await create_or_merge(self, tenant, entry, event)
        if there is not None and next(count) % 3 == 0:
            keep(self, tenant, entry.event_id, there)
        return after

    return store(merge)


@mutant("third-post-starts-over", "SES-MERGE-02")
def thrice() -> Patch:
    """What was merged into is replaced by the next post."""
    seen: set[str] = set()

    def merge(there: Event, new: Event) -> Event:
        if there["event_id"] in seen:
            return new
        seen.add(there["event_id"])
        return merged(there, new)

    return merging(merge)


@mutant("empty-user-properties-clear", "SES-MERGE-03")
def clearing() -> Patch:
    """An empty object is taken for a wish to have none."""
    emptied: list[bool] = [False]

    def noted(sent: Event) -> Event:
        emptied[0] = sent.get("user_properties") == {}
        return sent

    async def handle(name: str, handler: Handler, request: Request) -> Response:
        body = request.body.get("session") if name == OLD else request.body
        noted(body if isinstance(body, dict) else {})
        clear = emptied[0]
        response = await handler(request)
        if not clear:
            return response
        event_id = opened_id(response)
        stored = await request.store.read(request.tenant, event_id)
        assert isinstance(request.store, MemoryStore)
        assert stored is not None
        after = closed({**opened(stored), "user_properties": {}})
        keep(request.store, request.tenant, event_id, after)
        return response._replace(body=text(after, request.tenant))

    return handlers(handle)


def opened_id(response: Response) -> str:
    """The id of the event in a response."""
    return response.body.partition(b'"event_id":"')[2][:36].decode()


@mutant("second-post-with-null-fails", "SES-ANY-01")
def failing_on_null() -> Patch:
    """A merge of null is a fault."""

    async def handle(name: str, handler: Handler, request: Request) -> Response:
        body = request.body.get("session") if name == OLD else request.body
        sent = body if isinstance(body, dict) else {}
        known = isinstance(sent.get("session_id"), str) and await request.store.read(
            request.tenant, sent["session_id"].lower()
        )
        if known and None in (sent.get("metadata", {}), sent.get("user_properties", {})):
            raise InternalError("object of type NoneType is not iterable")
        return await handler(request)

    return handlers(handle)


@mutant("second-post-without-properties-fails", "SES-ANY-01")
def failing_on_nothing() -> Patch:
    """A merge of nothing is a fault."""

    async def handle(name: str, handler: Handler, request: Request) -> Response:
        body = request.body.get("session") if name == OLD else request.body
        sent = body if isinstance(body, dict) else {}
        known = isinstance(sent.get("session_id"), str) and await request.store.read(
            request.tenant, sent["session_id"].lower()
        )
        if known and "user_properties" not in sent:
            raise InternalError("KeyError: user_properties")
        return await handler(request)

    return handlers(handle)


@mutant("event-name-is-the-key", "SES-MERGE-01")
def by_name() -> Patch:
    """Idempotent on the name, and not on the id."""
    ids: dict[str, str] = {}

    def found(sent: Event) -> Event:
        name, sent_id = sent.get("event_name"), sent.get("session_id")
        if isinstance(name, str) and isinstance(sent_id, str):
            return {**sent, "session_id": ids.setdefault(name, sent_id)}
        return sent

    return sessions(found)


@mutant("only-the-first-response-is-full", "SES-MERGE-14")
def terse() -> Patch:
    """A second post is answered with what merges alone."""
    seen: set[str] = set()

    def returned(event: Event) -> Event:
        if event["event_id"] not in seen:
            seen.add(event["event_id"])
            return event
        return {name: event[name] for name in ("event_id", "session_id", "metadata", "user_properties")}

    return responses(returned)
