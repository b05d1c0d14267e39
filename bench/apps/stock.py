"""What Connexion does as it comes: AsyncApp, its default middlewares, and hivestand's own write by redis-py."""

import os
import time
from typing import Any

from connexion import AsyncApp
from redis.asyncio import Redis

from bench.session import PATH
from hivestand.handlers.clock import SystemClock
from hivestand.handlers.event.encoding import encode, entry_of, pack
from hivestand.handlers.event.normalise import normalise_session
from hivestand.handlers.store.redis.events import WRITE
from hivestand.handlers.store.redis.members import packed_id, place_of
from hivestand.handlers.tenant import tenant_of

_redis = Redis.from_url(os.environ["BENCH_REDIS"])
_write = _redis.register_script(WRITE[False, False].text)
_clock = SystemClock()


async def create_session(body: dict[str, Any], token_info: dict[str, Any]) -> dict[str, Any]:
    """Start the session as hivestand does, in one script, and leave its text to Connexion."""
    event, _ = normalise_session(body, _clock)
    entry, encoded, tenant = entry_of(event), encode(event), token_info["tenant"]
    index = f"stock:{{{tenant.digest}}}"
    place = place_of(entry, time.time_ns() // 1000)
    arguments: list[int | bytes] = [0, 1, packed_id(entry.event_id), pack(encoded), place, b""]
    await _write(keys=[index, f"{index}:{entry.event_id}"], args=arguments)
    return dict(event)


def tenant_for(token: str) -> dict[str, Any]:
    """Any token is somebody's."""
    return {"sub": "bench", "tenant": tenant_of(token.encode())}


def _document() -> dict[str, Any]:
    """The one operation, in OpenAPI 3.0, which stock Connexion can read."""
    scheme = {"type": "http", "scheme": "bearer", "x-bearerInfoFunc": "bench.apps.stock.tenant_for"}
    operation = {
        "operationId": "bench.apps.stock.create_session",
        "security": [{"bearer": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _SCHEMA}}},
        "responses": {"200": {"description": "The session."}},
    }
    return {
        "openapi": "3.0.3",
        "info": {"title": "Sessions", "version": "1"},
        "paths": {PATH: {"post": operation}},
        "components": {"securitySchemes": {"bearer": scheme}},
    }


_OBJECTS = ("config", "inputs", "outputs", "metadata", "user_properties")
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        **{name: {"type": "string"} for name in ("session_id", "session_name", "event_name", "source")},
        **{name: {"type": "number"} for name in ("start_time", "end_time", "duration")},
        **{name: {"type": "object"} for name in _OBJECTS},
        "children_ids": {"type": "array", "items": {"type": "string"}},
    },
}

app = AsyncApp(__name__)
app.add_api(_document())
