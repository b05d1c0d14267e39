"""One request and its answer, as the journal is told of them."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from starlette.types import Scope

from hivestand.handlers.tenant import Tenant
from hivestand.server.http.response import CONNECTION, Reply

EXCHANGE: Final = "hivestand.exchange"  # where the scope of a request has it


class Exchange:
    """What is known of a request by now; whoever serves it leaves the answer in `reply`.

    `tenant`, `operation` and `profile` are None until they are known, and `body` is empty until it is read; `faults`
    names what is done to the answer on purpose; `media_type` is None where an error is told as JSON.
    """

    __slots__ = (
        "body",
        "faults",
        "headers",
        "media_type",
        "method",
        "operation",
        "path",
        "path_parameters",
        "profile",
        "query",
        "reply",
        "started",
        "tenant",
        "time",
        "whole_body",
    )

    def __init__(self, scope: Scope) -> None:
        """Begin."""
        # not the scope itself, which has this: a cycle would have every request wait for the garbage collector
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self.whole_body: Callable[[], bytes | None] | None = scope.get("extensions", {}).get(CONNECTION, {}).get("body")
        self.path_parameters: Mapping[str, str] = {}
        self.started = time.perf_counter()
        self.time = time.time_ns() // 1_000_000
        self.tenant: Tenant | None = None
        self.operation: str | None = None
        self.profile: str | None = None
        self.body = b""
        self.media_type: bytes | None = None
        self.faults: Sequence[str] = ()
        self.reply: Reply | None = None

    @property
    def duration(self) -> float:
        """Milliseconds from the request until now, and for how long the answer waits on purpose."""
        delay = self.reply.delay if self.reply is not None else 0.0
        return round((time.perf_counter() - self.started + delay) * 1000, 3)
