"""Counters in this process's memory."""

from hivestand.handlers.tenant import Tenant


class MemoryCounters:
    """Numbers by tenant and name."""

    def __init__(self) -> None:
        """Start at 0 everywhere."""
        self._numbers: dict[str, dict[str, int]] = {}

    async def next_number(self, digest: str, name: str) -> int:
        """Count once more; returns how often it was counted before."""
        numbers = self._numbers.setdefault(digest, {})
        before = numbers.get(name, 0)
        numbers[name] = before + 1
        return before

    async def current_number(self, digest: str, name: str) -> int:
        """How often it was counted."""
        return self._numbers.get(digest, {}).get(name, 0)

    async def forget(self, tenant: Tenant) -> None:
        """Start a tenant's counters from 0 again."""
        self._numbers.pop(tenant.digest, None)
