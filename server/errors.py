"""Render errors: the one place that knows what an error looks like to a client."""

from typing import Final

import orjson

from hivestand.handlers.errors import ApiError
from hivestand.server.http.response import HttpResponse, to_wire

_MAX_MESSAGE: Final = 1000  # characters of a message in protobuf
_VARINT: Final = 128  # the base of protobuf's variable-length integers, and what marks a digit that is not the last


def response_of(error: ApiError, media_type: bytes | None = None) -> HttpResponse:
    """The response for an error: its status, headers and body; a protobuf Status if that is the media type."""
    headers = to_wire(error.headers.items())
    if media_type is not None:
        return HttpResponse(error.status, headers, _status_of(error), media_type)
    return HttpResponse(error.status, headers, body_of(error))


def body_of(error: ApiError) -> bytes:
    """The documented error body with `details`, as JSON text."""
    return orjson.dumps(
        {
            "statusCode": error.status,
            "message": error.message,
            "success": False,
            "errorCode": error.code,
            "details": [detail._asdict() for detail in error.details],
        }
    )


def _status_of(error: ApiError) -> bytes:
    """The error as OTLP over HTTP has it: a google.rpc.Status whose one field is the message, number 2."""
    message = error.message[:_MAX_MESSAGE].encode()
    low, high = len(message) % _VARINT, len(message) // _VARINT
    return bytes([0x12, low | _VARINT, high] if high else [0x12, low]) + message
