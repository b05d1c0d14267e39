"""The operations on faults: arm, list, disarm."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from hivestand.handlers.admin.scope import current_plans, is_for_all_tenants, target_tenant, tenants_in_scope
from hivestand.handlers.errors import BadRequest, Detail, NotFound
from hivestand.handlers.request import Request, Response
from hivestand.handlers.store.plans import ALL_TENANTS, MAX_ARMED, ArmedFault, Plan

_ABOUT: Final = frozenset({"operation", "times", "share", "seed"})


async def arm_fault(request: Request) -> Response:
    """Arm a fault; every worker applies it by the time the response is sent.

    Raises:
        BadRequest: it would do nothing, or there are too many.
    """
    tenant = await target_tenant(request)
    sent: dict[str, Any] = request.body
    effects = {name: value for name, value in sent.items() if name not in _ABOUT}
    if not effects:
        raise BadRequest("Invalid fault", [Detail("", "effects", "it has no effect")])
    delay = effects.get("delay", {})
    if delay.get("from", 0) > delay.get("to", 0):
        raise BadRequest("Invalid fault", [Detail("/delay/to", "minimum", "must not be less than from")])

    def arm(plan: Plan) -> Plan:
        if len(plan.faults) == MAX_ARMED:
            raise BadRequest("Invalid fault", [Detail("", "maxItems", f"{MAX_ARMED} faults are armed already")])
        fault = ArmedFault(
            id=str(plan.armed + 1),
            tenant=tenant.digest,
            operation=sent.get("operation"),
            times=sent.get("times"),
            share=sent.get("share", 1.0),
            seed=sent.get("seed", 0),
            effects=effects,
        )
        return plan._replace(faults=(*plan.faults, fault), armed=plan.armed + 1)

    plan = await request.store.barrier.change(tenant, arm)
    return Response(orjson.dumps(_shown(plan.faults[-1])), status=201)


async def list_faults(request: Request) -> Response:
    """List the armed faults; a tenant also sees those armed for all tenants, as its requests get them too."""
    plans = (await current_plans(request)).all()
    if is_for_all_tenants(request):
        shown = list(plans.values())
    else:
        digests = [*(tenant.digest for tenant in await tenants_in_scope(request)), ALL_TENANTS.digest]
        shown = [plans[digest] for digest in digests if digest in plans]
    return Response(orjson.dumps({"faults": [_shown(fault) for plan in shown for fault in plan.faults]}))


async def disarm_faults(request: Request) -> Response:
    """Disarm all faults of a tenant; for the admin who names no tenant, those of every tenant."""
    if is_for_all_tenants(request):
        disarming = [digest for digest, plan in (await current_plans(request)).all().items() if plan.faults]
    else:
        disarming = [(await target_tenant(request)).digest]
    for digest in disarming:
        await request.store.barrier.change(ALL_TENANTS._replace(digest=digest), lambda plan: plan.without(plan.faults))
    return Response(b'{"disarmed":true}')


@dataclass(frozen=True, slots=True)
class _Without:
    """The change that removes one fault from a plan."""

    fault_id: str

    def __call__(self, plan: Plan) -> Plan:
        """The plan without the fault.

        Raises:
            NotFound: no armed fault has that id.
        """
        disarmed = [fault for fault in plan.faults if fault.id == self.fault_id]
        if not disarmed:
            raise NotFound("No such fault")
        return plan.without(disarmed)


async def disarm_fault(request: Request) -> Response:
    """Disarm one fault.

    Raises:
        NotFound: there is none of that id.
    """
    await request.store.barrier.change(await target_tenant(request), _Without(request.parameters["id"]))
    return Response(b'{"disarmed":true}')


def _shown(fault: ArmedFault) -> dict[str, Any]:
    about = {"operation": fault.operation, "times": fault.times}
    given = {name: value for name, value in about.items() if value is not None}
    return {"id": fault.id, "tenant": fault.tenant, **given, "share": fault.share, "seed": fault.seed, **fault.effects}
