"""Call an operation as the server does, without it."""

import json
import uuid
from typing import Any

from support import NOW

from hivestand.handlers.operations import OPERATIONS
from hivestand.handlers.request import Request, Response
from hivestand.handlers.store.protocol import Store
from hivestand.handlers.tenant import tenant_of

TENANT = tenant_of(b"t")


class Clock:
    """Time that stands still, and ids that are new."""

    def now(self) -> int:
        """The one time."""
        return NOW

    def new_id(self) -> str:
        """Another one each time."""
        return str(uuid.uuid4())


async def response_of(store: Store, operation_id: str, body: Any = None, **changes: Any) -> Response:
    """The response to a call; `parameters` and other parts of the request by name."""
    return await OPERATIONS[operation_id](Request(store, store, Clock(), TENANT, body)._replace(**changes))


async def call(store: Store, operation_id: str, body: Any = None, **parameters: str) -> Any:
    """The value that is answered."""
    return json.loads((await response_of(store, operation_id, body, parameters=parameters)).body)


async def event(store: Store, event_id: str) -> dict[str, Any]:
    """The event of an id, as it is read."""
    found: dict[str, Any] = (await call(store, "getEvent", event_id=event_id))["event"]
    return found


async def names(store: Store, operation_id: str = "searchEvents", **query: Any) -> list[str]:
    """The names of the events that a search finds."""
    return [each["event_name"] for each in (await call(store, operation_id, query))["events"]]
