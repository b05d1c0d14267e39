"""One call of redis-py in a bare ASGI function: no routing, no authentication, no validation."""

import os
from typing import Any

from redis.asyncio import Redis

_redis = Redis.from_url(os.environ["BENCH_REDIS"])
_HEADERS = [(b"content-type", b"application/json")]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Keep the body, and send it back."""
    assert scope["type"] == "http"
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await _redis.hset("bare", os.urandom(8), body)
    headers = [*_HEADERS, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
