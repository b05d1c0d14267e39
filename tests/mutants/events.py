"""The operations on events, gone wrong."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from hivestand.handlers.errors import NotFound
from hivestand.handlers.event.normalise import Json
from hivestand.handlers.operations import OPERATIONS, Handler
from hivestand.handlers.request import Request, Response
from hivestand.handlers.store.memory.events import MemoryStore
from mutants.mutant import Group, Patch, WireRequest, WireResponse, bodies, handlers, keep, responses, wire

mutant = Group("events")
CREATING = ("createEvent", "createEventLegacy")
ADDING = ("createSessionEventBatch", "addSessionTracesLegacy")
BATCHES = ("createEventBatch", "createEventBatchLegacy")
UPDATING = ("updateEvent", "updateEventLegacy")
SEARCHING = ("searchEvents", "exportEventsLegacy")
EVENTS = (*CREATING, *ADDING, *BATCHES, *UPDATING, *SEARCHING, "getEvent", "exportTraces")


def missing(*operations: str) -> Patch:
    """Operations that are not there."""

    async def refuse(_: str, _handler: Handler, _request: Request) -> Response:
        raise NotFound("Route not found")

    return handlers(refuse, operations)


for name in EVENTS:
    mutant(f"no-{name}", "EVT-ROUTE-02" if name == "exportTraces" else "EVT-ROUTE-01")(partial(missing, name))


def of_events(response: Callable[[WireRequest, WireResponse], WireResponse]) -> Patch:
    """Change responses of the operations on events."""
    started = ("/v1/sessions", "/session/start")
    return wire(lambda call, reply: reply if call.path in started else response(call, reply))


def let_in(condition: Callable[[WireRequest], bool]) -> Patch:
    """Some requests about events count as of the first token's."""
    return wire(
        request=lambda call: (
            call.with_headers(authorization="Bearer one") if "event" in call.path and condition(call) else call
        )
    )


def on(status: int, other: int | None = None, **headers: str) -> Patch:
    """Another status, or other headers, in place of those of a status."""
    return of_events(lambda _, reply: reply.but(status=other, **headers) if reply.status == status else reply)


def body_on(status: int, body: Json, other: int) -> Patch:
    """Another status and body in place of those of a status."""
    return of_events(lambda _, reply: reply.but(body, status=other) if reply.status == status else reply)


mutant("events-created-are-201", "EVT-ROUTE-03")(lambda: of_events(lambda _, reply: reply.but(status=201)))
mutant("updates-are-204", "EVT-ROUTE-03")(
    lambda: wire(lambda call, reply: reply.but(b"", status=204) if call.method == "PUT" else reply)
)
mutant("success-is-a-string", "EVT-ANS-01")(
    lambda: responses(lambda body: {**body, "success": "true"}, (*CREATING, *ADDING))
)
mutant("event-without-its-id", "EVT-ANS-01")(lambda: responses(lambda body: {"success": True}, CREATING))
mutant("events-under-another-name", "EVT-ANS-01")(lambda: responses(lambda body: {"data": body["events"]}, SEARCHING))
mutant("count-is-missing", "EVT-ANS-01")(lambda: responses(lambda body: {"events": body["events"]}, SEARCHING))
mutant("event-is-bare", "EVT-ANS-01")(lambda: responses(lambda body: body["event"], ("getEvent",)))
mutant("update-is-empty", "EVT-ANS-02")(lambda: responses(lambda _: b"", UPDATING))
mutant("update-says-ok", "EVT-ANS-02")(lambda: responses(lambda _: b'"OK"', UPDATING))
mutant("events-are-text", "EVT-ANS-03")(lambda: on(200, content_type="text/plain"))
mutant("events-need-no-token", "EVT-AUTH-01")(lambda: let_in(lambda call: "authorization" not in call.headers))
mutant("reading-needs-no-token", "EVT-AUTH-01")(
    lambda: let_in(lambda call: "authorization" not in call.headers and call.method == "GET")
)
mutant("events-take-the-bad-token", "EVT-AUTH-02")(lambda: let_in(lambda call: call.token == "invalid"))
mutant("no-object-is-taken", "EVT-HTTP-01")(
    lambda: wire(request=lambda call: _replaced(call, b"{}") if isinstance(call.json, list) else call)
)
mutant("malformed-event-is-422", "EVT-HTTP-01")(lambda: on(400, 422))
mutant("any-media-type-is-json", "EVT-HTTP-02")(
    lambda: wire(request=lambda call: call.with_headers(content_type="application/json") if call.body else call)
)
mutant("events-are-never-strict", "EVT-STRICT-01")(
    lambda: wire(request=lambda call: call.without("prefer") if "event" in call.path else call)
)


def _replaced(call: WireRequest, body: bytes) -> WireRequest:
    return WireRequest(call.method, call.path, call.headers, body)


def normalised(change: Callable[[dict[str, Json], dict[str, Json]], Json]) -> Patch:
    """Change the event that is made of one that was sent, wherever that is done."""
    from hivestand.handlers.event.normalise import normalise_event  # noqa: PLC0415 - as it is now

    def changed(sent: Any, clock: Any, session_id: str | None = None, **older: bool) -> Any:
        event, told = normalise_event(sent, clock, session_id, **older)
        return change({**event}, sent), told

    return everywhere("normalise_event", changed, "events", "batches", "bulk")


@contextmanager
def everywhere(name: str, stand_in: Any, *modules: str) -> Iterator[None]:
    """Put a stand-in for a function into the modules that use it."""
    with ExitStack() as stack:
        for module in modules:
            stack.enter_context(patch(f"hivestand.handlers.api.{module}.{name}", stand_in))
        yield


def without_event_member(name: str, empty: Json) -> Patch:
    """A property of events is lost."""
    return normalised(lambda event, _: {**event, name: empty})


def lenient_event(**defaults: Json) -> Patch:
    """What is required has a fallback."""

    def filled(body: Json) -> Json:
        if isinstance(body.get("event"), dict):
            return {**body, "event": {**body["event"], **_missing(body["event"], defaults)}}
        if isinstance(body.get("events"), list):
            events = [{**each, **_missing(each, defaults)} for each in body["events"] if isinstance(each, dict)]
            return {**body, "events": events}
        return {**body, **_missing(body, defaults)}

    return bodies(filled, *CREATING, *ADDING, *BATCHES)


def _missing(event: dict[str, Json], defaults: dict[str, Json]) -> dict[str, Json]:
    wrong = {
        "event_type": lambda value: value not in ("chain", "model", "tool", "session"),
        "inputs": lambda value: not isinstance(value, dict),
    }
    return {name: value for name, value in defaults.items() if wrong[name](event.get(name))}


mutant("sessions-are-no-type", "EVT-NEW-01")(
    lambda: patch("hivestand.handlers.event.normalise.TYPES", ("chain", "model", "tool"))
)
mutant("generic-is-tool", "EVT-NEW-04")(lambda: normalised(lambda event, _: {**event, "event_type": "tool"}))
mutant("type-has-a-fallback", "EVT-NEW-02")(lambda: lenient_event(event_type="tool"))
mutant("inputs-have-a-fallback", "EVT-NEW-02")(lambda: lenient_event(inputs={}))
mutant("no-parent", "EVT-NEW-03")(lambda: normalised(lambda event, sent: {**event, "parent_id": sent.get("parent_id")}))
mutant("name-is-empty", "EVT-NEW-03")(
    lambda: normalised(lambda event, sent: event if "event_name" in sent else {**event, "event_name": ""})
)
mutant("source-is-null", "EVT-NEW-03")(
    lambda: normalised(lambda event, sent: event if "source" in sent else {**event, "source": None})
)
for lost in ("config", "outputs", "error", "metrics", "feedback", "user_properties", "children_ids", "duration"):
    empty: Json = None if lost in ("error", "duration") else [] if lost == "children_ids" else {}
    mutant(f"{lost}-of-an-event-is-lost", "EVT-NEW-04")(partial(without_event_member, lost, empty))
mutant("own-event-id", "EVT-NEW-06")(
    lambda: bodies(lambda body: {name: each for name, each in body.items() if name != "event_id"}, "createEvent")
)
mutant("event-needs-no-wrapper", "EVT-NEW-05")(
    lambda: bodies(lambda body: body if isinstance(body.get("event"), dict) else {"event": body}, "createEventLegacy")
)


@mutant("unknown-event-is-empty", "EVT-GET-01")
def empty_event() -> Patch:
    """200 with nothing in it."""
    return body_on(404, {"event": {"event_id": ""}}, 200)


mutant("malformed-id-is-404", "EVT-GET-02")(
    lambda: wire(lambda call, reply: reply.but(status=404) if call.path.endswith("no-uuid") else reply)
)


async def _no_session(_: str, handler: Handler, request: Request) -> Response:
    response = await handler(request)
    if json.loads(response.body)["event"]["event_type"] == "session":
        raise NotFound("Event not found")
    return response


async def _without_tenant(_: str, handler: Handler, request: Request) -> Response:
    return await handler(request._replace(tenant=request.tenant._replace(digest="all")))


mutant("sessions-are-no-events", "EVT-GET-03")(lambda: handlers(_no_session, ("getEvent",)))
mutant("events-have-no-tenant", "EVT-GET-04")(lambda: handlers(_without_tenant, EVENTS))
mutant("searches-have-no-tenant", "EVT-FIND-11")(lambda: handlers(_without_tenant, EVENTS))


def updates(change: Callable[[dict[str, Json]], Json]) -> Patch:
    """Change what an update says."""
    return bodies(change, *UPDATING)


def updates_without(name: str) -> Patch:
    """A property of updates is lost."""
    return updates(lambda body: {key: each for key, each in body.items() if key != name})


async def _overwrite(self: MemoryStore, tenant: Any, event_id: str, fields: Any) -> bool:
    there = await self.read(tenant, event_id)
    if there is None:
        return False
    letters = {key[:1] for key in fields}
    kept = {key: value for key, value in there.merged.items() if key[:1] not in letters}
    keep(self, tenant, event_id, there._replace(merged={**kept, **fields}))
    return True


async def _forget(self: MemoryStore, tenant: Any, event_id: str, _fields: Any) -> bool:
    return await self.read(tenant, event_id) is not None


mutant("update-overwrites-objects", "EVT-UPD-01")(lambda: patch.object(MemoryStore, "update", _overwrite))
mutant("update-answered-and-not-stored", "EVT-UPD-01")(lambda: patch.object(MemoryStore, "update", _forget))
for left in ("metadata", "feedback", "metrics", "config", "user_properties"):
    mutant(f"update-of-{left}-is-lost", "EVT-UPD-01")(partial(updates_without, left))
mutant("outputs-are-merged", "EVT-UPD-02")(
    lambda: updates(
        lambda body: (
            {**body, "outputs": {"old": 1, **body["outputs"]}} if isinstance(body.get("outputs"), dict) else body
        )
    )
)
mutant("null-clears-outputs", "EVT-UPD-02")(
    lambda: updates(lambda body: {**body, "outputs": {}} if "outputs" in body and body["outputs"] is None else body)
)
mutant("any-outputs-are-taken", "EVT-UPD-03")(
    lambda: updates(
        lambda body: (
            body if isinstance(body.get("outputs"), dict | None) else {**body, "outputs": {"value": body["outputs"]}}
        )
    )
)
mutant("wrong-outputs-are-ignored", "EVT-UPD-03")(
    lambda: updates(lambda body: body if isinstance(body.get("outputs"), dict | None) else {**body, "outputs": None})
)
for left in ("duration", "end_time", "children_ids"):
    mutant(f"update-of-{left.replace('_', '-')}-is-lost", "EVT-UPD-04")(partial(updates_without, left))


async def _no_children(name: str, handler: Handler, request: Request) -> Response:
    if request.body.get("children_ids") == []:
        event_id = request.parameters.get("event_id") or request.body["event_id"]
        await request.writes.update(request.tenant, event_id.lower(), {b't"children_ids"': b"[]"})
    return await handler(request)


mutant("empty-children-are-set", "EVT-UPD-04")(lambda: handlers(_no_children, UPDATING))


async def _rename(name: str, handler: Handler, request: Request) -> Response:
    if isinstance(request.body.get("event_name"), str):
        event_id = request.parameters.get("event_id") or request.body["event_id"]
        text = json.dumps(request.body["event_name"]).encode()
        await request.writes.update(request.tenant, event_id.lower(), {b't"event_name"': text})
    return await handler(request)


mutant("update-renames", "EVT-UPD-05")(lambda: handlers(_rename, UPDATING))
mutant("update-refuses-unknown", "EVT-UPD-05")(
    lambda: wire(
        lambda call, reply: reply.but(status=400) if call.method == "PUT" and "colour" in (call.json or {}) else reply
    )
)


async def _no_session_update(name: str, handler: Handler, request: Request) -> Response:
    event_id = (request.parameters.get("event_id") or request.body.get("event_id") or "").lower()
    event = await request.store.read(request.tenant, event_id)
    if event is not None and json.loads(event.packed)["event_type"] == "session":
        return Response(b'{"success":true}')
    return await handler(request)


mutant("session-is-not-enriched", "EVT-UPD-06")(lambda: handlers(_no_session_update, UPDATING))

mutant("ids-in-another-order", "EVT-BAT-06")(
    lambda: responses(lambda body: {**body, "event_ids": body["event_ids"][::-1]}, BATCHES)
)
mutant("one-id-too-few", "EVT-BAT-01")(
    lambda: responses(lambda body: {**body, "event_ids": body["event_ids"][1:]}, BATCHES)
)
mutant("single-session-is-ignored", "EVT-BAT-02")(
    lambda: bodies(lambda body: {**body, "single_session": False, "is_single_session": False}, *BATCHES)
)
mutant("session-properties-are-ignored", "EVT-BAT-02")(
    lambda: bodies(lambda body: {**body, "session_properties": {}, "session": {}}, *BATCHES)
)
mutant("session-id-is-not-answered", "EVT-BAT-07")(
    lambda: responses(lambda body: {name: each for name, each in body.items() if name != "session_id"}, BATCHES)
)
mutant("batch-fills-the-type", "EVT-BAT-03")(lambda: lenient_event(event_type="tool", inputs={}))
mutant("adding-fills-the-type", "EVT-ADD-06")(lambda: lenient_event(event_type="tool", inputs={}))


@mutant("stored-up-to-what-is-wrong", "EVT-BAT-04")
def half_stored() -> Patch:
    """What comes before the event that is refused is stored."""

    async def handle(name: str, handler: Handler, request: Request) -> Response:
        for event in request.body.get("events") or ():
            if isinstance(event, dict) and isinstance(event.get("inputs"), dict) and len(request.body["events"]) > 1:
                await OPERATIONS["createEvent"](request._replace(body=event))
        return await handler(request)

    return handlers(handle, (*BATCHES, *ADDING))


mutant("no-events-are-taken", "EVT-BAT-05")(
    lambda: bodies(
        lambda body: body if isinstance(body.get("events", body.get("logs")), list) else {"events": []},
        *BATCHES,
        *ADDING,
    )
)


async def _own_session(name: str, handler: Handler, request: Request) -> Response:
    events = request.body.get("events") or request.body.get("logs") or [{}]
    own = next((each["session_id"] for each in events if isinstance(each, dict) and "session_id" in each), None)
    session_id = own or request.parameters["session_id"]
    return await handler(request._replace(parameters={"session_id": session_id}))


mutant("session-of-the-event", "EVT-ADD-01")(lambda: handlers(_own_session, ADDING))
mutant("unknown-is-ignored", "EVT-ADD-02")(
    lambda: handlers(lambda _, __, request: OPERATIONS["addSessionTracesLegacy"](request), ("createSessionEventBatch",))
)
mutant("events-win-over-logs", "EVT-ADD-04")(
    lambda: bodies(
        lambda body: {name: each for name, each in body.items() if name != "logs" or "events" not in body}, ADDING[1]
    )
)
mutant("logs-are-not-known", "EVT-ADD-04")(
    lambda: bodies(lambda body: {name: each for name, each in body.items() if name != "logs"}, ADDING[1])
)
mutant("nothing-to-add-is-taken", "EVT-ADD-04")(
    lambda: bodies(lambda body: body if "logs" in body or "events" in body else {"events": []}, ADDING[1])
)

mutant("first-come-first", "EVT-FIND-13")(
    lambda: responses(lambda body: {**body, "events": body["events"][::-1]}, SEARCHING)
)
mutant("session-filter-is-ignored", "EVT-FIND-01")(
    lambda: bodies(
        lambda body: {
            **body,
            "filters": [
                each
                for each in body.get("filters", [])
                if not isinstance(each, dict) or each.get("field") != "session_id"
            ],
        },
        *SEARCHING,
    )
)
mutant("page-is-ignored", "EVT-FIND-02")(lambda: bodies(lambda body: {**body, "page": 1}, *SEARCHING))
mutant("pages-count-from-zero", "EVT-FIND-02")(
    lambda: bodies(
        lambda body: (
            {**body, "page": body["page"] + 1} if isinstance(body.get("page"), int) and body["page"] > 0 else body
        ),
        *SEARCHING,
    )
)
mutant("limit-is-ignored", "EVT-FIND-02")(
    lambda: bodies(
        lambda body: {name: each for name, each in body.items() if name != "limit" or not 0 < each < 1001}, *SEARCHING
    )
)
mutant("count-is-the-page", "EVT-FIND-03")(
    lambda: responses(lambda body: {**body, "count": len(body["events"])}, SEARCHING)
)
mutant("limit-is-cut", "EVT-FIND-04")(
    lambda: bodies(lambda body: {**body, "limit": min(1000, max(1, body.get("limit", 1000)))}, "searchEvents")
)
mutant("export-limit-is-cut", "EVT-FIND-04")(
    lambda: bodies(lambda body: {**body, "limit": min(7500, max(1, body.get("limit", 1000)))}, "exportEventsLegacy")
)
mutant("export-is-as-small-as-a-search", "EVT-FIND-05")(
    lambda: patch("hivestand.handlers.api.search._EXPORT", _form(1000))
)


def _form(most: int) -> Any:
    from hivestand.handlers.event.query import Form  # noqa: PLC0415 - where it is used

    return Form(most, ("$gte", "$lte"), typed=True)


def operator(name: str, other: str) -> Patch:
    """One operator does what another does."""
    return bodies(
        lambda body: {
            **body,
            "filters": [
                {**each, "operator": other}
                if isinstance(each, dict) and each.get("operator") == name and each.get("field") != "session_id"
                else each
                for each in body.get("filters", [])
            ],
        },
        *SEARCHING,
    )


for name, other in (
    ("is not", "is"),
    ("contains", "is"),
    ("not contains", "is not"),
    ("exists", "not exists"),
    ("greater than", "less than"),
    ("less than", "greater than"),
    ("after", "before"),
    ("before", "after"),
    ("not exists", "exists"),
):
    mutant(f"{name.replace(' ', '-')}-means-{other.replace(' ', '-')}", "EVT-FIND-06")(partial(operator, name, other))
mutant("after-includes", "EVT-FIND-06")(lambda: patch("hivestand.handlers.event.query._bounds", _including))


def _including(each: Any) -> Any:
    """Both ends."""
    if each.path != "start_time" or each.negated or each.operator not in ("after", "before"):
        return None
    return (int(each.value), 2**63 - 1) if each.operator == "after" else (-(2**63), int(each.value))


mutant("any-filter-is-enough", "EVT-FIND-07")(
    lambda: bodies(lambda body: {**body, "filters": body.get("filters", [])[:2]}, *SEARCHING)
)
mutant("dates-exclude-the-end", "EVT-FIND-08")(
    lambda: patch("hivestand.handlers.event.query._dates", _excluding(0, -1))
)
mutant("dates-exclude-the-beginning", "EVT-FIND-08")(
    lambda: patch("hivestand.handlers.event.query._dates", _excluding(1, 0))
)
mutant("dates-are-ignored", "EVT-FIND-08")(
    lambda: bodies(lambda body: {name: each for name, each in body.items() if name != "dateRange"}, *SEARCHING)
)


def _excluding(first: int, last: int) -> Any:
    from hivestand.handlers.event.query import _dates  # noqa: PLC0415 - as it is now

    def dates(*arguments: Any) -> tuple[int, int]:
        since, until = _dates(*arguments)
        return since + first, until + last

    return dates


mutant("malformed-filters-are-ignored", "EVT-FIND-09")(
    lambda: bodies(
        lambda body: {
            **body,
            "filters": [
                each
                for each in body.get("filters", [])
                if isinstance(each, dict)
                and each.get("operator") != "resembles"
                and each.get("type") != "colour"
                and "field" in each
            ],
        },
        *SEARCHING,
    )
)
mutant("projections-are-ignored", "EVT-FIND-10")(
    lambda: bodies(
        lambda body: {name: each for name, each in body.items() if name != "projections"}, "exportEventsLegacy"
    )
)
mutant("searches-show-the-beginning", "EVT-FIND-12")(
    lambda: patch("hivestand.handlers.api.reading.text", _first_text())
)


def _first_text() -> Any:
    from hivestand.handlers.event.encoding import text  # noqa: PLC0415 - as it is now

    def first(event: Any, tenant: Any) -> bytes:
        created = {key: value for key, value in event.merged.items() if key[:1] in (b"m", b"u")}
        return text(event._replace(merged=created), tenant)

    return first


def spans(change: Callable[[dict[str, Json]], dict[str, Json]]) -> Patch:
    """Change the event that a span becomes."""
    from hivestand.handlers.otlp.mapping import event_of  # noqa: PLC0415 - as it is now

    def changed(*arguments: Any) -> Any:
        mapped = event_of(*arguments)
        event: Any = change(dict(mapped.event))
        return mapped._replace(event=event)

    return patch("hivestand.handlers.api.traces.event_of", changed)


def spans_without(lost: str) -> Patch:
    """A property of spans is lost."""
    return spans(lambda event: {**event, lost: None if lost == "error" else {}})


for lost in ("inputs", "outputs", "metrics", "error"):
    mutant(f"{lost}-of-a-span-are-lost", "EVT-SPAN-01")(partial(spans_without, lost))
mutant("spans-are-tools", "EVT-SPAN-01")(lambda: spans(lambda event: {**event, "event_type": "tool"}))
mutant("times-of-spans-are-nanoseconds", "EVT-SPAN-01")(
    lambda: spans(lambda event: {**event, "start_time": event["start_time"] * 1_000_000})
)
mutant("spans-are-apart", "EVT-SPAN-02")(lambda: spans(lambda event: {**event, "parent_id": event["session_id"]}))
mutant("rejected-spans-are-not-counted", "EVT-SPAN-04")(lambda: responses(lambda _: {}, ("exportTraces",)))
mutant("one-broken-span-refuses-all", "EVT-SPAN-04")(
    lambda: wire(
        lambda call, reply: (
            reply.but(status=400) if call.path.endswith("/traces") and b"partialSuccess" in reply.body else reply
        )
    )
)
mutant("any-export-is-taken", "EVT-SPAN-05")(
    lambda: wire(
        lambda call, reply: (
            reply.but({}, status=200) if call.path.endswith("v1/traces") and reply.status == 400 else reply
        )
    )
)
