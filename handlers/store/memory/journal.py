"""The journals in this process's memory."""

from bisect import bisect_left
from collections import OrderedDict, deque
from collections.abc import Sequence

from hivestand.handlers.store.journal import ENTRY_COST, MAX_MEMORY, StoredEntry
from hivestand.handlers.tenant import Tenant


class MemoryJournal:
    """Entries by tenant, numbered in the order in which all came; the oldest are dropped first."""

    def __init__(self, most: int, most_memory: int = MAX_MEMORY) -> None:
        """Keep at most `most` entries of a tenant (0: none) and `most_memory` bytes of all tenants."""
        self.is_on = most > 0
        self._most = most
        self._most_memory = most_memory
        self._number = 0
        self._size = 0
        self._entries: OrderedDict[int, tuple[str, bytes]] = OrderedDict()  # of all tenants: the digest, the text
        self._numbers: dict[str, deque[int]] = {}  # of each tenant's entries, by its digest

    def add(self, tenant: Tenant, packed: bytes) -> None:
        """Add an entry; drop the oldest if there are too many or they take too much memory."""
        self._number += 1
        self._entries[self._number] = tenant.digest, packed
        self._size += len(packed) + ENTRY_COST
        numbers = self._numbers.get(tenant.digest)
        if numbers is None:
            numbers = self._numbers[tenant.digest] = deque()
        numbers.append(self._number)
        if len(numbers) > self._most:
            self._drop(numbers[0])
        while self._size > self._most_memory:
            self._drop(next(iter(self._entries)))  # whoever's is the oldest

    async def newest(
        self,
        tenant: Tenant,
        before: str | None,
        count: int,
        *,
        heads: bool = False,  # noqa: ARG002 - here a head costs as much as its entry
    ) -> Sequence[StoredEntry]:
        """The tenant's newest entries older than one, newest first."""
        numbers = self._numbers.get(tenant.digest, deque())
        end = bisect_left(numbers, _number(before)) if before else len(numbers)
        places = range(end - 1, max(-1, end - 1 - count), -1)
        return tuple(StoredEntry(_id(numbers[place]), self._entries[numbers[place]][1]) for place in places)

    async def one(self, tenant: Tenant, entry_id: str) -> StoredEntry | None:
        """The tenant's entry with that id, or None."""
        number = _number(entry_id)
        digest, packed = self._entries.get(number, ("", b""))
        is_there = number in self._entries and digest == tenant.digest and entry_id == _id(number)
        return StoredEntry(entry_id, packed) if is_there else None

    async def clear(self, tenant: Tenant) -> None:
        """Delete the tenant's entries."""
        for number in self._numbers.pop(tenant.digest, ()):
            self._size -= len(self._entries.pop(number)[1]) + ENTRY_COST

    def _drop(self, number: int) -> None:
        """Drop an entry that is its tenant's oldest."""
        digest, packed = self._entries.pop(number)
        self._size -= len(packed) + ENTRY_COST
        numbers = self._numbers[digest]
        numbers.popleft()
        if not numbers:
            del self._numbers[digest]


def _id(number: int) -> str:
    return f"{number}-0"


def _number(entry_id: str) -> int:
    return int(entry_id.partition("-")[0])
