"""What an operation is given, and what it gives back."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from skep.handlers.clock import Clock
from skep.handlers.normalise import Fallback
from skep.handlers.store import Store
from skep.handlers.tenant import Tenant

ANYONE = Tenant("", b"")  # who calls an operation that needs no token


class Request(NamedTuple):
    """A request after routing, authentication, parsing and the checks of its profile.

    `body` is the parsed JSON of an operation that takes one, else None.
    """

    store: Store
    clock: Clock
    tenant: Tenant = ANYONE
    body: Any = None


class Answer(NamedTuple):
    """The JSON text of an answer, its status and headers, and what was not used as it was sent."""

    body: bytes
    fallbacks: Sequence[Fallback] = ()
    status: int = 200
    headers: Mapping[str, str] = {}
