"""Where times and ids come from."""

import time
import uuid
from typing import Protocol


class Clock(Protocol):
    """What a handler asks for the time and for new ids, so that both can be made to repeat."""

    def now(self) -> int:
        """Unix time in milliseconds."""

    def new_id(self) -> str:
        """A UUIDv4 in its 36-character form, in lower case."""


class SystemClock:
    """The machine's time, and random ids."""

    def now(self) -> int:
        """Unix time in milliseconds."""
        return time.time_ns() // 1_000_000

    def new_id(self) -> str:
        """A random UUIDv4."""
        return str(uuid.uuid4())
