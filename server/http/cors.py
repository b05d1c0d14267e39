"""Cross-origin requests (the Fetch standard): any page may call the mocked API, none may read hivestand's own."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hivestand.handlers.errors import BadRequest
from hivestand.server.errors import body_of

CONTROL = "/__admin"


def is_control(path: str) -> bool:
    """Whether it is a path of hivestand's own."""
    return path == CONTROL or path.startswith(f"{CONTROL}/")


_EXPOSED = ("Preference-Applied", "Retry-After", "Hivestand-Fallbacks", "WWW-Authenticate")


class _Preflight(CORSMiddleware):
    """Starlette's CORS, which refuses a preflight in plain text, with a refusal in the documented shape."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a preflight."""
        response = super().preflight_response(request_headers)
        if response.status_code == HTTPStatus.OK:
            return response
        kept = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        error = BadRequest(bytes(response.body).decode())
        return Response(body_of(error), error.status, kept, media_type="application/json")


class Cors:
    """CORS for the paths of the API, preflight included, and for nothing under `/__admin`."""

    def __init__(self, app: ASGIApp) -> None:
        """Answer preflights for `app`, and mark its answers as readable."""
        self._app = app
        self._open = _Preflight(
            app, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=_EXPOSED
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        app = self._app
        for name, _ in scope["headers"]:
            if name == b"origin" and not is_control(scope["path"]):
                app = self._open
        await app(scope, receive, send)
