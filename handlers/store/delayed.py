"""Writes that happen after a delay, and that a reset cancels."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from heapq import heappop, heappush
from typing import Final

from hivestand.handlers.errors import StoreUnavailable

AT_ONCE: Final = 100  # writes that are under way at the same time

Write = Callable[[], Awaitable[object]]


class _Delayed:
    """One write and when it is due, by the loop's clock; a cancelled one has none."""

    __slots__ = ("digest", "due", "number", "write")

    def __init__(self, due: float, number: int, digest: str, write: Write) -> None:
        self.due = due
        self.number = number
        self.digest = digest
        self.write: Write | None = write

    def __lt__(self, other: "_Delayed") -> bool:
        return (self.due, self.number) < (other.due, other.number)


class DelayedWrites:
    """Writes that wait for their time, by the digest of their tenant; one task carries them out, in order."""

    def __init__(self) -> None:
        """Start with none."""
        self._queue: list[_Delayed] = []  # a heap
        self._waiting: dict[str, set[_Delayed]] = {}
        self._writing: set[str] = set()  # the tenants of the writes under way
        self._written: asyncio.Future[None] | None = None  # done when those are
        self._numbers = 0
        self._worker: asyncio.Task[None] | None = None
        self._sooner = asyncio.Event()

    def add(self, digest: str, seconds: float, write: Write) -> None:
        """Write after `seconds`. If the store is unavailable by then, the write is lost: nobody is left to be told."""
        loop = asyncio.get_running_loop()
        self._numbers += 1
        delayed = _Delayed(loop.time() + seconds, self._numbers, digest, write)
        heappush(self._queue, delayed)
        self._waiting.setdefault(digest, set()).add(delayed)
        if self._worker is None:
            self._worker = loop.create_task(self._work())
        elif self._queue[0] is delayed:
            self._sooner.set()

    async def drop(self, digest: str) -> None:
        """Cancel the writes of a tenant, given by its digest; wait for one that is being carried out."""
        for delayed in self._waiting.pop(digest, ()):
            delayed.write = None
        if digest in self._writing and self._written is not None:
            await asyncio.shield(self._written)

    async def close(self) -> None:
        """Cancel all writes; wait for those that are being carried out."""
        self._waiting.clear()
        self._queue.clear()
        if self._written is not None:
            await asyncio.shield(self._written)
        if self._worker is not None:
            self._worker.cancel()

    async def _work(self) -> None:
        """Carry out what is due, until nothing waits."""
        loop = asyncio.get_running_loop()
        while self._queue:
            self._sooner.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._sooner.wait(), self._queue[0].due - loop.time())
            if due := self._due(loop.time()):
                await self._carry_out(due)
        self._worker = None

    def _due(self, now: float) -> list[tuple[str, Write]]:
        """The next writes that are due, with their tenants."""
        due: list[tuple[str, Write]] = []
        while self._queue and self._queue[0].due <= now and len(due) < AT_ONCE:
            delayed = heappop(self._queue)
            if delayed.write is not None:
                due.append((delayed.digest, delayed.write))
                waiting = self._waiting[delayed.digest]
                waiting.discard(delayed)
                if not waiting:
                    del self._waiting[delayed.digest]
        return due

    async def _carry_out(self, due: list[tuple[str, Write]]) -> None:
        self._writing = {digest for digest, _ in due}
        self._written = asyncio.get_running_loop().create_future()
        try:
            outcomes = await asyncio.gather(*(write() for _, write in due), return_exceptions=True)
        finally:
            self._writing = set()
            self._written.set_result(None)
        await asyncio.sleep(0)  # the memory store never waits, so let the loop serve requests
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, StoreUnavailable):
                raise outcome
