"""What the events of each session add up to, in this process's memory."""

from heapq import heapify, heappop, heappush
from typing import Any, Final

from hivestand.handlers.event.aggregation import NO_NUMBERS, Change, Share, Totals

_END: Final = 1 + Share._fields.index("end_time")  # its place in what is kept of an event
SPARE: Final = 16  # ends in a heap that are no longer those of events, beside as many as there are events


class _Session:
    """The running totals of one session, and when its events end."""

    __slots__ = ("amounts", "ends", "events", "feedback", "models")

    def __init__(self) -> None:
        self.events = self.models = self.feedback = 0
        self.amounts = (0.0, 0.0, 0.0, 0.0)
        self.ends: list[tuple[int, str]] = []  # a heap: the latest end first, negative

    def add(self, share: Share, sign: int) -> None:
        """Add a share, or with a `sign` of -1 take it away."""
        self.models += sign * share.is_model
        self.feedback += sign * share.has_feedback
        if share.is_model and share.numbers is not NO_NUMBERS:
            cost, prompt, completion, total = self.amounts
            more = share.amounts
            self.amounts = (
                cost + sign * more[0],
                prompt + sign * more[1],
                completion + sign * more[2],
                total + sign * more[3],
            )


class SessionTotals:
    """The totals of one tenant's sessions."""

    def __init__(self) -> None:
        """Start without any."""
        self._sessions: dict[str, _Session] = {}
        # the session and the share of each event, as a plain tuple of plain values: the collector need not follow those
        self._shares: dict[str, tuple[Any, ...]] = {}

    def enter(self, session_id: str, event_id: str, share: Share) -> None:
        """Enter an event that is new."""
        session = self._sessions.get(session_id)
        if session is None:
            session = self._sessions[session_id] = _Session()
        session.events += 1
        if share.is_model or share.has_feedback:
            session.add(share, 1)
        self._shares[event_id] = (session_id, *share)
        if share.end_time is not None:
            heappush(session.ends, (-share.end_time, event_id))

    def change(self, event_id: str, change: Change) -> None:
        """Change the share of an event, if it has one: a session has none."""
        known = self._shares.get(event_id)
        if known is None:
            return
        session_id, before = known[0], Share(*known[1:])
        session, after = self._sessions[session_id], before.changed(change)
        session.add(before, -1)
        session.add(after, 1)
        self._shares[event_id] = (session_id, *after)
        if after.end_time is not None and after.end_time != before.end_time:
            heappush(session.ends, (-after.end_time, event_id))
            if len(session.ends) > 2 * session.events + SPARE:
                session.ends = [each for each in set(session.ends) if self._is_current(session_id, each)]
                heapify(session.ends)

    def remove(self, event_id: str) -> None:
        """Remove an event, if it has a share."""
        known = self._shares.pop(event_id, None)
        if known is None:
            return
        session_id = known[0]
        session = self._sessions[session_id]
        session.events -= 1
        session.add(Share(*known[1:]), -1)
        if not session.events:
            del self._sessions[session_id]

    def of(self, session_id: str, start_time: int) -> Totals | None:
        """The totals of a session whose other events began at `start_time`; None where it has no others."""
        session = self._sessions.get(session_id)
        if session is None:
            return None
        while session.ends and not self._is_current(session_id, session.ends[0]):
            heappop(session.ends)
        end = -session.ends[0][0] if session.ends else None
        return Totals(session.events, session.models, session.feedback, *session.amounts, start_time, end)

    def _is_current(self, session_id: str, end: tuple[int, str]) -> bool:
        """Whether an end in the heap is that of an event."""
        known = self._shares.get(end[1])
        return known is not None and known[0] == session_id and known[_END] == -end[0]
