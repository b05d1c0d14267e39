"""The store: all state there is, behind one small protocol."""

from typing import Protocol
from urllib.parse import urlsplit

from skep.handlers.encoding import EncodedEvent
from skep.handlers.tenant import Tenant

SCHEMES = ("memory", "redis", "rediss", "unix")


class Store(Protocol):
    """Events by tenant and id. Every method but `close` raises `StoreUnavailable` where the store is away."""

    kind: str

    async def open(self) -> None:
        """Connect, and refuse a server that cannot be used."""

    async def check(self) -> None:
        """Return if the store answers."""

    async def create_or_merge(self, tenant: Tenant, event_id: str, event: EncodedEvent) -> EncodedEvent:
        """Keep the event if its id is new, else merge its merged fields into the one there: one atomic step.

        Returns the event as it is after that step.
        """

    async def read(self, tenant: Tenant, event_id: str) -> EncodedEvent | None:
        """The tenant's event of that id, or None."""

    async def close(self) -> None:
        """Let go of all connections."""


def store_for(url: str) -> Store:
    """The store that a URL names, not opened yet; its module, and so its driver, is imported here.

    Raises:
        ValueError: the URL names no store.
    """
    scheme = urlsplit(url).scheme
    if scheme == "memory":
        from skep.handlers.store_memory import MemoryStore  # noqa: PLC0415 - import only the store that is used

        return MemoryStore()
    if scheme in SCHEMES:
        from skep.handlers.store_redis import RedisStore  # noqa: PLC0415 - import only the store that is used

        return RedisStore(url)
    msg = f"no store of scheme {scheme!r}: a store is one of {', '.join(f'{scheme}://' for scheme in SCHEMES)}"
    raise ValueError(msg)
