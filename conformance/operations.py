"""The operations of the contract, from its document."""

import re
from typing import Any, Final, NamedTuple

from hivestand.openapi import load
from hivestand.openapi.formats import UUID


class Route(NamedTuple):
    """The method and path of an operation, with parameters in braces, and whether its token needs the read role."""

    method: str
    path: str
    reads: bool


# what early clients use and no document of today has: a deployment need not serve it, so nothing is asked of it
ALIASES: Final = frozenset(
    {
        *("readSession", "readSessionLegacy", "listSessionsLegacy", "addSessionEventLegacy", "createModelEventLegacy"),
        *("createModelEventBatchLegacy", "exportEventsOlder", "listProjectsLegacy", "exportTracesNextjs"),
    }
)
_OPERATIONS: Final = {
    operation["operationId"]: (path, method, operation)
    for path, methods in load("honeyhive")["paths"].items()
    for method, operation in methods.items()
    if operation["operationId"] not in ALIASES
}
ROUTES: Final = {
    name: Route(method.upper(), path, any("read" in each["bearer"] for each in operation.get("security", ())))
    for name, (path, method, operation) in _OPERATIONS.items()
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
    """Whether a path belongs to an operation, with a UUID for its parameter."""
    return _PATTERNS[operation].fullmatch(path.partition("?")[0]) is not None


def example_of(operation: str) -> Any:
    """The first example of an operation's JSON body in the document; None if it has none."""
    media_types = _OPERATIONS[operation][2].get("requestBody", {}).get("content", {})
    examples = media_types.get("application/json", {}).get("examples", {}).values()
    return next((example["value"] for example in examples), None)
