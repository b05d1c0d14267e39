"""Put the application together: CORS around errors around Connexion around the operations."""

from starlette.types import ASGIApp

from skep.handlers.clock import SystemClock
from skep.handlers.store import Store
from skep.openapi import load
from skep.server.body import Limits
from skep.server.cors import CONTROL, Cors
from skep.server.errors import Errors
from skep.server.operation import Context
from skep.server.routing import Connexion
from skep.server.settings import Settings


def build(settings: Settings, store: Store) -> ASGIApp:
    """The ASGI application that serves both documents on a store."""
    limits = Limits(settings.max_body, settings.body_timeout)
    context = Context(store, SystemClock(), limits, overrides=settings.overrides)
    app: ASGIApp = Errors(Connexion({CONTROL: load("control"), "": load("honeyhive")}, context))
    return Cors(app) if settings.cors else app
