"""The operations of hivestand's own control API."""

from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version

import orjson

from hivestand.handlers.admin.scope import is_for_all_tenants, tenants_in_scope
from hivestand.handlers.errors import Forbidden, StoreUnavailable
from hivestand.handlers.request import ANONYMOUS, Request, Response
from hivestand.handlers.store.plans import ALL_TENANTS

_VERSION = version("hivestand")


async def get_health(request: Request) -> Response:
    """Live, as the process answers; ready, if the store does too, and else 503."""
    try:
        warnings = await request.store.check()
    except StoreUnavailable as error:
        return Response(_health(request, ready=False), status=error.status, headers=error.headers)
    return Response(_health(request, warnings, ready=True))


def _health(request: Request, warnings: Sequence[str] = (), *, ready: bool) -> bytes:
    store = request.store.kind
    return orjson.dumps({"live": True, "ready": ready, "store": store, "warnings": warnings, "version": _VERSION})


async def get_version(_request: Request) -> Response:
    """The version of hivestand."""
    return Response(orjson.dumps({"version": _VERSION}))


async def get_settings(request: Request) -> Response:
    """What the server runs with."""
    return Response(orjson.dumps({**request.settings, "version": _VERSION}))


async def get_metrics(request: Request) -> Response:
    """The counts of all workers; of those that can be heard, where the store is away."""
    if request.tenant is not ALL_TENANTS:
        raise Forbidden("The metrics are the admin's")
    with suppress(StoreUnavailable):
        await request.store.barrier.settle()
    return Response(request.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def list_tenants(request: Request) -> Response:
    """Every tenant that the token reaches."""
    return Response(orjson.dumps({"tenants": [tenant.digest for tenant in await tenants_in_scope(request)]}))


async def reset(request: Request) -> Response:
    """Forget everything that was acknowledged before; for the admin, unless a tenant is named, of all tenants."""
    for tenant in await tenants_in_scope(request):
        await request.store.reset(tenant)
    if is_for_all_tenants(request):
        for tenant in (ALL_TENANTS, ANONYMOUS):
            await request.store.reset(tenant)
    return Response(b'{"reset":true}')
