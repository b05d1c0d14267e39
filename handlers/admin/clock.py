"""The operations on the clock: freeze it, advance it, seed the ids."""

from collections.abc import Callable

import orjson

from hivestand.handlers.admin.scope import check_room, current_plans, target_tenant
from hivestand.handlers.clock import SEEDED_AT, PlannedClock, Timing
from hivestand.handlers.request import Request, Response
from hivestand.handlers.store.plans import ALL_TENANTS, Plan


async def get_clock(request: Request) -> Response:
    """Return the time that the tenant's next request will see, including any step."""
    return await _answer(request, await _now_met(request))


async def set_clock(request: Request) -> Response:
    """Freeze the clock and seed the ids; with an empty body, go back to everyone's plan or the system clock."""
    tenant = await target_tenant(request)
    at, step, seed = (request.body.get(name) for name in ("at", "step", "seed"))
    if at is None and (seed is not None or step):
        at = SEEDED_AT
    moment = (await _clock(request, await _now_met(request))).now() if at == "now" else at

    def planned(timing: Timing) -> Timing:
        is_system = at is None and seed is None
        return Timing(moment, 0, step or 0, seed, "" if is_system else tenant.digest, timing.planned + 1)

    return await _change(request, planned)


async def advance_clock(request: Request) -> Response:
    """Move the tenant's clock forward, whether it is frozen or running."""
    tenant = await target_tenant(request)
    await current_plans(request)

    def later(timing: Timing) -> Timing:
        met = _met(request, timing).advanced(request.body["milliseconds"])
        return met._replace(tenant=tenant.digest, planned=timing.planned)

    return await _change(request, later)


async def _change(request: Request, change: Callable[[Timing], Timing]) -> Response:
    def changed(plan: Plan) -> Plan:
        return plan._replace(timing=change(plan.timing))

    tenant = await target_tenant(request)
    await check_room(request, tenant)
    plan = await request.store.barrier.change(tenant, changed)
    return await _answer(request, _met(request, plan.timing))


async def _now_met(request: Request) -> Timing:
    """The timing that the tenant's next request will see."""
    tenant = await target_tenant(request)
    return _met(request, (await current_plans(request)).own_plan(tenant).timing)


def _met(request: Request, own: Timing) -> Timing:
    """The timing that a tenant's requests see: its own if it has one, otherwise the one for all tenants."""
    return own if own.tenant else request.store.plans.own_plan(ALL_TENANTS).timing


async def _clock(request: Request, timing: Timing) -> PlannedClock:
    """The clock of the tenant's next request, without counting a request."""
    number = await request.store.counters.current_number(timing.tenant, timing.counter) if timing.is_counted else 0
    return PlannedClock(timing, number, request.clock)


async def _answer(request: Request, timing: Timing) -> Response:
    now = (await _clock(request, timing)).now()
    frozen = timing.at is not None
    return Response(orjson.dumps({"now": now, "frozen": frozen, "step": timing.step, "seed": timing.seed}))
