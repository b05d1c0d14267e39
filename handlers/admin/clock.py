"""The operations on time and ids: freeze, advance, seed."""

from collections.abc import Callable

import orjson

from hivestand.handlers.admin.scope import target_tenant
from hivestand.handlers.clock import SEEDED_AT, PlannedClock, Timing
from hivestand.handlers.request import Request, Response
from hivestand.handlers.store.plans import ALL_TENANTS, Plan


async def get_clock(request: Request) -> Response:
    """The time that the tenant's next request finds, and how it is made."""
    return await _answer(request, await _now_met(request))


async def set_clock(request: Request) -> Response:
    """Freeze time, and seed ids; or neither, and time is everyone's again: the machine's, unless that was planned."""
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
    """Add to the time, frozen or not."""
    tenant = await target_tenant(request)

    def later(timing: Timing) -> Timing:
        met = _met(request, timing).advanced(request.body["milliseconds"])
        return met._replace(tenant=tenant.digest, planned=timing.planned)

    return await _change(request, later)


async def _change(request: Request, change: Callable[[Timing], Timing]) -> Response:
    def changed(plan: Plan) -> Plan:
        return plan._replace(timing=change(plan.timing))

    plan = await request.store.barrier.change(await target_tenant(request), changed)
    return await _answer(request, _met(request, plan.timing))


async def _now_met(request: Request) -> Timing:
    """The timing that the tenant's next request meets."""
    tenant = await target_tenant(request)
    return _met(request, request.store.plans.own_plan(tenant).timing)


def _met(request: Request, own: Timing) -> Timing:
    """The timing that requests meet: that of everyone where there is no own."""
    return own if own.tenant else request.store.plans.own_plan(ALL_TENANTS).timing


async def _clock(request: Request, timing: Timing) -> PlannedClock:
    """The clock of the next request, which is not counted as one by this."""
    number = await request.store.counters.current_number(timing.tenant, timing.counter) if timing.is_counted else 0
    return PlannedClock(timing, number, request.clock)


async def _answer(request: Request, timing: Timing) -> Response:
    now = (await _clock(request, timing)).now()
    frozen = timing.at is not None
    return Response(orjson.dumps({"now": now, "frozen": frozen, "step": timing.step, "seed": timing.seed}))
