"""Where times and ids come from."""

import os
import time
import uuid
from collections.abc import Iterator
from hashlib import blake2b
from os import urandom
from typing import NamedTuple, Protocol

SEEDED_AT = 1_767_225_600_000  # 2026-01-01T00:00:00Z, the default start of the time of a seeded tenant


_DRAWN = 4096  # random bytes that are drawn at once, as each draw is a system call

# a random hex digit -> the variant digit of a UUIDv4, of which RFC 9562 fixes two bits
_VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


class Clock(Protocol):
    """The time and new ids, behind a protocol so that tests and plans can make both repeat."""

    def now(self) -> int:
        """Unix time in milliseconds."""

    def new_id(self) -> str:
        """A UUIDv4 in its 36-character form, in lower case."""


def _random_digits() -> Iterator[str]:
    """The 32 hex digits of sixteen bytes from the system's generator, again and again."""
    while True:
        digits = urandom(_DRAWN).hex()
        for at in range(0, len(digits), 32):
            yield digits[at : at + 32]


class _Ids:
    """Random UUIDv4s; a process that was forked draws its own."""

    def __init__(self) -> None:
        self._digits = _random_digits()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._draw_anew)

    def _draw_anew(self) -> None:
        self._digits = _random_digits()

    def next(self) -> str:
        digits = next(self._digits)
        variant = _VARIANTS[digits[16]]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


_IDS = _Ids()


class SystemClock:
    """The system's time, and random ids."""

    def now(self) -> int:
        """Unix time in milliseconds."""
        return time.time_ns() // 1_000_000

    def new_id(self) -> str:
        """A random UUIDv4."""
        return _IDS.next()


class Timing(NamedTuple):
    """A tenant's planned time and ids. Times are milliseconds.

    Attributes:
        at: the Unix time at which the clock is frozen; None while it runs.
        offset: what is added to a running clock.
        step: what each request adds to a frozen clock.
        seed: makes the ids repeat; None for random ids.
        tenant: the digest of whose plan this is; empty for no plan.
        planned: the number of the plan, so that counting starts anew with each.
    """

    at: int | None = None
    offset: int = 0
    step: int = 0
    seed: int | None = None
    tenant: str = ""
    planned: int = 0

    @property
    def is_counted(self) -> bool:
        """Whether times or ids depend on how many requests came before."""
        return self.step != 0 or self.seed is not None

    @property
    def counter(self) -> str:
        """The name of the counter of requests since this timing was planned."""
        return f"requests:{self.planned}"

    def advanced(self, milliseconds: int) -> "Timing":
        """The same timing, moved forward."""
        if self.at is None:
            return self._replace(offset=self.offset + milliseconds)
        return self._replace(at=self.at + milliseconds)


class PlannedClock:
    """Time and ids of one request: the `number`th, from 0, since the clock was planned."""

    def __init__(self, timing: Timing, number: int = 0, system: Clock | None = None) -> None:
        """Use the timing; what it leaves open comes from the system clock."""
        self._timing = timing
        self._number = number
        self._system = system or SystemClock()
        self._ids = 0

    def now(self) -> int:
        """Unix time in milliseconds."""
        at = self._timing.at
        return self._system.now() + self._timing.offset if at is None else at + self._number * self._timing.step

    def new_id(self) -> str:
        """A UUIDv4 that is the same for the same seed, request and place in the request."""
        if self._timing.seed is None:
            return self._system.new_id()
        place = f"{self._timing.seed}:{self._number}:{self._ids}".encode()
        self._ids += 1
        return str(uuid.UUID(bytes=blake2b(place, digest_size=16).digest(), version=4))
