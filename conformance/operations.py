"""The operations of the contract, read from the document."""

import re
from typing import Final, NamedTuple

from hivestand.openapi import load
from hivestand.openapi.formats import UUID


class Route(NamedTuple):
    """The method and path of an operation, with parameters in braces, and whether its token needs the read role."""

    method: str
    path: str
    reads: bool


ROUTES: Final = {
    operation["operationId"]: Route(
        method.upper(), path, any("read" in each["bearer"] for each in operation.get("security", ()))
    )
    for path, methods in load("honeyhive")["paths"].items()
    for method, operation in methods.items()
}
SESSIONS: Final = ("createSession", "startSessionLegacy")
EVENTS: Final = tuple(name for name in ROUTES if name not in SESSIONS)
ALL: Final = (*SESSIONS, *EVENTS)
WITH_BODY: Final = tuple(name for name in ALL if ROUTES[name].method != "GET")
CREATING: Final = ("createEvent", "createEventLegacy")
ADDING: Final = ("createSessionEventBatch", "addSessionTracesLegacy")
BATCHES: Final = ("createEventBatch", "createEventBatchLegacy")
UPDATING: Final = ("updateEvent", "updateEventLegacy")
SEARCHING: Final = ("searchEvents", "exportEventsLegacy")
_PATTERNS: Final = {name: re.compile(re.sub(r"\{\w+\}", UUID, route.path)) for name, route in ROUTES.items()}


def matches(operation: str, path: str) -> bool:
    """Whether a path is that of an operation, with a UUID for its parameter."""
    return _PATTERNS[operation].fullmatch(path.partition("?")[0]) is not None
