"""What an operation is given, and what it gives back."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, Protocol

from hivestand.handlers.clock import Clock
from hivestand.handlers.event.encoding import EncodedEvent
from hivestand.handlers.event.index import IndexEntry
from hivestand.handlers.event.normalise import Fallback
from hivestand.handlers.store.protocol import Store, Written
from hivestand.handlers.tenant import Tenant

JSON: Final = "application/json"
ANONYMOUS = Tenant("", b"")  # the tenant of operations that need no token


class Writes(Protocol):
    """The writing side of a store."""

    async def create_or_merge(self, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        """Keep the event, or merge into the one that is there."""

    async def create_or_merge_each(self, tenant: Tenant, events: Sequence[tuple[IndexEntry, EncodedEvent]]) -> Written:
        """Keep or merge the events in order; fewer are written where the store went away in the middle."""

    async def update(self, tenant: Tenant, event_id: str, fields: Mapping[bytes, bytes]) -> bool:
        """Merge the fields into the event of that id; gives whether there is one."""


class Options(NamedTuple):
    """What the operations of the API can be told when the server starts.

    Attributes:
        accept_unwrapped: whether `POST /session/start` takes a session without its wrapper.
        otlp_session: whether a span's unknown session is created only as documented, or always.
    """

    accept_unwrapped: bool = False
    otlp_session: Literal["documented", "always"] = "documented"


DEFAULT_OPTIONS: Final = Options()


class Request(NamedTuple):
    """A request after routing, authentication, parsing and the checks of its profile.

    Attributes:
        store: where events are read.
        writes: where an operation of the API writes: the store, or a window to it.
        clock: time and ids.
        tenant: who asks.
        body: the parsed JSON of an operation that takes a body, or the octets of another media type, else None.
        parameters: those of path and query.
        settings: what the server runs with, for who asks for it.
        options: what the operations were told at the start.
        metrics: returns the counts of requests as Prometheus reads them.
    """

    store: Store
    writes: Writes
    clock: Clock
    tenant: Tenant = ANONYMOUS
    body: Any = None
    parameters: Mapping[str, Any] = {}
    settings: Mapping[str, Any] = {}
    metrics: Callable[[], bytes] = bytes
    options: Options = DEFAULT_OPTIONS


class Response(NamedTuple):
    """What an operation returns.

    Attributes:
        body: the whole body.
        fallbacks: what was not used as it was sent.
        status: the HTTP status.
        headers: those beside Content-Type, Content-Length and Hivestand-Fallbacks.
        media_type: the Content-Type.
        stream: the body in parts, as each becomes known, in place of `body`; None for nearly every operation.
    """

    body: bytes
    fallbacks: Sequence[Fallback] = ()
    status: int = 200
    headers: Mapping[str, str] = {}
    media_type: str = JSON
    stream: AsyncGenerator[bytes, None] | None = None
