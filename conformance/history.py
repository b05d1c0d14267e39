"""What the suite has sent and was answered, as far as the next answer depends on it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from hivestand.conformance.exchange import Exchange, SentRequest
from hivestand.conformance.operations import SESSIONS

_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


@dataclass(frozen=True)
class SessionPost:
    """A session that was posted and the event that came back; `before` is the event that was there already, or None."""

    sent: Mapping[str, Any]
    event: Mapping[str, Any]
    before: Mapping[str, Any] | None
    exchange: Exchange

    @property
    def window(self) -> tuple[float, float]:
        """When the request was on its way, Unix milliseconds."""
        return self.exchange.response.began * 1000, self.exchange.response.ended * 1000


@dataclass
class SessionHistory:
    """The sessions that the suite knows of, for each token, as they were last answered."""

    events: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    unordered: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)  # by operations other than those that start sessions

    def mark_unordered(self, requests: Iterable[SentRequest]) -> None:
        """Note that what these requests left of their sessions depends on their order, which nobody knows."""
        for request in requests:
            posted = canonical((session_of(request) or {}).get("session_id"))
            if posted:
                self.unordered.add(posted)

    def step(self, exchange: Exchange) -> SessionPost | None:
        """What an exchange says of a session; None where none was started.

        What other operations change of a session that they name is not known, so it is judged no more.
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
        answered = canonical(event.get("session_id"))
        if answered:
            self.events[token, answered] = event
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
