"""Updates of events, gone wrong."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import patch

from hivestand.handlers.event.encoding import encode, entry_of
from hivestand.handlers.event.normalise import Json, normalise_event
from hivestand.handlers.operations import Handler
from hivestand.handlers.request import Request, Response
from hivestand.handlers.store.memory.events import MemoryStore
from hivestand.handlers.tenant import Tenant
from mutants.events import UPDATING, updates
from mutants.mutant import Group, Patch, bodies, handlers, keep, members, responses, rounded, wire

mutant = Group("updates")
Fields = Mapping[bytes, bytes]
OBJECTS = ("metadata", "feedback", "metrics", "config", "user_properties")
update = MemoryStore.update


def stored(change: Callable[[Any, Fields], Fields]) -> Patch:
    """Other fields are written, by the event that is there and the fields of the update."""

    async def updated(self: MemoryStore, tenant: Tenant, event_id: str, fields: Fields) -> bool:
        there = await self.read(tenant, event_id)
        return await update(self, tenant, event_id, fields if there is None else change(there, fields))

    return patch.object(MemoryStore, "update", updated)


def objects(change: Callable[[dict[str, Json]], dict[str, Json]]) -> Patch:
    """Other objects in updates."""

    def changed(body: dict[str, Json]) -> dict[str, Json]:
        return {**body, **{name: change(body[name]) for name in OBJECTS if isinstance(body.get(name), dict)}}

    return bodies(changed, *UPDATING)


mutant("dots-in-updates-are-paths", "EVT-UPD-01")(
    lambda: objects(lambda held: {name.partition(".")[0]: value for name, value in held.items()})
)
mutant("null-in-updates-is-left-out", "EVT-UPD-01")(
    lambda: objects(lambda held: {name: value for name, value in held.items() if value is not None})
)
mutant("empty-keys-of-updates-are-lost", "EVT-UPD-01")(
    lambda: objects(lambda held: {name: value for name, value in held.items() if name})
)
mutant("dots-in-outputs-are-paths", "EVT-UPD-02")(
    lambda: updates(
        lambda body: (
            {**body, "outputs": {name.partition(".")[0]: value for name, value in body["outputs"].items()}}
            if isinstance(body.get("outputs"), dict)
            else body
        )
    )
)
mutant("no-outputs-of-updates-are-an-error", "EVT-UPD-02")(
    lambda: wire(
        lambda call, reply: reply.but(status=400) if call.method == "PUT" and b'"outputs": null' in call.body else reply
    )
)
mutant("lists-are-outputs", "EVT-UPD-03")(
    lambda: updates(
        lambda body: {**body, "outputs": {"items": body["outputs"]}} if isinstance(body.get("outputs"), list) else body
    )
)
mutant("empty-outputs-are-none", "EVT-UPD-03")(
    lambda: updates(lambda body: {**body, "outputs": None} if body.get("outputs") in ("", []) else body)
)
mutant("no-duration-is-nothing", "EVT-UPD-04")(
    lambda: updates(lambda body: {name: each for name, each in body.items() if name != "duration" or each})
)
mutant("children-are-sorted", "EVT-UPD-04")(
    lambda: updates(
        lambda body: (
            {**body, "children_ids": sorted(body["children_ids"])}
            if isinstance(body.get("children_ids"), list)
            else body
        )
    )
)


async def _inputs(_: str, handler: Handler, request: Request) -> Response:
    if isinstance(request.body.get("inputs"), dict):
        event_id = request.parameters.get("event_id") or request.body["event_id"]
        await request.writes.update(request.tenant, event_id.lower(), {b't"inputs"': b"{}"})
    return await handler(request)


mutant("update-of-inputs", "EVT-UPD-05")(lambda: handlers(_inputs, UPDATING))
mutant("update-of-any-id", "EVT-UPD-07")(
    lambda: wire(
        lambda call, reply: (
            reply.but({"success": True}, status=200)
            if call.method == "PUT" and b"event_id" not in call.body and "no-uuid" in call.path
            else reply
        )
    )
)
mutant("update-of-no-id", "EVT-UPD-07")(
    lambda: wire(
        lambda call, reply: (
            reply.but({"success": True}, status=200)
            if call.method == "PUT" and call.path == "/events" and reply.status == 400
            else reply
        )
    )
)


async def _half(_: str, handler: Handler, request: Request) -> Response:
    if not isinstance(request.body.get("outputs"), dict | None):
        sound = {name: value for name, value in request.body.items() if name != "outputs"}
        await handler(request._replace(body=sound))
    return await handler(request)


mutant("half-of-a-refused-update", "EVT-UPD-09")(lambda: handlers(_half, UPDATING))


def _keys_of(event: Any) -> set[bytes]:
    """The fields that an event has from the beginning or from updates."""
    letters = {"config": b"c", "feedback": b"f", "metrics": b"k"}
    packed = json.loads(event.packed)
    created = {letter + json.dumps(key).encode() for name, letter in letters.items() for key in packed[name]}
    return created | set(event.merged)


mutant("old-value-of-an-update-wins", "EVT-UPD-10")(
    lambda: stored(
        lambda there, fields: {
            key: value for key, value in fields.items() if key[:1] == b"t" or key not in _keys_of(there)
        }
    )
)


async def _without_tenant(_: str, handler: Handler, request: Request) -> Response:
    return await handler(request._replace(tenant=request.tenant._replace(digest="all")))


mutant("updates-have-no-tenant", "EVT-UPD-12")(
    lambda: handlers(_without_tenant, (*UPDATING, "createEvent", "createEventLegacy", "getEvent"))
)


async def _read_and_write(self: MemoryStore, tenant: Tenant, event_id: str, fields: Fields) -> bool:
    there = await self.read(tenant, event_id)
    if there is None:
        return False
    await asyncio.sleep(0.02)
    keep(self, tenant, event_id, there._replace(merged={**there.merged, **fields}))
    return True


mutant("updates-at-once-are-lost", "EVT-UPD-13")(lambda: patch.object(MemoryStore, "update", _read_and_write))


async def _created(_: str, handler: Handler, request: Request) -> Response:
    event_id = (request.parameters.get("event_id") or request.body.get("event_id") or "").lower()
    if len(event_id) == 36 and await request.store.read(request.tenant, event_id) is None:
        event = normalise_event({"event_type": "tool", "inputs": {}, "event_id": event_id}, request.clock)[0]
        await request.store.create_or_merge(request.tenant, entry_of(event), encode(event))
    return await handler(request)


mutant("update-creates", "EVT-UPD-15")(lambda: handlers(_created, UPDATING))
mutant("large-integers-of-updates-rounded", "EVT-UPD-16")(lambda: updates(members(rounded)))
mutant("large-integers-that-were-there-rounded", "EVT-UPD-16")(
    lambda: responses(
        lambda body: {"event": {**body["event"], "metrics": members(rounded)(body["event"]["metrics"])}}, ("getEvent",)
    )
)


async def _of_all_alike(self: MemoryStore, tenant: Tenant, event_id: str, fields: Fields) -> bool:
    alike = [each for each in self._events.get(tenant.digest, {}) if each[:35] == event_id[:35]]
    return any([await update(self, tenant, each, fields) for each in alike])


mutant("ids-are-known-by-35-characters", "EVT-UPD-17")(lambda: patch.object(MemoryStore, "update", _of_all_alike))
