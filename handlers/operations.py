"""Which handler serves which operationId of the documents."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from hivestand.handlers import batches, control, events, faults, inspection, requests, search, sessions, timing, traces
from hivestand.handlers.request import Answer, Request

Handler = Callable[[Request], Awaitable[Answer]]

OPERATIONS: Final[Mapping[str, Handler]] = {
    "createSession": sessions.create_session,
    "startSessionLegacy": sessions.start_session_legacy,
    "addSessionTracesLegacy": batches.add_session_traces_legacy,
    "createSessionEventBatch": batches.create_session_event_batch,
    "createEvent": events.create_event,
    "createEventLegacy": events.create_event_legacy,
    "createEventBatch": batches.create_event_batch,
    "createEventBatchLegacy": batches.create_event_batch_legacy,
    "updateEvent": events.update_event,
    "updateEventLegacy": events.update_event_legacy,
    "getEvent": events.get_event,
    "searchEvents": search.search_events,
    "exportEventsLegacy": search.export_events_legacy,
    "exportTraces": traces.export_traces,
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
    "listEvents": inspection.list_events,
    "listFaults": faults.list_faults,
    "armFault": faults.arm_fault,
    "disarmFaults": faults.disarm_faults,
    "disarmFault": faults.disarm_fault,
    "getClock": timing.get_clock,
    "setClock": timing.set_clock,
    "advanceClock": timing.advance_clock,
}
