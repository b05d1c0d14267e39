"""The application as one of ASGI, for clients that call it without a socket."""

import time
from typing import Any

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from hivestand.server.http.body import IncomingBody
from hivestand.server.http.protocol import Respond
from hivestand.server.http.request import HttpRequest


def request_of(
    method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes = b"", query: bytes = b""
) -> HttpRequest:
    """A request whose body has arrived."""
    incoming = IncomingBody(lambda: None)
    incoming.feed(body)
    incoming.finish()
    return HttpRequest(
        method, path, query, headers, dict(headers), incoming, time.time_ns() // 1_000_000, time.perf_counter()
    )


def as_asgi(respond: Respond) -> ASGIApp:
    """An ASGI application that responds likewise."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for stage in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{stage}.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        request = request_of(scope["method"], scope["path"], list(scope["headers"]), body, scope["query_string"])
        response = await respond(request)
        assert response is not None
        headers = list(response.headers)
        if response.status not in {204, 304}:
            headers += [(b"content-type", response.media_type), (b"content-length", b"%d" % len(response.body))]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else response.body})

    return app


def client_of(respond: Respond, **options: Any) -> httpx.AsyncClient:
    """A client of the application."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(as_asgi(respond)), **options)
