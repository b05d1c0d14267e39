"""Put the application together: CORS around the answers around Connexion around the operations."""

from functools import partial
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from skep.handlers.clock import SystemClock
from skep.handlers.store import Store
from skep.openapi import load
from skep.server.access import Access
from skep.server.body import Limits
from skep.server.control import ControlContext, ControlOperation
from skep.server.cors import CONTROL, Cors
from skep.server.errors import Answers
from skep.server.keys import Keys, read_keys
from skep.server.log import RequestLog
from skep.server.metrics import Metrics
from skep.server.operation import Context, Operation
from skep.server.recorder import Recorder
from skep.server.routing import Connexion, Serve
from skep.server.settings import Settings, described


def build(settings: Settings, store: Store, shared: Path | None = None) -> ASGIApp:
    """The ASGI application that serves both documents on a store; `shared` is a folder that its workers share."""
    metrics = Metrics(shared)
    keys = Keys() if settings.keys is None else read_keys(Path(settings.keys))
    store.plans.on_settle(metrics.leave)
    limits, clock = Limits(settings.max_body, settings.body_timeout), SystemClock()
    context = Context(store, clock, limits, keys, overrides=settings.overrides)
    control = ControlContext(store, clock, limits, Access(settings, keys), described(settings), metrics)
    documents: dict[str, tuple[dict[str, Any], Serve]] = {
        CONTROL: (load("control"), partial(ControlOperation, context=control)),
        "": (load("honeyhive"), partial(Operation, context=context)),
    }
    logs = [RequestLog(settings.log_format)] if settings.log_format else []
    app: ASGIApp = Answers(Connexion(documents), Recorder(store, keys), metrics, *logs)
    return Cors(app) if settings.cors else app
