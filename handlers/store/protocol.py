"""The store: all state of the server, behind one protocol."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple, Protocol

from hivestand.handlers.errors import BadRequest, Detail
from hivestand.handlers.event.aggregation import Totals
from hivestand.handlers.event.encoding import EncodedEvent
from hivestand.handlers.event.index import Found, IndexEntry, Selection
from hivestand.handlers.store.barrier import Barrier
from hivestand.handlers.store.counters import Counters
from hivestand.handlers.store.delayed import DelayedWrites
from hivestand.handlers.store.hidden import HiddenEvents
from hivestand.handlers.store.journal import Journal
from hivestand.handlers.store.plans import PlanTable
from hivestand.handlers.store.tenants import Tenants
from hivestand.handlers.tenant import Tenant

MAX_FIELDS: Final = 50_000  # merged fields of one event, over all merges and updates
MAX_EVENT: Final = 8 * 1024 * 1024  # bytes that an event may grow to by merges and updates
READ_BYTES: Final = 4 * 1024 * 1024  # bytes of events that one call of `read_each` reads, unless the first is larger


def too_large() -> BadRequest:
    """The refusal of a merge or an update after which the event would be out of bounds; nothing of it is stored."""
    message = f"it would hold more than {MAX_FIELDS} members in its objects, or {MAX_EVENT} bytes"
    return BadRequest("The event would be too large", [Detail("", "maxLength", message)])


class Written(NamedTuple):
    """What became of many events: how many were written, and the ids of those that were there already."""

    number: int
    repeated: AbstractSet[str] = frozenset()


class StoreOptions(NamedTuple):
    """How a store keeps events.

    Attributes:
        ttl: seconds that an event lives after its last write; None for ever.
        wait: how many replicas of Redis must have a write before it is acknowledged.
        prefix: the beginning of every key in Redis.
        timeout: seconds for which Redis may be silent.
        journal: how many requests of each tenant are kept.
        aggregation: whether it keeps what the events of a session add up to.
    """

    ttl: float | None = None
    wait: int = 0
    prefix: str = "hivestand"
    timeout: float = 2.0
    journal: int = 1000
    aggregation: bool = True


class Store(Protocol):
    """Events by tenant and id. Every method but `close` raises `StoreUnavailable`."""

    kind: str

    @property
    def journal(self) -> Journal:
        """Requests and responses as they happened."""

    @property
    def plans(self) -> PlanTable:
        """The plans of all tenants, as this worker knows them."""

    @property
    def tenants(self) -> Tenants:
        """The registry of tenants."""

    @property
    def counters(self) -> Counters:
        """How often armed faults and planned clocks were met."""

    @property
    def hidden(self) -> HiddenEvents:
        """Events that were acknowledged and are not visible yet."""

    @property
    def delayed(self) -> DelayedWrites:
        """Writes that happen after a delay."""

    @property
    def barrier(self) -> Barrier:
        """What keeps the plans of all workers alike."""

    async def check(self) -> Sequence[str]:
        """Return if the store can be used; returns warnings of what could lose data, one sentence each."""

    async def create_or_merge(self, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        """Store the event if its id is new, otherwise merge its merged fields into the one there: one atomic step.

        Returns the event after that step.

        Raises:
            BadRequest: the event would be too large.
        """

    async def create_or_merge_each(self, tenant: Tenant, events: Sequence[tuple[IndexEntry, EncodedEvent]]) -> Written:
        """Store or merge the events, each in one atomic step, those with the same id in order.

        Their texts are in copies of the right size already, as `encode` makes them with `dumps`.

        Fewer than given are written if the store became unavailable in the middle.

        Raises:
            BadRequest: an event would be too large; others may be stored.
        """

    async def update(self, tenant: Tenant, event_id: str, fields: Mapping[bytes, bytes]) -> bool:
        """Merge the fields into the event with that id in one atomic step; returns whether there is one.

        Raises:
            BadRequest: the event would be too large.
        """

    async def read(self, tenant: Tenant, event_id: str) -> EncodedEvent | None:
        """The tenant's event with that id, or None."""

    async def read_each(self, tenant: Tenant, event_ids: Sequence[str]) -> Sequence[EncodedEvent | None]:
        """The tenant's events with the first of these ids, in order; None for one that is not there.

        As many as fit into `READ_BYTES`, and at least one: the others are to be asked for again.
        """

    async def totals(self, tenant: Tenant, session_ids: Sequence[str]) -> Sequence[Totals | None]:
        """What the other events of each session add up to; None for a session that has no others."""

    async def count(self, tenant: Tenant, selection: Selection) -> int:
        """How many of the tenant's events are selected."""

    async def find(
        self, tenant: Tenant, selection: Selection, limit: int, *, before: Found | None = None, skip: int = 0
    ) -> Sequence[Found]:
        """At most `limit` of the selected events, last first: those before `before`, without the first `skip`."""

    async def forget(self, tenant: Tenant, selection: Selection, gone: Sequence[Found]) -> int:
        """Remove from the index what a selection found there and whose event is gone; returns how much that was."""

    async def reset(self, tenant: Tenant) -> None:
        """Delete everything of a tenant: events, journal, plan. Nothing acknowledged before is there afterwards."""

    async def close(self) -> None:
        """Close all connections."""
