"""How long a server may be silent, counted in looks rather than by the clock.

A process that is kept from the processor for longer than the time-out would take what lies in its socket for silence:
the clock has run, and nothing was read. So silence is looked for several times, at least a share of the time-out apart,
and what was to be read is read between two looks.
"""

import asyncio
from types import TracebackType
from typing import Final, Self

CHECKS: Final = 8  # that found nothing, in a row, are a time-out
SECONDS_PER_REPLY: Final = 0.05  # seconds for a reply of a server that is busy; one that takes longer for each is slow


class SilenceTimeout:
    """Waits `timeout` seconds for a first reply, and as long again for all others, with what busy ones take on top.

    Used as `asyncio.timeout` is, for one exchange of the task that enters it.
    """

    def __init__(self, timeout: float) -> None:
        """Begin to wait when entered."""
        self._interval = timeout / CHECKS
        self._expiry = asyncio.timeout(None)
        self._silent = 0  # looks since the last reply
        self._behind: float = 0  # looks since the first reply, less what the replies since then may take
        self._heard = False
        self._next_look: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        """Look for the first time after a share of the time-out."""
        await self._expiry.__aenter__()
        self._look_later()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Look no more.

        Raises:
            TimeoutError: The server was silent, or too slow, for too long.
        """
        if self._next_look is not None:
            self._next_look.cancel()
        await self._expiry.__aexit__(kind, error, trace)

    def hear(self) -> None:
        """Wait anew, as a reply has come."""
        self._silent = 0
        self._heard = True
        self._behind = max(0, self._behind - SECONDS_PER_REPLY / self._interval)

    def _look(self) -> None:
        self._silent += 1
        self._behind += self._heard
        if max(self._silent, self._behind) < CHECKS:
            self._look_later()
        else:
            self._next_look = None
            self._expiry.reschedule(0)

    def _look_later(self) -> None:
        self._next_look = asyncio.get_running_loop().call_later(self._interval, self._look)
