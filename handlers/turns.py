"""Turns: long work gives way to other requests, by time rather than by count."""

import asyncio
from time import perf_counter
from typing import Final

SLICE: Final = 0.005  # seconds of work between two turns of the event loop, shared by all that is long at that time
_MIN_SLICE: Final = 0.001  # seconds, however much is long


class Turns:
    """The turns that one piece of long work takes in the event loop."""

    _waiting = 0  # pieces of work that have given way and not resumed yet, in this process

    def __init__(self) -> None:
        """Begin the first turn."""
        self._end = perf_counter() + SLICE

    async def give_way(self) -> None:
        """Let everything else run that is ready, if this turn has lasted long enough."""
        if perf_counter() >= self._end:
            await self.pause()

    async def pause(self) -> None:
        """Let everything else run that is ready."""
        Turns._waiting += 1
        try:
            await asyncio.sleep(0)
        finally:
            Turns._waiting -= 1
        self._end = perf_counter() + max(_MIN_SLICE, SLICE / (1 + Turns._waiting))
