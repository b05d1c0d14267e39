"""Writes that happen after a delay, and that a reset cancels."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from hivestand.handlers.errors import StoreUnavailable


class DelayedWrites:
    """Writes that wait for their time, each in a task of its own, by the digest of their tenant."""

    def __init__(self) -> None:
        """Start with none."""
        self._waiting: dict[str, set[asyncio.Task[None]]] = {}
        self._writing: dict[str, set[asyncio.Task[None]]] = {}

    def add(self, digest: str, seconds: float, write: Callable[[], Awaitable[object]]) -> None:
        """Write after `seconds`. If the store is unavailable by then, the write is lost: nobody is left to be told."""

        async def work() -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - for the type checker: this runs in a task
            try:
                await asyncio.sleep(seconds)
                self._move(digest, task)
                with suppress(StoreUnavailable):
                    await write()
            finally:
                self._forget(digest, task)

        task = asyncio.get_running_loop().create_task(work())
        self._waiting.setdefault(digest, set()).add(task)

    async def drop(self, digest: str) -> None:
        """Cancel the writes of a tenant, given by its digest; wait for one that is being carried out."""
        for task in self._waiting.pop(digest, ()):
            task.cancel()
        if writing := self._writing.get(digest):
            await asyncio.wait(set(writing))

    async def close(self) -> None:
        """Cancel all writes."""
        for digest in {*self._waiting, *self._writing}:
            await self.drop(digest)

    def _move(self, digest: str, task: asyncio.Task[None]) -> None:
        self._forget(digest, task)
        self._writing.setdefault(digest, set()).add(task)

    def _forget(self, digest: str, task: asyncio.Task[None]) -> None:
        for tasks in (self._waiting, self._writing):
            kept = tasks.get(digest)
            if kept is not None:
                kept.discard(task)
                if not kept:
                    del tasks[digest]
