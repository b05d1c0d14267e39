"""The operation `exportTraces`: spans of OpenTelemetry become events."""

import orjson

from hivestand.handlers.api.bulk import prepare, store_all, take_turns, with_pointers
from hivestand.handlers.event.normalise import normalise_event, normalise_session
from hivestand.handlers.otlp.decoding import read_json, read_protobuf
from hivestand.handlers.otlp.mapping import Received, receive
from hivestand.handlers.request import JSON, Request, Response

PROTOBUF = "application/x-protobuf"


async def export_traces(request: Request) -> Response:
    """Store an event for each span and start unknown sessions; the response has the encoding of the request.

    Raises:
        BadRequest: it is no ExportTraceServiceRequest.
        PartiallyStored: the store went away in the middle.
    """
    is_protobuf = isinstance(request.body, bytes)
    received = receive(read_protobuf(request.body) if is_protobuf else read_json(request.body))
    sessions = [prepare(normalise_session(session, request.clock)) for session in received.sessions.values()]
    events = []
    for place, event in enumerate(received.events):
        events.append(prepare(normalise_event(event, request.clock)))
        await take_turns(place)
    await store_all(request, [*sessions, *events], "Events partially created")
    media_type, encode = (PROTOBUF, _in_protobuf) if is_protobuf else (JSON, _in_json)
    return Response(encode(received), with_pointers("/spans", events), media_type=media_type)


def _in_json(received: Received) -> bytes:
    """An ExportTraceServiceResponse as OTLP JSON, where a 64-bit integer is a string."""
    if not received.rejected:
        return b"{}"
    partly = {"rejectedSpans": str(received.rejected), "errorMessage": received.reason}
    return orjson.dumps({"partialSuccess": partly})


def _in_protobuf(received: Received) -> bytes:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (  # noqa: PLC0415 - only who sends protobuf waits for it
        ExportTracePartialSuccess,
        ExportTraceServiceResponse,
    )

    if not received.rejected:
        return b""
    partly = ExportTracePartialSuccess(rejected_spans=received.rejected, error_message=received.reason)
    return bytes(ExportTraceServiceResponse(partial_success=partly).SerializeToString())
