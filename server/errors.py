"""Render every error: raised anywhere, turned into an answer here."""

import asyncio
import logging

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from skep.handlers.errors import ApiError, InternalError, Unavailable
from skep.server.response import Reply, send_json, to_wire

_log = logging.getLogger(__name__)


class ClientDisconnected(Exception):
    """The client is gone, and there is nobody to answer."""


class Errors:
    """What is raised inside becomes the documented error body."""

    def __init__(self, app: ASGIApp) -> None:
        """Render the errors of `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer for it if that raises."""
        try:
            await self._app(scope, receive, send)
        except ClientDisconnected:
            return
        except asyncio.CancelledError:  # by the server, which is ending
            await send_error(Unavailable("The server is ending", headers={"Connection": "close"}), send)
        except ApiError as error:
            await send_error(error, send)
        except Exception:  # noqa: BLE001 - the last resort: whatever is raised, the client gets the documented body
            _log.exception("a fault of skep's own")
            await send_error(InternalError("Internal server error"), send)


async def send_error(error: ApiError, send: Send) -> None:
    """Answer with the error's status, headers and body."""
    reply = reply_of(error)
    await send_json(send, reply.status, reply.body, reply.headers)


def reply_of(error: ApiError) -> Reply:
    """The same as a value."""
    return Reply(error.status, to_wire(error.headers.items()), body_of(error))


def body_of(error: ApiError) -> bytes:
    """The documented error body, with skep's `details`, as JSON text."""
    return orjson.dumps(
        {
            "statusCode": error.status,
            "message": error.message,
            "success": False,
            "errorCode": error.code,
            "details": [detail._asdict() for detail in error.details],
        }
    )
