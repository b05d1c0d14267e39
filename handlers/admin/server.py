"""The operations on the server itself: health, version, settings, metrics, tenants, reset."""

from collections.abc import Sequence
from contextlib import suppress
from functools import cache

import orjson

from hivestand.handlers.admin.scope import is_for_all_tenants, tenants_in_scope
from hivestand.handlers.errors import Forbidden, StoreUnavailable
from hivestand.handlers.request import ANONYMOUS, Request, Response
from hivestand.handlers.store.plans import ALL_TENANTS
from hivestand.handlers.turns import Turns


@cache
def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 - it takes a start 7 ms, and few ask

    return version("hivestand")


async def get_health(request: Request) -> Response:
    """Tell that the process is live, and whether it is ready, with 503 and the reason if its store is unavailable."""
    try:
        warnings = await request.store.check()
    except StoreUnavailable as error:
        return Response(_health(request, reason=error.reason), status=error.status, headers=error.headers)
    return Response(_health(request, warnings))


def _health(request: Request, warnings: Sequence[str] = (), *, reason: str | None = None) -> bytes:
    """The body; a reason says why the store cannot be used."""
    health = {"live": True, "ready": reason is None, "store": request.store.kind, "warnings": warnings}
    return orjson.dumps({**health, **({} if reason is None else {"reason": reason}), "version": _version()})


async def get_version(_request: Request) -> Response:
    """Return the version of the package."""
    return Response(orjson.dumps({"version": _version()}))


async def get_settings(request: Request) -> Response:
    """Return the settings that the server runs with."""
    return Response(orjson.dumps({**request.settings, "version": _version()}))


async def get_metrics(request: Request) -> Response:
    """Return the counts of all workers; if the store is unavailable, of those that have written theirs."""
    if request.tenant is not ALL_TENANTS:
        raise Forbidden("The metrics are the admin's")
    with suppress(StoreUnavailable):
        await request.store.barrier.settle()
    return Response(request.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def list_tenants(request: Request) -> Response:
    """List the digests of the tenants in scope."""
    return Response(orjson.dumps({"tenants": [tenant.digest for tenant in await tenants_in_scope(request)]}))


async def reset(request: Request) -> Response:
    """Delete everything of the tenants in scope that was stored before; for the admin who names no tenant, of all."""
    turns = Turns()
    for tenant in await tenants_in_scope(request):
        await request.store.reset(tenant)
        await turns.give_way()
    if is_for_all_tenants(request):
        for tenant in (ALL_TENANTS, ANONYMOUS):
            await request.store.reset(tenant)
    return Response(b'{"reset":true}')
