"""The operation `exportTraces`: spans of OpenTelemetry become events."""

from collections import deque
from collections.abc import Sequence

import orjson

from hivestand.handlers.api.bulk import PreparedEvent, fallbacks_of, prepare, store_all
from hivestand.handlers.event.normalise import normalise_event, normalise_session
from hivestand.handlers.otlp.decoding import MAX_SPANS, Span, malformed, read_json, read_protobuf
from hivestand.handlers.otlp.mapping import SessionsOfSpans, event_of, own_ids_of, unusable
from hivestand.handlers.request import JSON, Request, Response
from hivestand.handlers.turns import Turns

PROTOBUF = "application/x-protobuf"


async def export_traces(request: Request) -> Response:
    """Store an event for each span and start unknown sessions; the response has the encoding of the request.

    Raises:
        BadRequest: it is no ExportTraceServiceRequest, or has too many spans, or too many attributes in one.
        PartiallyStored: the store went away in the middle.
    """
    is_protobuf = isinstance(request.body, bytes)
    turns = Turns()
    spans: deque[Span] = deque()
    reasons: list[str] = []
    for span in read_protobuf(request.body) if is_protobuf else read_json(request.body):
        if reason := unusable(span):
            reasons.append(reason)
        else:
            spans.append(span)
        if len(spans) > MAX_SPANS:
            raise malformed((), "maxItems", f"more than {MAX_SPANS} spans")
        await turns.give_way()
    own_ids, started = own_ids_of(spans), SessionsOfSpans()
    events: list[PreparedEvent] = []
    while spans:
        span = spans.popleft()
        event = event_of(span, own_ids)
        started.note(span, event)
        events.append(prepare(normalise_event(event, request.clock), event, f"/spans/{len(events)}"))
        await turns.give_way()
    sessions = [prepare(normalise_session(session, request.clock)) for session in started.sessions.values()]
    repeated = await store_all(request, [*sessions, *events], "Events partially created")
    media_type, encode = (PROTOBUF, _in_protobuf) if is_protobuf else (JSON, _in_json)
    return Response(encode(reasons), await fallbacks_of(request, events, repeated), media_type=media_type)


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
