"""The operation `exportTraces`: spans of OpenTelemetry become events."""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import orjson

from hivestand.handlers.api.bulk import PreparedEvent, prepare, store_all
from hivestand.handlers.event.encoding import encode_update, loads
from hivestand.handlers.event.normalise import Fallback, normalise_session
from hivestand.handlers.event.repeats import differences
from hivestand.handlers.otlp.decoding import MAX_SPANS, Span, malformed, pointer_to, read_json, read_protobuf
from hivestand.handlers.otlp.mapping import SESSION_NAME, SOURCE, EventIds, Mapped, children_of, event_of, unusable
from hivestand.handlers.request import JSON, Request, Response
from hivestand.handlers.turns import Turns

PROTOBUF: Final = "application/x-protobuf"
MAX_TOLD: Final = 1000  # different fallbacks of one request: more than the response can tell
_RENEWED_AT_ONCE: Final = 250
# what the index holds of an event, which never changes
_FIXED: Final = frozenset({"event_id", "session_id", "event_type", "event_name", "start_time"})


class SessionsOfSpans:
    """The sessions of the spans of a request, and which of them are to be created."""

    def __init__(self, *, always: bool) -> None:
        """Start without any; with `always` every one is to be created."""
        self._always = always
        self._sessions: dict[str, dict[str, Any]] = {}
        self._wanted: set[str] = set()
        # what spans call a session, the first first, and the attribute that says so; by the session's id
        self.names: dict[str, dict[str, str]] = {}

    def note(self, mapped: Mapped) -> None:
        """Take what a span says of its session."""
        event = mapped.event
        session_id = event["session_id"]
        if self._always or (mapped.creates and mapped.names_session):
            self._wanted.add(session_id)
        session = self._sessions.setdefault(session_id, {"session_id": session_id})
        start, end = event["start_time"], event["end_time"]
        session["start_time"] = min(start, session.get("start_time", start))
        if end is not None:
            session["end_time"] = max(end, session.get("end_time", end))
        if mapped.source is not None:
            session.setdefault("source", mapped.source)
        if mapped.session_name is not None:
            session.setdefault("session_name", mapped.session_name)
            self.names.setdefault(session_id, {}).setdefault(mapped.session_name, mapped.name_said_by)

    def created(self) -> Sequence[Mapping[str, Any]]:
        """The bodies of the sessions that are to be created."""
        defaults = {"session_name": SESSION_NAME, "source": SOURCE}
        return [{**defaults, **session} for key, session in self._sessions.items() if key in self._wanted]


async def export_traces(request: Request) -> Response:
    """Store an event for each span, and the sessions that they create; the response has the request's encoding.

    Raises:
        BadRequest: it is no ExportTraceServiceRequest, or has too many spans, or too many attributes in one.
        PartiallyStored: the store went away in the middle.
    """
    is_protobuf = isinstance(request.body, bytes)
    turns = Turns()
    spans: deque[Span] = deque()
    reasons: list[str] = []
    unused: list[str] = []
    for span in read_protobuf(request.body, unused) if is_protobuf else read_json(request.body, unused):
        if reason := unusable(span):
            reasons.append(reason)
            unused.append(pointer_to(span.at))
        else:
            spans.append(span)
        if len(spans) > MAX_SPANS:
            raise malformed((), "maxItems", f"more than {MAX_SPANS} spans")
        await turns.give_way()
    ids = EventIds(spans)
    children = children_of(spans, ids)
    sessions = SessionsOfSpans(always=request.options.otlp_session == "always")
    told: dict[tuple[str, str], None] = dict.fromkeys((each, "ignored") for each in unused[:MAX_TOLD])
    events: list[PreparedEvent] = []
    while spans:
        mapped = event_of(spans.popleft(), ids, children, request.clock.now)
        sessions.note(mapped)
        events.append(prepare((mapped.event, ())))
        if mapped.told and len(told) < MAX_TOLD:
            told.update(dict.fromkeys(mapped.told))
        await turns.give_way()
    started = [prepare(normalise_session(each, request.clock)) for each in sessions.created()]
    repeated = await store_all(request, [*started, *events], "Events partially created")
    created = {each.entry.event_id for each in started}
    told.update(dict.fromkeys(await _unused_names(request, sessions.names, created, repeated)))
    told.update(dict.fromkeys(await _renewed(request, [each for each in events if each.entry.event_id in repeated])))
    media_type, encode = (PROTOBUF, _in_protobuf) if is_protobuf else (JSON, _in_json)
    return Response(encode(reasons), [Fallback(*each) for each in told], media_type=media_type)


async def _unused_names(
    request: Request, named: Mapping[str, Mapping[str, str]], created: Collection[str], repeated: Collection[str]
) -> Sequence[Fallback]:
    """The attributes that name a session otherwise than it is called: it was there already, or is not created."""
    held = {key: next(iter(names)) for key, names in named.items() if key in created and key not in repeated}
    others = [key for key in named if key not in held]
    stored = await request.store.read_each(request.tenant, others) if others else ()
    held.update(
        (key, loads(each.packed)["event_name"]) for key, each in zip(others, stored, strict=False) if each is not None
    )
    return [
        Fallback(attribute, "exists" if key in created and key in repeated else "ignored")
        for key, names in named.items()
        for name, attribute in names.items()
        if name != held.get(key)
    ]


async def _renewed(request: Request, events: Sequence[PreparedEvent]) -> Sequence[Fallback]:
    """Bring the events of spans that were sent again up to date; returns what of them cannot be changed."""
    told: dict[Fallback, None] = {}
    turns = Turns()
    at = 0
    while at < len(events):
        step = events[at : at + _RENEWED_AT_ONCE]
        stored = await request.store.read_each(request.tenant, [each.entry.event_id for each in step])
        for each, held in zip(step, stored, strict=False):
            changed = {} if held is None else differences(each.event, held)
            if update := _update_of(changed):
                await request.writes.update(request.tenant, each.entry.event_id, encode_update(update))
            told.update(dict.fromkeys(Fallback(name, "exists") for name in changed if name in _FIXED))
            await turns.give_way()
        at += len(stored)
    return list(told)


def _update_of(changed: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """The update that gives an event what its span has now; children that were known before stay."""
    update = {name: sent for name, (sent, _) in changed.items() if name not in _FIXED}
    if "children_ids" in changed:
        sent, held = changed["children_ids"]
        update["children_ids"] = list(dict.fromkeys([*held, *sent]))
        if update["children_ids"] == held:
            del update["children_ids"]
    return update


def _in_json(rejected: Sequence[str]) -> bytes:
    """An ExportTraceServiceResponse as OTLP JSON, where a 64-bit integer is a string."""
    if not rejected:
        return b"{}"
    partly = {"rejectedSpans": str(len(rejected)), "errorMessage": rejected[0]}
    return orjson.dumps({"partialSuccess": partly})


def _in_protobuf(rejected: Sequence[str]) -> bytes:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (  # noqa: PLC0415 - only who sends protobuf waits for it
        ExportTracePartialSuccess,
        ExportTraceServiceResponse,
    )

    if not rejected:
        return b""
    partly = ExportTracePartialSuccess(rejected_spans=len(rejected), error_message=rejected[0])
    return bytes(ExportTraceServiceResponse(partial_success=partly).SerializeToString())
