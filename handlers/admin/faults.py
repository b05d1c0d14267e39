"""The operations on faults: arm, list, disarm."""

from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import orjson

from hivestand.handlers.admin.scope import (
    check_room,
    current_plans,
    is_for_all_tenants,
    target_tenant,
    tenants_in_scope,
)
from hivestand.handlers.errors import BadRequest, Detail, NotFound
from hivestand.handlers.request import JSON, Request, Response
from hivestand.handlers.store.plans import ALL_TENANTS, MAX_ARMED, MAX_PLAN, ArmedFault, Plan, encode_plan
from hivestand.openapi import load

MAX_LISTED: Final = 1000  # armed faults that a response lists
_ABOUT: Final = frozenset({"operation", "times", "share", "seed"})


async def arm_fault(request: Request) -> Response:
    """Arm a fault; every worker applies it by the time the response is sent.

    Raises:
        BadRequest: it would do nothing, the document has no such example, or there are too many faults or plans.
    """
    tenant = await target_tenant(request)
    await check_room(request, tenant)
    sent: dict[str, Any] = request.body
    effects = {name: value for name, value in sent.items() if name not in _ABOUT}
    if not effects:
        raise BadRequest("Invalid fault", [Detail("", "effects", "it has no effect")])
    delay = effects.get("delay", {})
    if delay.get("from", 0) > delay.get("to", 0):
        raise BadRequest("Invalid fault", [Detail("/delay/to", "minimum", "must not be less than from")])

    if (example := effects.get("example")) is not None:
        _check_example(example, effects.get("status"), sent.get("operation"))

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
        armed = plan._replace(faults=(*plan.faults, fault), armed=plan.armed + 1)
        if len(encode_plan(armed)) > MAX_PLAN:
            message = f"the faults of one plan would take more than {MAX_PLAN} bytes"
            raise BadRequest("Invalid fault", [Detail("", "maxLength", message)])
        return armed

    plan = await request.store.barrier.change(tenant, arm)
    return Response(orjson.dumps(_shown(plan.faults[-1])), status=201)


async def list_faults(request: Request) -> Response:
    """List the armed faults, at most `MAX_LISTED`; a tenant also sees those for all tenants, as it gets them too."""
    plans = (await current_plans(request)).all()
    if is_for_all_tenants(request):
        shown = list(plans.values())
    else:
        digests = [*(tenant.digest for tenant in await tenants_in_scope(request)), ALL_TENANTS.digest]
        shown = [plans[digest] for digest in digests if digest in plans]
    faults = (_shown(fault) for plan in shown for fault in plan.faults)
    return Response(orjson.dumps({"faults": list(islice(faults, MAX_LISTED))}))


async def disarm_faults(request: Request) -> Response:
    """Disarm all faults of a tenant; for the admin who names no tenant, those of every tenant."""
    if is_for_all_tenants(request):
        disarming = [digest for digest, plan in (await current_plans(request)).all().items() if plan.faults]
    else:
        disarming = [(await target_tenant(request)).digest]
    for digest in disarming:
        await request.store.barrier.change(ALL_TENANTS._replace(digest=digest), lambda plan: plan.without(plan.faults))
    return Response(b'{"disarmed":true}')


def _check_example(name: str, status: int | None, operation: str | None) -> None:
    """Return if the document has the example, for that status and operation if they are given.

    Raises:
        BadRequest: it has not.
    """
    document = load("honeyhive")
    shared = document["components"]["responses"]
    known = {
        (each["operationId"], int(code), example)
        for path in document["paths"].values()
        for each in path.values()
        if isinstance(each, dict) and "operationId" in each
        for code, sent in each["responses"].items()
        for response in [shared[sent["$ref"].rpartition("/")[2]] if "$ref" in sent else sent]
        for example in response.get("content", {}).get(JSON, {}).get("examples", {})
    }
    of_operation = [(code, example) for each, code, example in sorted(known) if operation in {None, each}]
    if not any(name == example and status in {None, code} for code, example in of_operation):
        there = ", ".join(dict.fromkeys(f"{code} {example}" for code, example in of_operation))
        message = f"no such example; there are {there or 'none'}"
        raise BadRequest("Invalid fault", [Detail("/example", "example", message)])


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
