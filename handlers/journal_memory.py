"""The journals in this process's memory."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from itertools import islice

from skep.handlers.journal import ENTRY_COST, MOST_MEMORY, Kept
from skep.handlers.tenant import Tenant


class MemoryJournal:
    """Entries by tenant, each tenant's and all in the order in which they came; the oldest go first."""

    def __init__(self, most: int, most_memory: int = MOST_MEMORY) -> None:
        """Keep at most so many entries of a tenant (0: none), and so many bytes of all."""
        self.is_on = most > 0
        self._most = most
        self._most_memory = most_memory
        self._number = 0
        self._size = 0
        self._entries: dict[str, OrderedDict[str, bytes]] = {}
        self._order: OrderedDict[str, str] = OrderedDict()  # the tenant's digest by the entry's id

    def add(self, tenant: Tenant, packed: bytes) -> None:
        """Keep an entry, and drop what is too many or too much."""
        self._number += 1
        entry_id = f"{time.time_ns() // 1_000_000}-{self._number}"
        entries = self._entries.setdefault(tenant.digest, OrderedDict())
        entries[entry_id] = packed
        self._order[entry_id] = tenant.digest
        self._size += len(packed) + ENTRY_COST
        if len(entries) > self._most:
            self._drop(tenant.digest, next(iter(entries)))
        while self._size > self._most_memory:
            oldest, digest = next(iter(self._order.items()))
            self._drop(digest, oldest)

    async def newest(self, tenant: Tenant, before: str | None, count: int) -> Sequence[Kept]:
        """The tenant's newest entries that are older than one, newest first."""
        entries = self._entries.get(tenant.digest, OrderedDict())
        number = _number(before) if before else self._number + 1
        older = (Kept(entry_id, entries[entry_id]) for entry_id in reversed(entries) if _number(entry_id) < number)
        return tuple(islice(older, count))

    async def one(self, tenant: Tenant, entry_id: str) -> Kept | None:
        """The tenant's entry of that id."""
        packed = self._entries.get(tenant.digest, OrderedDict()).get(entry_id)
        return None if packed is None else Kept(entry_id, packed)

    async def clear(self, tenant: Tenant) -> None:
        """Drop the tenant's entries."""
        for entry_id in list(self._entries.get(tenant.digest, ())):
            self._drop(tenant.digest, entry_id)

    def _drop(self, digest: str, entry_id: str) -> None:
        entries = self._entries[digest]
        self._size -= len(entries.pop(entry_id)) + ENTRY_COST
        del self._order[entry_id]
        if not entries:
            del self._entries[digest]


def _number(entry_id: str) -> int:
    return int(entry_id.partition("-")[2])
