"""The journals of servers that share a Redis: a stream `<prefix>:{<digest>:journal}` for each tenant.

Entries are written behind the responses, as many at a time as have come meanwhile. Whoever reads a journal first has
all workers write theirs (`Barrier.settle`), and so finds every request that was acknowledged before.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from hivestand.handlers.errors import StoreUnavailable
from hivestand.handlers.store.journal import Entry, StoredEntry, Unpacked
from hivestand.handlers.store.redis.transport.client import Client, fields_of, script
from hivestand.handlers.tenant import Tenant

FIRST_ID: Final = "0-0"  # the smallest stream id
JOURNAL_SECONDS: Final = 86_400  # seconds after its last entry that a journal is kept
MAX_WAITING: Final = 16 * 1024 * 1024  # bytes that wait for Redis; what comes beyond is lost
MAX_BATCH: Final = 128 * 1024  # bytes sent in one call, unless a single entry is larger

_ADD: Final = script("""
for number = 3, #ARGV do redis.call('XADD', KEYS[1], '*', 'e', ARGV[number]) end
redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[1])
return redis.call('EXPIRE', KEYS[1], ARGV[2])
""")
_HEADS: Final = script("""
local heads = {}
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], ARGV[1], '-', 'COUNT', ARGV[2])) do
  local packed = entry[2][2]
  heads[#heads + 1] = {entry[1], {'e', string.sub(packed, 1, string.find(packed, '\\n', 1, true))}}
end
return heads
""")
_CLEAR: Final = script("return redis.call('UNLINK', KEYS[1])")
_log = logging.getLogger(__name__)


class RedisJournal:
    """Journals that all workers on a Redis share."""

    def __init__(self, client: Client, prefix: str, max_entries: int) -> None:
        """Keep at most `max_entries` of a tenant; 0 keeps none."""
        self.is_on = max_entries > 0
        self._client = client
        self._prefix = prefix
        self._max_entries = max_entries
        self._waiting: list[tuple[str, bytes]] = []
        self._size = 0
        self._added = 0  # entries ever recorded
        self._done = 0  # how many of them are written or lost
        self._flushes: deque[tuple[int, asyncio.Future[None]]] = deque()  # ordered by the entry that each waits for
        self._writing: asyncio.Task[None] | None = None
        self._unpacked = Unpacked(self._keep)

    def add(self, tenant: Tenant, entry: Entry) -> None:
        """Add an entry soon."""
        self._unpacked.add(tenant, entry)

    async def flush(self) -> None:
        """Return when everything added before is written, or lost."""
        self._unpacked.pack()
        if self._done < self._added:
            done = asyncio.get_running_loop().create_future()
            self._flushes.append((self._added, done))
            await done

    async def newest(
        self, tenant: Tenant, before: str | None, count: int, *, heads: bool = False
    ) -> Sequence[StoredEntry]:
        """The tenant's newest entries older than one, newest first."""
        if before == FIRST_ID:
            return ()  # Redis refuses to look before it
        key = self._key(tenant.digest)
        end = f"({before}" if before else "+"
        if heads:
            reply = await self._client.run(_HEADS, (key,), end, count, durable=False)
        else:
            reply = await self._client.read(key, ("XREVRANGE", key, end, "-", "COUNT", count))
        return tuple(_kept(entry) for entry in reply)

    async def one(self, tenant: Tenant, entry_id: str) -> StoredEntry | None:
        """The tenant's entry with that id, or None."""
        key = self._key(tenant.digest)
        reply = await self._client.read(key, ("XRANGE", key, entry_id, entry_id))
        return _kept(reply[0]) if reply else None

    async def clear(self, tenant: Tenant) -> None:
        """Delete the tenant's entries."""
        await self._client.run(_CLEAR, (self._key(tenant.digest),))

    async def attempt(self, tenant: Tenant) -> None:
        """Try to write an entry that is not read by anybody.

        Raises:
            StoreUnavailable: it cannot be written.
        """
        await self._client.run(_ADD, (self._key(tenant.digest),), 1, JOURNAL_SECONDS, b"", durable=False)

    async def close(self) -> None:
        """Write what is pending."""
        await self.flush()

    def _keep(self, tenant: Tenant, packed: bytes) -> None:
        """Have an entry written as soon as those before it are."""
        if self._size > MAX_WAITING:
            return
        self._size += len(packed)
        self._added += 1
        self._waiting.append((tenant.digest, packed))
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        """Write until nothing waits. What Redis does not take is lost; why it does not is logged by the client."""
        while self._waiting:
            entries, self._waiting, self._size = self._waiting, [], 0
            writes = []
            for digest, batch in _batches(entries):
                arguments = self._max_entries, JOURNAL_SECONDS, *batch
                size = sum(map(len, batch))
                writes.append(self._client.run(_ADD, (self._key(digest),), *arguments, size=size, durable=False))
            for outcome in await asyncio.gather(*writes, return_exceptions=True):  # none outlives a flush
                if isinstance(outcome, BaseException) and not isinstance(outcome, StoreUnavailable):
                    _log.error("entries of the journal are lost", exc_info=outcome)
            self._done += len(entries)
            while self._flushes and self._flushes[0][0] <= self._done:
                _, done = self._flushes.popleft()
                if not done.done():
                    done.set_result(None)
        self._writing = None

    def _key(self, digest: str) -> str:
        return f"{self._prefix}:{{{digest}:journal}}"


def _batches(entries: Sequence[tuple[str, bytes]]) -> list[tuple[str, list[bytes]]]:
    """The entries by tenant, in order, in batches that Redis is done with quickly."""
    batches: list[tuple[str, list[bytes]]] = []
    filling: dict[str, tuple[list[bytes], int]] = {}
    for digest, packed in entries:
        batch, size = filling.get(digest, ([], MAX_BATCH))
        if size + len(packed) > MAX_BATCH:
            batch, size = [], 0
            batches.append((digest, batch))
        batch.append(packed)
        filling[digest] = batch, size + len(packed)
    return batches


def _kept(entry: Any) -> StoredEntry:
    entry_id, fields = entry
    return StoredEntry(entry_id.decode(), fields_of(fields)[b"e"])
