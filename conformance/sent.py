"""What a request to an operation on events contains, for the rules that judge the response."""

import re
from collections.abc import Sequence
from typing import Any, Final

from hivestand.conformance.exchange import SentRequest
from hivestand.conformance.history import canonical
from hivestand.conformance.operations import ADDING, CREATING, ROUTES, matches
from hivestand.openapi.formats import UUID

TYPES: Final = ("chain", "model", "tool", "session")
INVALID: Final[Sequence[dict[str, Any]]] = (
    {"inputs": {}},
    {"event_type": "tool"},
    {"event_type": "other", "inputs": {}},
    {"event_type": "Tool", "inputs": {}},
    {"event_type": None, "inputs": {}},
    {"event_type": "", "inputs": {}},
    {"event_type": ["tool"], "inputs": {}},
    {"event_type": "tool", "inputs": "text"},
    {"event_type": "tool", "inputs": None},
    {"event_type": "tool", "inputs": [{}]},
)


def is_its_own(request: SentRequest) -> bool:
    """Whether a request has the method and path of its operation."""
    return request.method == ROUTES[request.operation].method and matches(request.operation, request.path)


def is_sent_as_json(request: SentRequest) -> bool:
    """Whether a request is authenticated and a JSON object, so that only its properties can be refused."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    let_in = request.token in {"first", "second"} and request.scheme == "Bearer"
    return is_its_own(request) and let_in and media_type == "application/json" and isinstance(request.json, dict)


def is_valid(event: Any) -> bool:
    """Whether an event has a valid type and inputs."""
    return isinstance(event, dict) and event.get("event_type") in TYPES and isinstance(event.get("inputs"), dict)


def sent_events(request: SentRequest) -> Sequence[Any]:
    """The events in a body; none if they are not under the operation's name for them."""
    body = request.json
    if not isinstance(body, dict):
        return ()
    if request.operation in CREATING:
        return (body,) if request.operation == "createEvent" else tuple(body[n] for n in ("event",) if n in body)
    names = ("events", "logs") if request.operation == "addSessionTracesLegacy" else ("events",)
    lists = [body[name] for name in names if isinstance(body.get(name), list)]
    return lists[0] if len(lists) == 1 else ()


def sessions_in(request: SentRequest) -> set[str]:
    """The sessions in which a request stores events, as far as it names them."""
    if request.operation in ADDING:
        return set(re.findall(UUID, request.path.lower()))
    named = (canonical(each.get("session_id")) for each in sent_events(request) if isinstance(each, dict))
    return set(filter(None, named))
