"""The journals in this process's memory."""

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from typing import Final

from hivestand.handlers.store.journal import ENTRY_COST, MAX_MEMORY, Entry, StoredEntry, Unpacked
from hivestand.handlers.tenant import Tenant

_Kept = tuple[int, bytes]  # an entry's number, and its packed text
_SPARED: Final = 15 / 16  # of the memory, when the oldest entries have been dropped


class MemoryJournal:
    """Entries by tenant, numbered in the order in which all came; the oldest are dropped first."""

    def __init__(self, most: int, most_memory: int = MAX_MEMORY) -> None:
        """Keep at most `most` entries of a tenant (0: none) and `most_memory` bytes of all tenants."""
        self.is_on = most > 0
        self._most = most
        self._most_memory = most_memory
        self._number = 0
        self._size = 0
        self._entries: dict[str, deque[_Kept]] = {}  # of each tenant, by its digest
        self._unpacked = Unpacked(self._keep)

    def add(self, tenant: Tenant, entry: Entry) -> None:
        """Add an entry soon."""
        self._unpacked.add(tenant, entry)

    async def newest(
        self,
        tenant: Tenant,
        before: str | None,
        count: int,
        *,
        heads: bool = False,  # noqa: ARG002 - here a head costs as much as its entry
    ) -> Sequence[StoredEntry]:
        """The tenant's newest entries older than one, newest first."""
        self._unpacked.pack()
        entries = self._entries.get(tenant.digest, deque())
        end = bisect_left(entries, _number(before), key=_number_of) if before else len(entries)
        places = range(end - 1, max(-1, end - 1 - count), -1)
        return tuple(_stored(entries[place]) for place in places)

    async def one(self, tenant: Tenant, entry_id: str) -> StoredEntry | None:
        """The tenant's entry with that id, or None."""
        self._unpacked.pack()
        entries = self._entries.get(tenant.digest, deque())
        place = bisect_left(entries, _number(entry_id), key=_number_of)
        found = _stored(entries[place]) if place < len(entries) else None
        return found if found is not None and found.id == entry_id else None

    async def clear(self, tenant: Tenant) -> None:
        """Delete the tenant's entries."""
        self._unpacked.pack()
        self._size -= sum(len(packed) + ENTRY_COST for _, packed in self._entries.pop(tenant.digest, ()))

    def _keep(self, tenant: Tenant, packed: bytes) -> None:
        """Keep an entry; drop the oldest if there are too many or they take too much memory."""
        self._number += 1
        self._size += len(packed) + ENTRY_COST
        entries = self._entries.get(tenant.digest)
        if entries is None:
            entries = self._entries[tenant.digest] = deque()
        entries.append((self._number, packed))
        if len(entries) > self._most:
            self._drop(entries)
        if self._size > self._most_memory:
            self._drop_oldest()

    def _drop(self, entries: deque[_Kept]) -> None:
        """Drop the oldest entry of a tenant."""
        _, packed = entries.popleft()
        self._size -= len(packed) + ENTRY_COST

    def _drop_oldest(self) -> None:
        """Drop the oldest entries, whoever's they are, until there is room for some time."""
        for _, digest in sorted((number, digest) for digest, kept in self._entries.items() for number, _ in kept):
            if self._size <= self._most_memory * _SPARED:
                return
            self._drop(self._entries[digest])
            if not self._entries[digest]:
                del self._entries[digest]


def _stored(kept: _Kept) -> StoredEntry:
    number, packed = kept
    return StoredEntry(f"{number}-0", packed)


def _number_of(kept: _Kept) -> int:
    return kept[0]


def _number(entry_id: str) -> int:
    return int(entry_id.partition("-")[0])
