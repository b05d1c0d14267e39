"""What an operation is given, and what it gives back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from hivestand.handlers.clock import Clock
from hivestand.handlers.event.encoding import EncodedEvent
from hivestand.handlers.event.index import IndexEntry
from hivestand.handlers.event.normalise import Fallback
from hivestand.handlers.store.protocol import Store
from hivestand.handlers.tenant import Tenant

JSON: Final = "application/json"
ANONYMOUS = Tenant("", b"")  # who calls an operation that needs no token


class Writes(Protocol):
    """The writing side of a store."""

    async def create_or_merge(self, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        """Keep the event, or merge into the one that is there."""

    async def create_or_merge_each(self, tenant: Tenant, events: Sequence[tuple[IndexEntry, EncodedEvent]]) -> int:
        """Keep or merge the events in order; gives how many were, fewer where the store went away in the middle."""

    async def update(self, tenant: Tenant, event_id: str, fields: Mapping[bytes, bytes]) -> bool:
        """Merge the fields into the event of that id; gives whether there is one."""


class Request(NamedTuple):
    """A request after routing, authentication, parsing and the checks of its profile.

    `body` is the parsed JSON of an operation that takes one, or the octets of another media type, else None;
    `parameters` are those of path and query; `settings` is what the server runs with, and is told to who asks for it;
    `window` is a fault before the store, which hides what is written; `metrics` gives the counts of requests as
    Prometheus reads them.
    """

    store: Store
    clock: Clock
    tenant: Tenant = ANONYMOUS
    body: Any = None
    parameters: Mapping[str, Any] = {}
    settings: Mapping[str, Any] = {}
    window: Writes | None = None
    metrics: Callable[[], bytes] = bytes

    @property
    def writes(self) -> Writes:
        """What an operation of the API writes to."""
        return self.window or self.store


class Response(NamedTuple):
    """The text of an answer, its status, headers and media type, and what was not used as it was sent."""

    body: bytes
    fallbacks: Sequence[Fallback] = ()
    status: int = 200
    headers: Mapping[str, str] = {}
    media_type: str = JSON
