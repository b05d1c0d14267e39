"""Put the application together: the responder, the operations of both documents, and the observers."""

from functools import partial
from pathlib import Path

from hivestand.handlers.clock import SystemClock
from hivestand.handlers.request import Options
from hivestand.handlers.store.protocol import Store
from hivestand.openapi import load
from hivestand.server.access import AdminAccess
from hivestand.server.admin_operation import AdminContext, AdminOperation
from hivestand.server.auth import Keys, read_keys
from hivestand.server.console.pages import pages
from hivestand.server.http.body import Limits
from hivestand.server.http.cors import Cors
from hivestand.server.http.protocol import Respond
from hivestand.server.http.request import ADMIN
from hivestand.server.observers.journal import JournalRecorder
from hivestand.server.observers.log import RequestLog
from hivestand.server.observers.metrics import Metrics
from hivestand.server.operation import Context, Operation
from hivestand.server.responder import Observer, Responder
from hivestand.server.routing import Routing
from hivestand.server.settings import Settings, described
from hivestand.server.stderr import STDERR


def build(settings: Settings, store: Store, shared: Path | None = None, terminal: Observer | None = None) -> Respond:
    """The function that responds to requests.

    `shared` is a folder in which workers share their metrics; `terminal` is shown each request to the API.
    """
    metrics = Metrics(STDERR, shared)
    keys = Keys() if settings.keys is None else read_keys(Path(settings.keys))
    store.barrier.on_settle(metrics.leave)
    limits, clock = Limits(settings.max_body, settings.body_timeout), SystemClock()
    options = Options(settings.accept_unwrapped, settings.otlp_session)
    context = Context(store, clock, limits, keys, settings.overrides, options)
    admin = AdminContext(store, clock, limits, AdminAccess(settings, keys), described(settings), metrics)
    routing = Routing(
        {
            ADMIN: (load("control"), partial(AdminOperation, context=admin)),
            "": (load("honeyhive"), partial(Operation, context=context)),
        },
        pages(),
    )
    logs: list[Observer] = [RequestLog(settings.log_format, STDERR)] if settings.log_format in {"text", "json"} else []
    shown = [] if terminal is None else [terminal]
    observers: list[Observer] = [JournalRecorder(store, keys), metrics, *logs, *shown]
    return Responder(routing, observers, logs, Cors() if settings.cors else None)
