"""Respond to every request: the one place that catches errors, applies effects, and tells the observers."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from hivestand.handlers.errors import ApiError, InternalError
from hivestand.server.console.pages import welcome_for
from hivestand.server.errors import response_of
from hivestand.server.http.body import ClientDisconnected
from hivestand.server.http.cors import Cors
from hivestand.server.http.protocol import ENDING
from hivestand.server.http.request import ADMIN, HttpRequest
from hivestand.server.http.response import HttpResponse
from hivestand.server.routing import Routing, Serves

Observer = Callable[[HttpRequest, HttpResponse], None]

_BUG: Final = response_of(InternalError("Internal server error"))
_log = logging.getLogger(__name__)


class Responder:
    """Serves requests on the operations of both documents."""

    def __init__(
        self,
        routing: Routing,
        observers: Sequence[Observer],
        admin_observers: Sequence[Observer] = (),
        cors: Cors | None = None,
    ) -> None:
        """Tell `observers` of each request to the API, and `admin_observers` of each to the admin API."""
        self._routing = routing
        self._operations = routing.operations
        self._observers = observers
        self._admin_observers = admin_observers
        self._cors = cors

    async def __call__(self, request: HttpRequest) -> HttpResponse | None:
        """The response to a request; None if its client is gone."""
        path = request.path
        if path.startswith(ADMIN) and (len(path) == len(ADMIN) or path[len(ADMIN)] == "/"):
            return await self._respond(request, self._admin_observers)
        if path == "/" and (welcome := welcome_for(request)) is not None:
            return await self._respond(request, self._admin_observers, welcome)
        if self._cors is not None and b"origin" in request.fields:
            return await self._cors.respond(request, lambda request: self._respond(request, self._observers))
        return await self._respond(request, self._observers)

    async def _respond(
        self, request: HttpRequest, observers: Sequence[Observer], operation: Serves | None = None
    ) -> HttpResponse | None:
        try:
            operation = operation or self._operations.get((request.method, request.path))
            if operation is None:
                operation, request.path_parameters = self._routing.find(request.method, request.path)
            response = await operation.serve(request)
        except ClientDisconnected:
            return None
        except asyncio.CancelledError:  # by the server, which is shutting down
            request.effects = ()
            response = ENDING
        except ApiError as error:
            response = response_of(error, request.error_media_type)
        except Exception:  # noqa: BLE001 - whatever is raised, the client gets the documented body
            _log.exception("a bug in the server")
            response = _BUG
        for effect in request.effects:
            response = effect(response)
        request.duration = round((time.perf_counter() - request.started + response.delay) * 1000, 3)
        for observe in observers:
            try:
                observe(request, response)
            except Exception:  # noqa: BLE001 - whatever it is, the client gets its response
                _log.exception("a bug in an observer")
        return response
