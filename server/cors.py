"""Cross-origin requests (the Fetch standard): any page may call the mocked API, none may read skep's own."""

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

CONTROL = "/__admin"
_EXPOSED = ("Preference-Applied", "Retry-After", "Skep-Fallbacks", "WWW-Authenticate")


class Cors:
    """CORS for the paths of the API, preflight included, and for nothing under `/__admin`."""

    def __init__(self, app: ASGIApp) -> None:
        """Answer preflights for `app`, and mark its answers as readable."""
        self._app = app
        self._open = CORSMiddleware(
            app, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=_EXPOSED
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        app = self._app if scope["path"].startswith(CONTROL) else self._open
        await app(scope, receive, send)
