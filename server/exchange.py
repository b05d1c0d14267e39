"""One request and its answer, as the journal is told of them."""

import time
from collections.abc import Sequence
from typing import Final

from starlette.types import Scope

from skep.handlers.tenant import Tenant
from skep.server.response import Reply

EXCHANGE: Final = "skep.exchange"  # where the scope of a request has it


class Exchange:
    """What is known of a request by now; whoever serves it leaves the answer in `reply`.

    `tenant`, `operation` and `profile` are None until they are known, and `body` is empty until it is read; `faults`
    names what is done to the answer on purpose.
    """

    __slots__ = ("body", "faults", "operation", "profile", "reply", "scope", "started", "tenant", "time")

    def __init__(self, scope: Scope) -> None:
        """Begin."""
        self.scope = scope
        self.started = time.perf_counter()
        self.time = time.time_ns() // 1_000_000
        self.tenant: Tenant | None = None
        self.operation: str | None = None
        self.profile: str | None = None
        self.body = b""
        self.faults: Sequence[str] = ()
        self.reply: Reply | None = None

    @property
    def duration(self) -> float:
        """Milliseconds from the request until now, and for how long the answer waits on purpose."""
        delay = self.reply.delay if self.reply is not None else 0.0
        return round((time.perf_counter() - self.started + delay) * 1000, 3)
