"""Counters in this process's memory."""

from collections import OrderedDict
from typing import Final

from hivestand.handlers.store.plans import MAX_ARMED
from hivestand.handlers.tenant import Tenant

MAX_COUNTERS: Final = 10 * MAX_ARMED  # of one tenant; those that are used are more recent


class MemoryCounters:
    """Numbers by tenant and name."""

    def __init__(self) -> None:
        """Start at 0 everywhere."""
        self._numbers: dict[str, OrderedDict[str, int]] = {}

    async def next_number(self, digest: str, name: str) -> int:
        """Count once more; returns how often it was counted before."""
        numbers = self._numbers.setdefault(digest, OrderedDict())
        before = numbers.get(name, 0)
        numbers[name] = before + 1
        numbers.move_to_end(name)
        if len(numbers) > MAX_COUNTERS:
            numbers.popitem(last=False)  # of a fault that was disarmed long ago
        return before

    async def current_number(self, digest: str, name: str) -> int:
        """How often it was counted."""
        return self._numbers.get(digest, OrderedDict()).get(name, 0)

    async def forget(self, tenant: Tenant) -> None:
        """Start a tenant's counters from 0 again."""
        self._numbers.pop(tenant.digest, None)
