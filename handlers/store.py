"""The store: all state there is, behind one small protocol."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from skep.handlers.encoding import EncodedEvent
from skep.handlers.tenant import Tenant

SCHEMES = ("memory", "redis", "rediss", "unix", "redis+cluster", "rediss+cluster")


class StoreOptions(NamedTuple):
    """How a store keeps events.

    `ttl` is how many seconds an event lives after its last write, None is for ever; `wait` is how many replicas of
    Redis have to have a write before it is answered; `prefix` begins every key in Redis; `timeout` is for how many
    seconds Redis may be silent.
    """

    ttl: float | None = None
    wait: int = 0
    prefix: str = "skep"
    timeout: float = 2.0


class Store(Protocol):
    """Events by tenant and id. Every method but `close` raises `StoreUnavailable` where the store is away."""

    kind: str

    async def check(self) -> Sequence[str]:
        """Return if the store answers and can be used; gives what about it would lose data, a sentence each."""

    async def create_or_merge(self, tenant: Tenant, event_id: str, event: EncodedEvent) -> EncodedEvent:
        """Keep the event if its id is new, else merge its merged fields into the one there: one atomic step.

        Returns the event as it is after that step.
        """

    async def read(self, tenant: Tenant, event_id: str) -> EncodedEvent | None:
        """The tenant's event of that id, or None."""

    async def reset(self, tenant: Tenant) -> None:
        """Delete all of the tenant's events: afterwards none that was acknowledged before is there."""

    async def close(self) -> None:
        """Let go of all connections."""


def store_for(url: str, options: StoreOptions = StoreOptions()) -> Store:  # noqa: B008 - it is frozen
    """The store that a URL names, not connected yet; its module, and so its driver, is imported here.

    Raises:
        ValueError: the URL names no store, or none with such options.
    """
    scheme = urlsplit(url).scheme
    if scheme == "memory":
        from skep.handlers.store_memory import MemoryStore  # noqa: PLC0415 - import only the store that is used

        return MemoryStore(options)
    if scheme in SCHEMES:
        from skep.handlers.store_redis import RedisStore  # noqa: PLC0415 - import only the store that is used

        return RedisStore(url, options)
    msg = f"no store of scheme {scheme!r}: a store is one of {', '.join(f'{scheme}://' for scheme in SCHEMES)}"
    raise ValueError(msg)
