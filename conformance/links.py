"""The links between operations that the document cannot hold for every tool: their bodies are made of expressions.

OpenAPI 3.1 lets the body of a link be any value with runtime expressions in it; the readers of several generators take
nothing but a string. So these links are added for the stateful phase of a run alone.
"""

from collections.abc import Mapping
from typing import Any, Final

_SESSION: Final = "$response.body#/session_id"
_EVENT: Final = {"event_type": "tool", "inputs": {}, "session_id": _SESSION}
_FILTER: Final = {"field": "session_id", "operator": "is", "value": _SESSION}

# of a session that was started: the operation, and its body
LINKS: Final[Mapping[str, Mapping[str, Any]]] = {
    "mergeIntoSession": {"operationId": "createSession", "requestBody": {"session_id": _SESSION}},
    "mergeIntoSessionLegacy": {
        "operationId": "startSessionLegacy",
        "requestBody": {"session": {"session_id": _SESSION}},
    },
    "createInSession": {"operationId": "createEvent", "requestBody": _EVENT},
    "createInSessionLegacy": {"operationId": "createEventLegacy", "requestBody": {"event": _EVENT}},
    "updateSessionLegacy": {
        "operationId": "updateEventLegacy",
        "requestBody": {"event_id": "$response.body#/event_id", "metadata": {"updated": True}},
    },
    "searchSession": {"operationId": "searchEvents", "requestBody": {"filters": [_FILTER]}},
    "exportSession": {"operationId": "exportEventsLegacy", "requestBody": {"filters": [{**_FILTER, "type": "string"}]}},
}


def linked(document: dict[str, Any]) -> dict[str, Any]:
    """The document with these links; it is changed in place."""
    document["components"]["responses"]["Started"]["links"].update(LINKS)
    return document
