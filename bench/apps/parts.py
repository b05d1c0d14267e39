"""hivestand with a part of uvicorn or Connexion in place of its own: `python -m bench.apps.parts PART PORT`."""

import gc
import sys
import time
from typing import Any, Final
from unittest.mock import patch

import uvicorn

from hivestand.handlers.store.schemes import store_for
from hivestand.server.app import build
from hivestand.server.http.body import IncomingBody
from hivestand.server.http.protocol import Respond
from hivestand.server.http.request import HttpRequest
from hivestand.server.routing import Routing
from hivestand.server.run import run
from hivestand.server.settings import Settings

PROTOCOL, ROUTER = "uvicorn's protocol", "Starlette's router"
PARTS: Final = (PROTOCOL, ROUTER)


def asgi(respond: Respond) -> Any:
    """The application as one of ASGI, which is what uvicorn's own protocol calls."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        incoming, more = IncomingBody(lambda: None), True
        while more:
            message = await receive()
            incoming.feed(message.get("body", b""))
            more = message.get("more_body", False)
        incoming.finish()
        headers = list(scope["headers"])
        now = time.time_ns() // 1_000_000, time.perf_counter()
        request = HttpRequest(
            scope["method"], scope["path"], scope["query_string"], headers, dict(headers), incoming, *now
        )
        response = await respond(request)
        assert response is not None
        beside = [(b"content-type", response.media_type), (b"content-length", b"%d" % len(response.body))]
        headers = [*response.headers, *beside]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    return app


class _WithoutTable(Routing):
    """Every path is tried against the routes in turn, as Connexion does it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.operations = {}


def main(part: str, port: int) -> None:
    """Serve from memory, with that part."""
    if part == ROUTER:
        with patch("hivestand.server.app.Routing", _WithoutTable):
            run(Settings(port=port))
        return
    settings = Settings(port=port)
    app = asgi(build(settings, store_for(settings.store, settings.store_options)))
    gc.freeze()
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_level="critical")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
