"""Cross-origin requests (the Fetch standard): any page may call the mocked API, none may read the admin API.

Starlette's middleware decides what a preflight gets and which headers a response has; this module applies that, and
renders a refusal in the documented shape.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send

from hivestand.handlers.errors import BadRequest
from hivestand.server.errors import response_of
from hivestand.server.http.request import HttpRequest
from hivestand.server.http.response import HttpResponse, to_wire

Respond = Callable[[HttpRequest], Awaitable[HttpResponse | None]]

_EXPOSED: Final = ("Preference-Applied", "Retry-After", "Hivestand-Fallbacks", "WWW-Authenticate")


class Cors:
    """Responds to preflights, and lets every page read other responses."""

    def __init__(self) -> None:
        """Allow every origin, method and header."""
        self._rules = CORSMiddleware(
            _unused, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=_EXPOSED
        )
        self._readable = [*to_wire(self._rules.simple_headers.items()), (b"vary", b"Origin")]

    async def respond(self, request: HttpRequest, respond: Respond) -> HttpResponse | None:
        """The response to a request with an Origin; `respond` serves it unless it is a preflight."""
        if request.method == "OPTIONS" and b"access-control-request-method" in request.fields:
            return self._preflight(request)
        response = await respond(request)
        return None if response is None else response._replace(headers=[*response.headers, *self._readable])

    def _preflight(self, request: HttpRequest) -> HttpResponse:
        response = self._rules.preflight_response(request_headers=Headers(raw=list(request.headers)))
        headers = to_wire((name, value) for name, value in response.headers.items() if not name.startswith("content-"))
        if response.status_code == HTTPStatus.OK:
            return HttpResponse(response.status_code, headers, bytes(response.body), b"text/plain; charset=utf-8")
        return response_of(BadRequest(bytes(response.body).decode()))._replace(headers=headers)


async def _unused(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands where the middleware wants an application, which is never called."""
    raise NotImplementedError
