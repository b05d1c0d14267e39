"""Which handler serves which operationId of the documents."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from hivestand.handlers.admin import clock, faults, following, journal, mapping, reports, server
from hivestand.handlers.admin import sessions as admin_sessions
from hivestand.handlers.api import batches, events, projects, search, sessions, traces
from hivestand.handlers.request import Request, Response

Handler = Callable[[Request], Awaitable[Response]]

OPERATIONS: Final[Mapping[str, Handler]] = {
    "createSession": sessions.create_session,
    "startSessionLegacy": sessions.start_session_legacy,
    "readSession": sessions.read_session,
    "readSessionLegacy": sessions.read_session_legacy,
    "listSessionsLegacy": sessions.list_sessions_legacy,
    "addSessionTracesLegacy": batches.add_session_traces_legacy,
    "createSessionEventBatch": batches.create_session_event_batch,
    "createEvent": events.create_event,
    "createEventLegacy": events.create_event_legacy,
    "addSessionEventLegacy": events.add_session_event_legacy,
    "createModelEventLegacy": events.create_model_event_legacy,
    "createModelEventBatchLegacy": batches.create_model_event_batch_legacy,
    "createEventBatch": batches.create_event_batch,
    "createEventBatchLegacy": batches.create_event_batch_legacy,
    "updateEvent": events.update_event,
    "updateEventLegacy": events.update_event_legacy,
    "getEvent": events.get_event,
    "searchEvents": search.search_events,
    "exportEventsLegacy": search.export_events_legacy,
    "exportEventsOlder": search.export_events_older,
    "listProjectsLegacy": projects.list_projects_legacy,
    "exportTraces": traces.export_traces,
    "exportTracesNextjs": traces.export_traces,
    "getHealth": server.get_health,
    "getVersion": server.get_version,
    "getSettings": server.get_settings,
    "getMetrics": server.get_metrics,
    "listTenants": server.list_tenants,
    "reset": server.reset,
    "listRequests": journal.list_requests,
    "followRequests": following.follow_requests,
    "countRequests": journal.count_requests,
    "getRequest": journal.get_request,
    "clearRequests": journal.clear_requests,
    "verifyRequests": journal.verify_requests,
    "listSessions": admin_sessions.list_sessions,
    "getSession": admin_sessions.get_session,
    "listEvents": admin_sessions.list_events,
    "getMapping": mapping.get_mapping,
    "listReports": reports.list_reports,
    "getReport": reports.get_report,
    "listFaults": faults.list_faults,
    "armFault": faults.arm_fault,
    "disarmFaults": faults.disarm_faults,
    "disarmFault": faults.disarm_fault,
    "getClock": clock.get_clock,
    "setClock": clock.set_clock,
    "advanceClock": clock.advance_clock,
}
