"""Counters: how often something was met, over all workers."""

from typing import Protocol

from hivestand.handlers.tenant import Tenant


class Counters(Protocol):
    """Numbers by a tenant's digest and a name, from 0. Methods raise `StoreUnavailable` where the store is away."""

    async def next_number(self, digest: str, name: str) -> int:
        """Count once more; returns how often it was counted before, by any worker, since the last reset."""

    async def current_number(self, digest: str, name: str) -> int:
        """How often `next_number` was called, without calling it."""

    async def forget(self, tenant: Tenant) -> None:
        """Start a tenant's counters from 0 again."""
