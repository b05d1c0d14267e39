"""The journals in this process's memory."""

from collections import defaultdict, deque
from collections.abc import Sequence
from itertools import islice
from typing import Final

from hivestand.handlers.store.journal import ENTRY_COST, MAX_MEMORY, StoredEntry
from hivestand.handlers.tenant import Tenant

KEPT_SHARE: Final = 7 / 8  # the share of MAX_MEMORY that remains after journals are cut


class MemoryJournal:
    """Entries by tenant, numbered in the order in which all came; the oldest are dropped first."""

    def __init__(self, most: int, most_memory: int = MAX_MEMORY) -> None:
        """Keep at most `most` entries of a tenant (0: none) and `most_memory` bytes of all tenants."""
        self.is_on = most > 0
        self._most = most
        self._most_memory = most_memory
        self._number = 0
        self._size = 0
        self._entries: defaultdict[str, deque[tuple[int, bytes]]] = defaultdict(deque)

    def add(self, tenant: Tenant, packed: bytes) -> None:
        """Add an entry; drop the oldest if there are too many or they take too much memory."""
        self._number += 1
        entries = self._entries[tenant.digest]
        entries.append((self._number, packed))
        self._size += len(packed) + ENTRY_COST
        if len(entries) > self._most:
            self._size -= len(entries.popleft()[1]) + ENTRY_COST
        if self._size > self._most_memory:
            self._shrink()

    async def newest(self, tenant: Tenant, before: str | None, count: int) -> Sequence[StoredEntry]:
        """The tenant's newest entries older than one, newest first."""
        end = _number(before) if before else self._number + 1
        entries = self._entries.get(tenant.digest, deque())
        older = (StoredEntry(_id(number), packed) for number, packed in reversed(entries) if number < end)
        return tuple(islice(older, count))

    async def one(self, tenant: Tenant, entry_id: str) -> StoredEntry | None:
        """The tenant's entry with that id, or None."""
        entries = self._entries.get(tenant.digest, deque())
        return next((StoredEntry(entry_id, packed) for number, packed in entries if _id(number) == entry_id), None)

    async def clear(self, tenant: Tenant) -> None:
        """Delete the tenant's entries."""
        self._size -= sum(len(packed) + ENTRY_COST for _, packed in self._entries.pop(tenant.digest, ()))

    def _shrink(self) -> None:
        """Drop the oldest entries of all tenants until there is some room."""
        every = sorted((number, digest) for digest, entries in self._entries.items() for number, _ in entries)
        for _, digest in every:
            if self._size <= self._most_memory * KEPT_SHARE:
                return
            entries = self._entries[digest]
            self._size -= len(entries.popleft()[1]) + ENTRY_COST
            if not entries:
                del self._entries[digest]


def _id(number: int) -> str:
    return f"{number}-0"


def _number(entry_id: str) -> int:
    return int(entry_id.partition("-")[0])
