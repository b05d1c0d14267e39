"""Which tenants an operation of the admin API applies to: the token's own, or for the admin one tenant or all."""

from collections.abc import Sequence

from hivestand.handlers.errors import BadRequest, Detail, Forbidden, NotFound
from hivestand.handlers.request import Request
from hivestand.handlers.store.plans import ALL_TENANTS, MAX_PLANS, PlanTable
from hivestand.handlers.tenant import Tenant


def is_for_all_tenants(request: Request) -> bool:
    """Whether the admin asks and names no tenant."""
    return request.tenant is ALL_TENANTS and "tenant" not in request.parameters


async def tenants_in_scope(request: Request) -> Sequence[Tenant]:
    """Every tenant that the request applies to; for the admin who names none, all registered tenants.

    Raises:
        Forbidden: another tenant is named than that of the token.
        NotFound: there is no such tenant.
    """
    named = request.parameters.get("tenant")
    if request.tenant is not ALL_TENANTS:
        if named not in {None, request.tenant.digest}:
            raise Forbidden("This token reaches only its own tenant")
        return (request.tenant,)
    tenants = await _registered(request)
    if named is None:
        return tenants
    return (_named(named, tenants),)


async def target_tenant(request: Request) -> Tenant:
    """The one tenant whose plan the request changes; `ALL_TENANTS` for the admin who names none.

    Raises:
        Forbidden: another tenant is named than that of the token.
        NotFound: there is no such tenant.
    """
    if is_for_all_tenants(request):
        return ALL_TENANTS
    (tenant,) = await tenants_in_scope(request)
    return tenant


async def current_plans(request: Request) -> PlanTable:
    """The plans of all tenants, as every change that was acknowledged has left them."""
    if not request.store.barrier.is_fresh:
        await request.store.barrier.refresh()
    return request.store.plans


async def check_room(request: Request, tenant: Tenant) -> None:
    """Return if the tenant may have a plan.

    Raises:
        BadRequest: it has none, and too many others have one.
    """
    plans = (await current_plans(request)).all()
    if len(plans) >= MAX_PLANS and tenant.digest not in plans:
        detail = Detail("", "maxItems", f"{MAX_PLANS} tenants have faults or a clock of their own; a reset drops them")
        raise BadRequest("Too many plans", [detail])


async def _registered(request: Request) -> Sequence[Tenant]:
    """Every registered tenant, once all workers have written down those that they noted."""
    await request.store.barrier.settle()
    return await request.store.tenants.all()


def _named(digest: str, tenants: Sequence[Tenant]) -> Tenant:
    for tenant in tenants:
        if tenant.digest == digest:
            return tenant
    raise NotFound("No such tenant")
