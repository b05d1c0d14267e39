"""Put the application together: CORS around the answers around Connexion around the operations."""

from functools import partial
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from hivestand.handlers.clock import SystemClock
from hivestand.handlers.store.protocol import Store
from hivestand.openapi import load
from hivestand.server.access import AdminAccess
from hivestand.server.admin_operation import ControlContext, ControlOperation
from hivestand.server.errors import Answers
from hivestand.server.http.body import Limits
from hivestand.server.http.cors import CONTROL, Cors
from hivestand.server.keys import Keys, read_keys
from hivestand.server.observers.journal import Recorder
from hivestand.server.observers.log import RequestLog
from hivestand.server.observers.metrics import Metrics
from hivestand.server.operation import Context, Operation
from hivestand.server.routing import Connexion, Serve
from hivestand.server.settings import Settings, described


def build(settings: Settings, store: Store, shared: Path | None = None) -> ASGIApp:
    """The ASGI application that serves both documents on a store; `shared` is a folder that its workers share."""
    metrics = Metrics(shared)
    keys = Keys() if settings.keys is None else read_keys(Path(settings.keys))
    store.plans.on_settle(metrics.leave)
    limits, clock = Limits(settings.max_body, settings.body_timeout), SystemClock()
    context = Context(store, clock, limits, keys, overrides=settings.overrides)
    control = ControlContext(store, clock, limits, AdminAccess(settings, keys), described(settings), metrics)
    documents: dict[str, tuple[dict[str, Any], Serve]] = {
        CONTROL: (load("control"), partial(ControlOperation, context=control)),
        "": (load("honeyhive"), partial(Operation, context=context)),
    }
    logs = [RequestLog(settings.log_format)] if settings.log_format else []
    app: ASGIApp = Answers(Connexion(documents), Recorder(store, keys), metrics, *logs)
    return Cors(app) if settings.cors else app
