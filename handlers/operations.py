"""Which handler serves which operationId of the documents."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from skep.handlers import control, sessions
from skep.handlers.request import Answer, Request

Handler = Callable[[Request], Awaitable[Answer]]

OPERATIONS: Final[Mapping[str, Handler]] = {
    "createSession": sessions.create_session,
    "startSessionLegacy": sessions.start_session_legacy,
    "getHealth": control.get_health,
    "reset": control.reset,
}
