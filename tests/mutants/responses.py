"""Responses that are not the event that they should be."""

import datetime as dt
import itertools
import json
from typing import Any

from hivestand.handlers.operations import Handler
from hivestand.handlers.request import Request, Response
from mutants.mutant import OLD, Group, Patch, cut, handlers, members, of, put, responses, wire

mutant = Group("responses")
Event = dict[str, Any]
IDS = ("event_id", "session_id", "org_id", "workspace_id", "project_id")


def in_turn(count: int, change: Any) -> Patch:
    """One response of so many is another."""
    number = itertools.count(1)
    return responses(lambda event: event if next(number) % count else change(event))


def camel(event: Event) -> Event:
    """Names as JavaScript has them."""
    return {
        name.title().replace("_", "")[:1].lower() + name.title().replace("_", "")[1:]: event[name] for name in event
    }


def iso(value: Any) -> Any:
    """A time as text."""
    if not isinstance(value, int) or abs(value) > 10**14:
        return value
    return dt.datetime.fromtimestamp(value / 1000, dt.UTC).isoformat()


mutant("response-is-no-json", "SES-ANS-01")(lambda: responses(lambda event: str(event).encode()))
mutant("response-is-empty", "SES-ANS-01")(lambda: responses(lambda _: b""))
mutant("response-is-cut-short", "SES-ANS-01")(lambda: responses(lambda event: json.dumps(event).encode()[:-1]))
mutant("response-in-latin-1", "SES-ANS-01")(
    lambda: responses(lambda event: json.dumps(event, ensure_ascii=False).encode("latin-1", "replace"))
)
mutant("response-begins-with-a-mark", "SES-ANS-01")(lambda: responses(lambda event: b"\xef\xbb\xbf" + dumped(event)))
mutant("response-is-json-in-a-string", "SES-ANS-02")(lambda: responses(json.dumps))
mutant("response-is-an-array", "SES-ANS-02")(lambda: responses(lambda event: [event]))
mutant("response-is-null", "SES-ANS-02")(lambda: responses(lambda _: b"null"))
mutant("older-response-is-empty", "SES-ANS-01")(lambda: responses(lambda _: b"", (OLD,)))
mutant("response-in-a-wrapper", "SES-ANS-02")(lambda: responses(lambda event: {"event": event}))
mutant("older-response-in-a-wrapper", "SES-ANS-02")(lambda: responses(lambda event: {"session": event}, (OLD,)))
mutant("response-in-camel-case", "SES-ANS-02")(lambda: responses(camel))
mutant("older-response-is-the-id-alone", "SES-ANS-02")(
    lambda: responses(lambda event: {"session_id": event["session_id"]}, (OLD,))
)
for _name in IDS:
    mutant(f"{_name.replace('_', '-')}-missing", "SES-ANS-02")(lambda name=_name: responses(cut(name)))  # type: ignore[misc]
mutant("project-null", "SES-ANS-02")(lambda: responses(put(project_id=None)))
mutant("organisation-a-number", "SES-ANS-02")(lambda: responses(put(org_id=7)))
mutant("workspace-an-object", "SES-ANS-02")(
    lambda: responses(of("workspace_id", lambda value: {"id": value, "name": "default"}))
)
mutant("ids-null", "SES-ANS-02")(lambda: responses(put(**dict.fromkeys(IDS))))
mutant("now-and-then-an-id-is-null", "SES-ANS-02")(lambda: in_turn(5, put(workspace_id=None)))
mutant("numbers-are-strings", "SES-ANS-03")(
    lambda: responses(members(lambda value: str(value) if type(value) in {int, float} else value))
)
mutant("times-are-dates", "SES-ANS-03")(
    lambda: responses(lambda event: of("start_time", iso)(of("end_time", iso)(event)))
)
mutant("duration-is-a-string", "SES-ANS-03")(
    lambda: responses(of("duration", lambda value: None if value is None else f"{value}ms"))
)
mutant("error-is-an-object", "SES-ANS-03")(lambda: responses(put(error={})))
mutant("error-is-false", "SES-ANS-03")(lambda: responses(put(error=False)))
mutant("parent-is-a-list", "SES-ANS-03")(lambda: responses(put(parent_id=[])))
mutant("event-type-is-a-number", "SES-ANS-03")(lambda: responses(put(event_type=1)))
mutant("children-are-null", "SES-ANS-03")(lambda: responses(put(children_ids=None)))
mutant("children-are-a-string", "SES-ANS-03")(lambda: responses(of("children_ids", ",".join)))
mutant("children-are-objects", "SES-CHILD-01")(
    lambda: responses(of("children_ids", lambda ids: [{"event_id": each} for each in ids]))
)
mutant("duration-is-empty-without-one", "SES-ANS-03")(
    lambda: responses(of("duration", lambda value: "" if value is None else value))
)
mutant("event-of-type-chain", "SES-ANS-04")(lambda: responses(put(event_type="chain")))
mutant("event-type-capitalised", "SES-ANS-04")(lambda: responses(put(event_type="Session")))
mutant("event-type-missing", "SES-ANS-04")(lambda: responses(cut("event_type")))
mutant("event-id-of-its-own", "SES-ANS-04")(lambda: responses(of("event_id", lambda value: value[::-1])))
mutant("event-id-prefixed", "SES-ANS-04")(lambda: responses(of("event_id", lambda value: f"evt_{value}")))
mutant("session-its-own-parent", "SES-ANS-05")(
    lambda: responses(lambda event: {**event, "parent_id": event["event_id"]})
)
mutant("parent-is-empty", "SES-ANS-05")(lambda: responses(put(parent_id="")))
mutant("error-is-empty", "SES-ANS-05")(lambda: responses(put(error="")))
mutant("metrics-are-null", "SES-ANS-05")(lambda: responses(put(metrics=None)))
mutant("feedback-is-a-list", "SES-ANS-05")(lambda: responses(put(feedback=[])))
mutant("metrics-of-the-server", "SES-ANS-05")(lambda: responses(put(metrics={"latency": 1})))
mutant("null-left-out", "SES-ANS-06")(
    lambda: responses(lambda event: {name: value for name, value in event.items() if value is not None})
)
mutant("empty-left-out", "SES-ANS-06")(
    lambda: responses(lambda event: {name: value for name, value in event.items() if value not in ({}, [])})
)
mutant("feedback-missing", "SES-ANS-06")(lambda: responses(cut("feedback")))
mutant("times-missing", "SES-ANS-06")(lambda: responses(cut("start_time", "end_time")))
mutant("children-missing", "SES-ANS-06")(lambda: responses(cut("children_ids")))
mutant("what-was-sent-alone", "SES-ANS-06")(lambda: handlers(only_sent))
mutant("every-fifth-response-lacks-outputs", "SES-ANS-06")(lambda: in_turn(5, cut("outputs")))
mutant("every-fiftieth-response-lacks-outputs", "SES-ANS-06")(lambda: in_turn(50, cut("outputs")))
mutant("older-response-lacks-metrics", "SES-ANS-06")(lambda: responses(cut("metrics"), (OLD,)))


def dumped(event: Event) -> bytes:
    """As JSON text."""
    return json.dumps(event).encode()


async def only_sent(name: str, handler: Handler, request: Request) -> Response:
    """What was not sent is stored, and not answered."""
    response = await handler(request)
    event = json.loads(response.body)
    sent = {**request.body.get("session", {}), **request.body} if name == OLD else request.body
    kept = {key: value for key, value in event.items() if key in {*sent, *IDS, "event_type"}}
    return response._replace(body=dumped(kept))


@mutant("response-of-the-request-before", "SES-ID-04")
def one_behind() -> Patch:
    """Each response is the one to the request before it."""
    last: list[Event] = []

    def returned(event: Event) -> Event:
        last.append(event)
        return last.pop(0) if len(last) > 1 else event

    return responses(returned)


mutant("started-is-201", "SES-ANY-03")(
    lambda: wire(lambda _, reply: reply.but(status=201) if reply.status == 200 else reply)
)
mutant("started-is-202", "SES-ANY-03")(
    lambda: wire(lambda _, reply: reply.but(status=202) if reply.status == 200 else reply)
)
mutant("started-is-204", "SES-ANY-03")(
    lambda: wire(lambda _, reply: reply.but(b"", status=204).without("content-type") if reply.status == 200 else reply)
)
mutant("older-start-is-201", "SES-ANY-03")(
    lambda: wire(lambda call, reply: reply.but(status=201) if reply.status == 200 and "start" in call.path else reply)
)
