"""Writes that happen after a delay."""

import asyncio
from functools import partial

import pytest

from hivestand.handlers.errors import StoreUnavailable
from hivestand.handlers.store.delayed import DelayedWrites

pytestmark = pytest.mark.anyio


class Written:
    """What was written, in order."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.names: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def write(self, name: str) -> None:
        """Write, once the gate is open."""
        await self.gate.wait()
        self.names.append(name)


async def test_they_happen_when_they_are_due_in_order() -> None:
    """One that is due sooner than those that wait is not late."""
    delayed, written = DelayedWrites(), Written()
    for seconds, name in ((0.3, "c"), (0.2, "b"), (0.1, "a"), (0.1, "a2")):
        delayed.add("t", seconds, partial(written.write, name))
    for _ in range(200):
        if len(written.names) == 4:
            break
        await asyncio.sleep(0.02)
    assert ["a", "a2", "b", "c"] == written.names
    await delayed.close()


async def test_a_store_that_is_away_loses_its_own_alone() -> None:
    """The others are written, those that come later too."""
    delayed, written = DelayedWrites(), Written()

    async def away() -> None:
        raise StoreUnavailable

    delayed.add("t", 0, away)
    delayed.add("t", 0, lambda: written.write("a"))
    await asyncio.sleep(0.05)
    delayed.add("t", 0, lambda: written.write("b"))
    await asyncio.sleep(0.05)
    assert ["a", "b"] == written.names
    await delayed.close()


async def test_what_is_dropped_does_not_happen() -> None:
    """Of one tenant alone; one that is under way is waited for."""
    delayed, written = DelayedWrites(), Written()
    delayed.add("gone", 0.05, lambda: written.write("gone"))
    delayed.add("t", 0.05, lambda: written.write("there"))
    await delayed.drop("gone")
    await asyncio.sleep(0.15)
    assert ["there"] == written.names
    written.gate.clear()
    delayed.add("t", 0, lambda: written.write("under way"))
    await asyncio.sleep(0.05)
    dropping = asyncio.ensure_future(delayed.drop("t"))
    await asyncio.sleep(0.02)
    assert not dropping.done()
    written.gate.set()
    await dropping
    assert ["there", "under way"] == written.names
    await delayed.close()
