"""The operations of skep's own control API."""

from importlib.metadata import version

import orjson

from skep.handlers.errors import StoreUnavailable
from skep.handlers.request import Answer, Request

_VERSION = version("skep")


async def get_health(request: Request) -> Answer:
    """Live, as the process answers; ready, if the store does too, and else 503."""
    try:
        await request.store.check()
    except StoreUnavailable as error:
        return Answer(_health(request, ready=False), status=error.status, headers=error.headers)
    return Answer(_health(request, ready=True))


def _health(request: Request, *, ready: bool) -> bytes:
    return orjson.dumps({"live": True, "ready": ready, "store": request.store.kind, "version": _VERSION})
