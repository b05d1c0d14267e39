"""Render every error: raised anywhere, turned into an answer here."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from hivestand.handlers.errors import ApiError, InternalError, Unavailable
from hivestand.server.exchange import EXCHANGE, Exchange
from hivestand.server.http.response import Reply, send_reply, to_wire

Record = Callable[[Exchange, Reply], None]

_MAX_MESSAGE: Final = 1000  # characters of a message in protobuf
_VARINT: Final = 128  # the base of its variable-length integers, and what marks a digit that is not the last
_log = logging.getLogger(__name__)


class ClientDisconnected(Exception):
    """The client is gone, and there is nobody to answer."""


class Answers:
    """Sends the one answer of each request: what the application left in the exchange, or the error that it raised."""

    def __init__(self, app: ASGIApp, *records: Record) -> None:
        """Answer for `app`; each of `records` is told of an exchange before its answer is sent."""
        self._app = app
        self._records = records

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        exchange = scope[EXCHANGE] = Exchange(scope)
        try:
            await self._app(scope, receive, send)
            reply = exchange.reply or _FAULT
        except ClientDisconnected:
            return
        except asyncio.CancelledError:  # by the server, which is ending
            reply = _ENDING
        except ApiError as error:
            reply = reply_of(error, exchange.media_type)
        except Exception:  # noqa: BLE001 - whatever is raised, the client gets the documented body
            _log.exception("a fault of hivestand's own")
            reply = _FAULT
        exchange.reply = reply
        for record in self._records:
            record(exchange, reply)
        if reply.delay:
            reply = await _delayed(reply)
        await send_reply(scope, send, reply)


async def _delayed(reply: Reply) -> Reply:
    try:
        await asyncio.sleep(reply.delay)
    except asyncio.CancelledError:
        return _ENDING
    return reply


def reply_of(error: ApiError, media_type: bytes | None = None) -> Reply:
    """The answer with the error's status, headers and body; as a protobuf Status where that is the media type."""
    if media_type is not None:
        return Reply(error.status, to_wire(error.headers.items()), _status_of(error), media_type)
    return Reply(error.status, to_wire(error.headers.items()), body_of(error))


def _status_of(error: ApiError) -> bytes:
    """The error as OTLP over HTTP has it: a google.rpc.Status whose one field is the message, number 2."""
    message = error.message[:_MAX_MESSAGE].encode()
    low, high = len(message) % _VARINT, len(message) // _VARINT
    return bytes([0x12, low | _VARINT, high] if high else [0x12, low]) + message


def body_of(error: ApiError) -> bytes:
    """The documented error body, with hivestand's `details`, as JSON text."""
    return orjson.dumps(
        {
            "statusCode": error.status,
            "message": error.message,
            "success": False,
            "errorCode": error.code,
            "details": [detail._asdict() for detail in error.details],
        }
    )


_FAULT: Final = reply_of(InternalError("Internal server error"))
_ENDING: Final = reply_of(Unavailable("The server is ending", headers={"Connection": "close"}))
