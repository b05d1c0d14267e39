"""The sessions of a run, as the target last returned them: what the next response must build on."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from hivestand.conformance.exchange import Exchange, SentRequest
from hivestand.conformance.operations import SESSIONS
from hivestand.openapi.formats import UUID as UUID_PATTERN

_UUID: Final = re.compile(UUID_PATTERN)


@dataclass(frozen=True)
class SessionPost:
    """A session that was posted, and the event that came back.

    Attributes:
        sent: the session object.
        event: the event in the response.
        before: the event that was there before, None if the session was new.
        exchange: the request and the response.
    """

    sent: Mapping[str, Any]
    event: Mapping[str, Any]
    before: Mapping[str, Any] | None
    exchange: Exchange

    @property
    def window(self) -> tuple[float, float]:
        """When the request was under way: its start and end, Unix milliseconds."""
        return self.exchange.response.began * 1000, self.exchange.response.ended * 1000


@dataclass
class SessionHistory:
    """The sessions of a run by token and id, as they were last returned."""

    events: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    unordered: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)  # by operations other than those that start sessions

    def mark_unordered(self, requests: Iterable[SentRequest]) -> None:
        """Note that the state of these requests' sessions is unknown, as it depends on the order of serving."""
        for request in requests:
            posted = canonical((session_of(request) or {}).get("session_id"))
            if posted:
                self.unordered.add(posted)

    def step(self, exchange: Exchange) -> SessionPost | None:
        """The session that an exchange posted, or None.

        A session that another operation names is not judged any more, as what that operation changed is not tracked.
        """
        if exchange.request.operation not in SESSIONS:
            self.touched |= set(_UUID.findall(f"{exchange.request.path} {exchange.request.body!r}".lower()))
            return None
        sent = session_of(exchange.request)
        event = exchange.response.event
        if sent is None or exchange.response.status != 200 or not event:  # noqa: PLR2004 - the one documented success
            return None
        token = exchange.request.token or ""
        posted = canonical(sent.get("session_id"))
        if posted in self.unordered or posted in self.touched:
            return None
        before = self.events.get((token, posted)) if posted else None
        returned = canonical(event.get("session_id"))
        if returned:
            self.events[token, returned] = event
        return SessionPost(sent, event, before, exchange)


def session_of(request: SentRequest) -> Mapping[str, Any] | None:
    """The session object in a request to either operation that starts one."""
    body = request.json
    if request.operation == "startSessionLegacy" and isinstance(body, dict):
        body = body.get("session")
    return body if isinstance(body, dict) else None


def canonical(session_id: object) -> str | None:
    """A UUID in its 36-character form, in lower case; None for anything else."""
    if not isinstance(session_id, str):
        return None
    try:
        text = str(UUID(session_id))
    except ValueError:
        return None
    return text if text == session_id.lower() else None
