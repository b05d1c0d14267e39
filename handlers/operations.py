"""Which handler serves which operationId of the documents."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from skep.handlers import control, faults, inspection, requests, sessions, timing
from skep.handlers.request import Answer, Request

Handler = Callable[[Request], Awaitable[Answer]]

OPERATIONS: Final[Mapping[str, Handler]] = {
    "createSession": sessions.create_session,
    "startSessionLegacy": sessions.start_session_legacy,
    "getHealth": control.get_health,
    "getVersion": control.get_version,
    "getSettings": control.get_settings,
    "getMetrics": control.get_metrics,
    "listTenants": control.list_tenants,
    "reset": control.reset,
    "listRequests": requests.list_requests,
    "countRequests": requests.count_requests,
    "getRequest": requests.get_request,
    "clearRequests": requests.clear_requests,
    "verifyRequests": requests.verify_requests,
    "listSessions": inspection.list_sessions,
    "getSession": inspection.get_session,
    "listFaults": faults.list_faults,
    "armFault": faults.arm_fault,
    "disarmFaults": faults.disarm_faults,
    "disarmFault": faults.disarm_fault,
    "getClock": timing.get_clock,
    "setClock": timing.set_clock,
    "advanceClock": timing.advance_clock,
}
