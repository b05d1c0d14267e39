"""What one session, request or token shows of another."""

from collections import OrderedDict
from typing import Any
from zlib import crc32

from hivestand.handlers.event.encoding import EncodedEvent, unpack
from hivestand.handlers.event.index import IndexEntry
from hivestand.handlers.operations import Handler
from hivestand.handlers.request import Request, Response
from hivestand.handlers.store.memory.events import MemoryStore
from hivestand.handlers.tenant import Tenant
from mutants.mutant import Group, Patch, create_or_merge, events, handlers, merging, responses, sessions, store

mutant = Group("isolation")
Event = dict[str, Any]


def of_the_last(*names: str) -> Patch:
    """What was not sent is what was sent last."""
    last: Event = {}

    def filled(sent: Event) -> Event:
        sent = {**{name: last[name] for name in names if name in last}, **sent}
        last.update(sent)
        return sent

    return sessions(filled)


for _name in (
    "source",
    "event_name",
    "start_time",
    "end_time",
    "duration",
    "config",
    "user_properties",
    "children_ids",
):
    mutant(f"{_name.replace('_', '-')}-of-the-last-session", "SES-LEAK-01")(
        lambda name=_name: of_the_last(name)  # type: ignore[misc]
    )
mutant("all-of-the-last-session", "SES-LEAK-01")(lambda: of_the_last("source", "config", "inputs", "outputs"))


def shared(name: str) -> Patch:
    """One default object for all sessions, which merges write to."""
    default: Event = {}

    def changed(event: Event, sent: Event) -> Event:
        if sent.get(name):
            default.update(sent[name])
        return {**event, name: {**default, **event[name]}}

    return events(changed)


mutant("one-default-for-user-properties", "SES-LEAK-01")(lambda: shared("user_properties"))
mutant("one-default-for-metadata", "SES-LEAK-01")(lambda: shared("metadata"))
mutant("one-default-for-inputs", "SES-LEAK-01")(lambda: shared("inputs"))


@mutant("children-pile-up", "SES-LEAK-01")
def piling_up() -> Patch:
    """The list of children is made once."""
    children: list[str] = []

    def changed(event: Event, _: Event) -> Event:
        children.extend(event["children_ids"])
        return {**event, "children_ids": list(children)}

    return events(changed)


@mutant("merge-writes-to-the-default", "SES-LEAK-02")
def written_default() -> Patch:
    """Only what is merged gets into the default that sessions begin with."""
    default: Event = {}

    def merge(there: Event, new: Event) -> Event:
        default.update(new["user_properties"])
        metadata = {**there["metadata"], **new["metadata"]}
        return {**there, "metadata": metadata, "user_properties": {**there["user_properties"], **default}}

    return merging(merge)


def keyed(key: Any) -> Patch:
    """Sessions are found by something else than their whole id."""

    async def found(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        return await create_or_merge(self, tenant, entry._replace(event_id=key(entry.event_id)), event)

    return store(found)


mutant("key-without-the-last-character", "SES-LEAK-02")(lambda: keyed(lambda event_id: event_id[:-1]))
mutant("key-of-the-first-group", "SES-LEAK-02")(lambda: keyed(lambda event_id: event_id[:8]))
mutant("key-of-the-last-group", "SES-LEAK-02")(lambda: keyed(lambda event_id: event_id[24:35]))
mutant("key-hashed-to-a-byte", "SES-ID-04")(lambda: keyed(lambda event_id: str(crc32(event_id.encode()) % 256)))
mutant("key-of-the-token-alone", "SES-ID-04")(lambda: keyed(lambda _: "session"))


@mutant("merge-into-the-last-session", "SES-LEAK-02")
def into_the_last() -> Patch:
    """A merge goes to the session that was created last as well."""
    last: list[IndexEntry] = []

    async def merge(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        if await self.read(tenant, entry.event_id) is None:
            last[:] = [entry]
        elif await self.read(tenant, last[0].event_id) is not None:
            await create_or_merge(self, tenant, last[0], event)
        return await create_or_merge(self, tenant, entry, event)

    return store(merge)


def keeping(count: int) -> Patch:
    """Only so many sessions are kept, those that were used last."""
    used: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def kept(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        used[tenant.digest, entry.event_id] = None
        used.move_to_end((tenant.digest, entry.event_id))
        after = await create_or_merge(self, tenant, entry, event)
        while len(used) > count:
            digest, oldest = used.popitem(last=False)[0]
            self._events[digest].pop(oldest, None)
        return after

    return store(kept)


mutant("three-sessions-kept", "SES-LEAK-02")(lambda: keeping(3))
mutant("one-session-kept", "SES-LEAK-02")(lambda: keeping(1))
mutant("twenty-sessions-kept", "SES-ANY-09")(lambda: keeping(20))


async def _without_tenant(_: str, handler: Handler, request: Request) -> Response:
    return await handler(request._replace(tenant=request.tenant._replace(digest="all")))


mutant("events-without-a-tenant", "SES-TENANT-02")(lambda: handlers(_without_tenant))
mutant("older-events-without-a-tenant", "SES-TENANT-02")(lambda: handlers(_without_tenant, ("startSessionLegacy",)))


@mutant("merges-into-every-tenant", "SES-TENANT-02")
def everywhere() -> Patch:
    """A merge is written by its id alone."""

    async def merge(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        for digest in [
            digest for digest, held in self._events.items() if entry.event_id in held and digest != tenant.digest
        ]:
            await create_or_merge(self, tenant._replace(digest=digest), entry, event)
        return await create_or_merge(self, tenant, entry, event)

    return store(merge)


@mutant("another-tenant-reads", "SES-TENANT-02")
def reading() -> Patch:
    """A session of another tenant's is answered, and not merged into."""

    async def merge(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        for digest, held in self._events.items():
            if entry.event_id in held and digest != tenant.digest:
                return unpack(held[entry.event_id])
        return await create_or_merge(self, tenant, entry, event)

    return store(merge)


@mutant("answers-cached-by-name", "SES-LEAK-01")
def cached() -> Patch:
    """The objects of a response come from a cache of those with the same name."""
    seen: dict[str, Event] = {}

    def returned(event: Event) -> Event:
        first = seen.setdefault(event["event_name"], event)
        return {**event, "config": first["config"], "inputs": first["inputs"]}

    return responses(returned)
