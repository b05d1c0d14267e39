"""The operations of skep's own control API."""

from collections.abc import Sequence
from importlib.metadata import version

import orjson

from skep.handlers.errors import StoreUnavailable
from skep.handlers.request import Answer, Request

_VERSION = version("skep")


async def get_health(request: Request) -> Answer:
    """Live, as the process answers; ready, if the store does too, and else 503."""
    try:
        warnings = await request.store.check()
    except StoreUnavailable as error:
        return Answer(_health(request, ready=False), status=error.status, headers=error.headers)
    return Answer(_health(request, warnings, ready=True))


def _health(request: Request, warnings: Sequence[str] = (), *, ready: bool) -> bytes:
    store = request.store.kind
    return orjson.dumps({"live": True, "ready": ready, "store": store, "warnings": warnings, "version": _VERSION})


async def reset(request: Request) -> Answer:
    """Forget everything of the tenant's that was acknowledged before."""
    await request.store.reset(request.tenant)
    return Answer(b'{"reset":true}')
