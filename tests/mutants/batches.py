"""Events and batches of them, gone wrong."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from hivestand.handlers.errors import BadRequest
from hivestand.handlers.event.normalise import Json
from hivestand.handlers.operations import Handler
from hivestand.handlers.request import Request, Response
from mutants.events import ADDING, BATCHES, CREATING, normalised
from mutants.mutant import Group, Patch, bodies, handlers, members, responses, rounded, wire

mutant = Group("batches")
Body = dict[str, Json]
LEGACY = ("createEventLegacy", "addSessionTracesLegacy", "createEventBatchLegacy")


def listed(change: Callable[[list[Json]], list[Json]], *operations: str) -> Patch:
    """Other lists of events."""

    def changed(body: Body) -> Body:
        return {**body, **{name: change(body[name]) for name in ("events", "logs") if isinstance(body.get(name), list)}}

    return bodies(changed, *(operations or (*BATCHES, *ADDING)))


def refusing(name: str, *operations: str) -> Patch:
    """A property of an event is an error."""

    def checked(body: Body) -> Body:
        if f'"{name}"' in json.dumps(body):
            raise BadRequest(f"{name} is not known")
        return body

    return bodies(checked, *operations)


mutant("another-version-of-ids", "EVT-NEW-06")(
    lambda: normalised(
        lambda event, sent: event if sent.get("event_id", "4" * 36)[14] == "4" else {**event, "event_id": str(uuid4())}
    )
)
mutant("large-integers-of-events-rounded", "EVT-NEW-07")(lambda: normalised(lambda event, _: members(rounded)(event)))
mutant("capitals-are-another-event", "EVT-NEW-08")(
    lambda: wire(
        lambda call, reply: (
            reply.but({"statusCode": 404, "message": "no", "success": False, "errorCode": "NO"}, status=404)
            if call.method == "GET" and any(letter.isupper() for letter in call.path.rpartition("/")[2])
            else reply
        )
    )
)
mutant("projects-are-refused", "EVT-NEW-09")(lambda: refusing("project", *LEGACY))


def sharing() -> Patch:
    """What is being created is kept in one place for all."""
    last: list[Any] = [None]

    async def handle(_: str, handler: Handler, request: Request) -> Response:
        own = request.body.get("event_id") or (request.body.get("event") or {}).get("event_id")
        last[0] = request
        await asyncio.sleep(0.02)
        body = last[0].body
        sent = body.get("event", body)
        named = {**sent, "event_id": own} if own else sent
        return await handler(request._replace(body={"event": named} if "event" in request.body else named))

    return handlers(handle, CREATING)


mutant("events-at-once-are-one", "EVT-NEW-15")(sharing)
mutant("two-ids-alike", "EVT-BAT-01")(
    lambda: responses(lambda body: {**body, "event_ids": body["event_ids"][:1] + body["event_ids"][:-1]}, BATCHES)
)
mutant("ids-of-a-batch-are-new", "EVT-BAT-01")(
    lambda: listed(
        lambda events: [
            {name: value for name, value in each.items() if name != "event_id"} if isinstance(each, dict) else each
            for each in events
        ],
        *BATCHES,
    )
)
mutant("own-ids-come-first", "EVT-BAT-06")(
    lambda: listed(
        lambda events: sorted(events, key=lambda each: not (isinstance(each, dict) and "event_id" in each)), *BATCHES
    )
)
mutant("another-session-is-answered", "EVT-BAT-07")(
    lambda: responses(lambda body: {**body, "session_id": str(uuid4())}, BATCHES)
)
mutant("every-batch-is-one-session", "EVT-BAT-08")(
    lambda: bodies(lambda body: {**body, "single_session": True}, *BATCHES)
)
mutant("declined-is-asked-for", "EVT-BAT-08")(
    lambda: bodies(lambda body: {**body, "single_session": "single_session" in body}, *BATCHES)
)
mutant("a-hundred-events-are-stored", "EVT-BAT-09")(lambda: listed(lambda events: events[:100]))
mutant("a-hundred-events-are-added", "EVT-BAT-09")(lambda: listed(lambda events: events[:100], *ADDING))
mutant("logs-are-forgotten", "EVT-ADD-05")(
    lambda: bodies(lambda body: {**body, "logs": []} if body.get("logs") else body, ADDING[1])
)
mutant("inputs-of-traces-are-anything", "EVT-ADD-06")(
    lambda: listed(
        lambda events: [
            {**each, "inputs": {"value": each["inputs"]}}
            if isinstance(each, dict) and not isinstance(each.get("inputs", {}), dict)
            else each
            for each in events
        ],
        ADDING[1],
    )
)


mutant("any-session-id-is-taken", "EVT-ADD-09")(
    lambda: wire(
        lambda call, reply: (
            reply.but({"success": True}, status=200)
            if "/no-uuid/events" in call.path and reply.status == 400
            else reply
        )
    )
)
mutant("older-operations-refuse-what-is-unknown", "EVT-ADD-10")(lambda: refusing("colour", *LEGACY))
mutant("older-batch-refuses-what-is-unknown", "EVT-ADD-10")(lambda: refusing("colour", LEGACY[2]))
mutant("unknown-of-the-batch-is-ignored", "EVT-ADD-02")(
    lambda: bodies(
        lambda body: {name: value for name, value in body.items() if name != "colour"}, "createSessionEventBatch"
    )
)
mutant("unknown-of-an-event-is-ignored", "EVT-ADD-02")(
    lambda: listed(
        lambda events: [
            {name: value for name, value in each.items() if name != "colour"} if isinstance(each, dict) else each
            for each in events
        ],
        "createSessionEventBatch",
    )
)
mutant("the-last-of-a-batch-is-not-looked-at", "EVT-BAT-03")(
    lambda: listed(
        lambda events: [
            *events[:-1],
            *({"event_type": "tool", **each, "inputs": {}} if isinstance(each, dict) else each for each in events[-1:]),
        ],
        "createEventBatch",
    )
)


mutant("metadata-of-a-batch-is-lost", "EVT-NEW-04")(
    lambda: listed(
        lambda events: [{**each, "metrics": {}} if isinstance(each, dict) else each for each in events], *BATCHES
    )
)
mutant("parents-of-what-is-added-are-lost", "EVT-NEW-04")(
    lambda: listed(
        lambda events: [
            {name: value for name, value in each.items() if name != "parent_id"} if isinstance(each, dict) else each
            for each in events
        ],
        *ADDING,
    )
)
