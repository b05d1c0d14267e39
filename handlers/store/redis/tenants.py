"""The registry of tenants that workers on a Redis share: the hash `<prefix>:{plans}:tenants`, ids by digest.

When each was registered last is in the sorted set `<prefix>:{plans}:tenants:seen`, so that the first can be forgotten
when there are too many.

A worker notes a tenant in memory; the barrier writes what is pending, in the same script by which the worker says how
far it has followed the changes, so that a reset it missed can never be undone.
"""

from collections.abc import Sequence

from hivestand.handlers.store.redis.transport.client import Client, fields_of
from hivestand.handlers.store.tenants import MAX_TENANTS
from hivestand.handlers.tenant import Tenant


class RedisTenants:
    """What this worker has noted, and what all have written down."""

    def __init__(self, client: Client, key: str) -> None:
        """Take the key of the hash."""
        self._client = client
        self._key = key
        self.pending: dict[str, Tenant] = {}  # noted and not written yet
        self.noted: set[str] = set()

    def note(self, tenant: Tenant) -> None:
        """Register a tenant; it is written by the barrier's next turn."""
        if tenant.digest not in self.noted:
            if len(self.noted) >= MAX_TENANTS:
                self.noted.clear()  # to note them again is cheap
            self.noted.add(tenant.digest)
            self.pending[tenant.digest] = tenant

    async def all(self) -> Sequence[Tenant]:
        """Every tenant that a worker has written down, those that came last at the end; a hash has no order."""
        found = fields_of(await self._client.read(self._key, ("HGETALL", self._key)))
        order = await self._client.read(self._key, ("ZRANGE", f"{self._key}:seen", 0, -1))
        places = {digest: place for place, digest in enumerate(order)}
        digests = sorted(found, key=lambda digest: places.get(digest, -1))
        return tuple(Tenant(digest.decode(), found[digest]) for digest in digests)

    def discard(self, digest: str) -> None:
        """Forget that a tenant was noted, as it was reset: its next request registers it anew."""
        self.noted.discard(digest)
        self.pending.pop(digest, None)

    def discard_all(self) -> None:
        """Note every tenant anew, as this worker may have missed resets."""
        self.noted.clear()
