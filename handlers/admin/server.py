"""The operations of hivestand's own control API."""

from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version

import orjson

from hivestand.handlers.admin.scope import is_for_all, reached
from hivestand.handlers.errors import Forbidden, StoreUnavailable
from hivestand.handlers.request import ANYONE, Answer, Request
from hivestand.handlers.store.plans import EVERYONE

_VERSION = version("hivestand")


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


async def get_version(_request: Request) -> Answer:
    """The version of hivestand."""
    return Answer(orjson.dumps({"version": _VERSION}))


async def get_settings(request: Request) -> Answer:
    """What the server runs with."""
    return Answer(orjson.dumps({**request.settings, "version": _VERSION}))


async def get_metrics(request: Request) -> Answer:
    """The counts of all workers; of those that can be heard, where the store is away."""
    if request.tenant is not EVERYONE:
        raise Forbidden("The metrics are the admin's")
    with suppress(StoreUnavailable):
        await request.store.plans.settle()
    return Answer(request.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def list_tenants(request: Request) -> Answer:
    """Every tenant that the token reaches."""
    return Answer(orjson.dumps({"tenants": [tenant.digest for tenant in await reached(request)]}))


async def reset(request: Request) -> Answer:
    """Forget everything that was acknowledged before; for the admin, unless a tenant is named, of all tenants."""
    for tenant in await reached(request):
        await request.store.reset(tenant)
    if is_for_all(request):
        for tenant in (EVERYONE, ANYONE):
            await request.store.reset(tenant)
    return Answer(b'{"reset":true}')
