"""Turns: long work gives way to other requests, by time rather than by count."""

import asyncio
from time import perf_counter, thread_time
from typing import Final

SLICE: Final = 0.005  # seconds of work between two turns of the event loop, shared by all that is long at that time
_MIN_SLICE: Final = 0.001  # seconds, however much is long
LONG_STEP: Final = 2 * SLICE  # processor seconds of a step that cannot be divided, after which the work rests
REST_SHARE: Final = 0.05  # of such a step


class Turns:
    """The turns that one piece of long work takes in the event loop."""

    _waiting = 0  # pieces of work that have given way and not resumed yet, in this process

    def __init__(self) -> None:
        """Begin the first turn."""
        self._begin(SLICE)

    async def give_way(self) -> None:
        """Let everything else run that is ready, if this turn has lasted long enough."""
        if perf_counter() >= self._end:
            await self.pause()

    async def pause(self) -> None:
        """Let everything else run that is ready; after a long step, some time, as other requests take several turns."""
        taken = thread_time() - self._began  # what it waited for in between, such as Redis, does not count
        Turns._waiting += 1
        try:
            await asyncio.sleep(taken * REST_SHARE if taken > LONG_STEP else 0)
        finally:
            Turns._waiting -= 1
        self._begin(max(_MIN_SLICE, SLICE / (1 + Turns._waiting)))

    def _begin(self, seconds: float) -> None:
        self._began = thread_time()
        self._end = perf_counter() + seconds
