"""Servers that decide otherwise where the contract is open: no defects, and none of them may fail a MUST."""

import itertools
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any
from uuid import UUID

from hivestand.handlers.errors import BadRequest
from hivestand.handlers.operations import Handler
from hivestand.handlers.request import Request, Response
from mutants.mutant import NEW, Patch, clock, events, handlers, merged, merging, of, put, responses, sessions, wire

Event = dict[str, Any]
NAMES = {"event_name", "session_name", "source"}
IDS = ("event_id", "session_id")
OBJECTS = ("config", "inputs", "outputs", "metadata", "user_properties")
DOCUMENTED = {
    *OBJECTS,
    *("session_id", "session_name", "event_name", "source", "start_time", "end_time", "duration", "children_ids"),
}


def all_of(*patches: Callable[[], Patch]) -> Callable[[], Patch]:
    """Several at once."""

    @contextmanager
    def patched() -> Any:
        with ExitStack() as stack:
            for patch in patches:
                stack.enter_context(patch())
            yield

    return patched


def deep(there: Any, new: Any) -> Any:
    """A merge of every depth."""
    if not isinstance(there, dict) or not isinstance(new, dict):
        return new
    return {**there, **{key: deep(there.get(key), value) for key, value in new.items()}}


def old_wins(there: Event, new: Event) -> Event:
    """A merge that adds, and replaces nothing."""
    return {**there, **{name: {**new[name], **there[name]} for name in ("metadata", "user_properties")}}


def deep_merge(there: Event, new: Event) -> Event:
    """A merge of objects in objects."""
    return {**merged(there, new), **{name: deep(there[name], new[name]) for name in ("metadata", "user_properties")}}


def uuid_of_any_form(session: Event) -> Event:
    """Braces, URNs and UUIDs without hyphens are taken."""
    try:
        return {**session, "session_id": str(UUID(session["session_id"]))}
    except (KeyError, ValueError, AttributeError, TypeError):
        return session


def refused(condition: Callable[[str, Any], bool]) -> Callable[[Event], Event]:
    """400 for some members."""

    def checked(session: Event) -> Event:
        for name, value in session.items():
            if condition(name, value):
                raise BadRequest(f"{name} is not valid")
        return session

    return checked


def of_a_wrong_type(name: str, value: Any) -> bool:
    """What the schema would refuse, but for times, of which the prose says something else."""
    if name in OBJECTS:
        return not isinstance(value, dict)
    if name in {"event_name", "session_name", "source", "session_id"}:
        return not isinstance(value, str)
    return name == "children_ids" and not isinstance(value, list)


def as_sent(event: Event, sent: Event) -> Event:
    """What is no object is kept as it came."""
    return {**event, **{name: sent[name] for name in ("config", "inputs", "outputs") if name in sent}}


def with_unknown(event: Event, sent: Event) -> Event:
    """Fields that nobody documented are kept."""
    return {**event, **{name: value for name, value in sent.items() if name not in {*DOCUMENTED, *event}}}


def with_duration(event: Event) -> Event:
    """A duration that was not sent is computed; an end that was not sent is now."""
    end = event["end_time"] if event["end_time"] is not None else int(time.time() * 1000)
    duration = event["duration"] if event["duration"] is not None else end - event["start_time"]
    return {**event, "end_time": end, "duration": duration}


async def computed(_: str, handler: Handler, request: Request) -> Response:
    """The event as it is read, not as it was stored."""
    response = await handler(request)
    event = json.loads(response.body)
    extra = {"updated_at": time.time(), "links": {"self": f"/v1/sessions/{event['session_id']}"}, "version": 2}
    return response._replace(body=json.dumps({**event, **extra}, indent=1).encode())


def shown_as_double(value: Any) -> Any:
    """1 as 1.0."""
    return float(value) if isinstance(value, int) and abs(value) < 2**53 else value


def empty_is_absent(session: Event) -> Event:
    """An empty text is none."""
    return {name: value for name, value in session.items() if value != "" or name not in NAMES}


_turns = itertools.cycle((str.upper, str.lower))


def in_either_case(event: Event) -> Event:
    """Ids in upper case, and the next time in lower case."""
    turn = next(_turns)
    return {name: turn(value) if name in IDS else value for name, value in event.items()}


DIFFERING: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "the old value wins": lambda: merging(old_wins),
    "objects in objects are merged": lambda: merging(deep_merge),
    "UUIDs of any form": lambda: sessions(uuid_of_any_form),
    "ids in upper case": lambda: responses(of("session_id", str.upper)),
    "unknown fields are refused": lambda: sessions(refused(lambda name, _: name not in DOCUMENTED), (NEW,)),
    "wrong types are refused": lambda: sessions(refused(of_a_wrong_type)),
    "wrong types are kept": lambda: events(as_sent),
    "unknown fields are kept": lambda: events(with_unknown),
    "an empty text counts as absent": lambda: sessions(empty_is_absent),
    "more in the response than is documented": lambda: handlers(computed),
    "a whole second is the finest time": lambda: clock(lambda: int(time.time()) * 1000),
    "a clock three minutes behind": lambda: clock(lambda: int((time.time() - 180) * 1000)),
    "other words and details in errors": lambda: wire(
        lambda _, reply: (
            reply.but({"statusCode": reply.status, "message": "", "success": False, "errorCode": "E1", "trace": "t"})
            if reply.status >= 400
            else reply.but(server="other/1", x_request_id="7", cache_control="no-store")
        )
    ),
    "media types with parameters": lambda: wire(
        lambda _, reply: reply.but(content_type="application/json; charset=utf-8")
    ),
    "text as escapes, and space between": lambda: responses(
        lambda event: json.dumps(event, ensure_ascii=True, indent=4, sort_keys=True).encode()
    ),
    "times as doubles": lambda: responses(
        all_members(("start_time", "end_time", "duration"), shown_as_double),
    ),
    "lone surrogates as escapes": lambda: responses(
        lambda event: json.dumps({**event, "more": "\ud800"}, ensure_ascii=True).encode()
    ),
    "what is empty is left out": lambda: responses(
        lambda event: {name: value for name, value in event.items() if value not in ({}, [])}
    ),
    "ids in either case, as it comes": lambda: responses(in_either_case),
    "bare errors": lambda: wire(lambda _, reply: reply.but({"error": "no"}) if reply.status >= 400 else reply),
    "one organisation for all": lambda: responses(put(org_id="org", workspace_id="default", project_id="p")),
    "no organisation twice": lambda: responses(lambda event: {**event, "org_id": event["session_id"]}),
    "several at once": all_of(
        lambda: merging(deep_merge),
        lambda: sessions(lambda session: empty_is_absent(uuid_of_any_form(session))),
        lambda: handlers(computed),
        lambda: events(with_unknown),
    ),
}


def all_members(names: tuple[str, ...], change: Callable[[Any], Any]) -> Callable[[Event], Event]:
    """A change of several members of an event."""
    return lambda event: {**event, **{name: change(event[name]) for name in names}}
