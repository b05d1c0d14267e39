"""What the events of each session add up to, in this process's memory."""

from heapq import heapify, heappop, heappush
from typing import Final

from hivestand.handlers.event.aggregation import Share, Totals
from hivestand.handlers.event.index import NO_NUMBERS
from hivestand.handlers.store.memory.parted import PartedDict

SPARE: Final = 16  # ends in a heap that no event has any more, beside as many as events have


class _Session:
    """The running totals of one session, and when its events end.

    Nothing is kept for an event alone: the garbage collector would look at that again and again.
    """

    __slots__ = ("amounts", "ends", "events", "feedback", "latest", "models")

    def __init__(self) -> None:
        self.events = self.models = self.feedback = 0
        self.amounts = (0.0, 0.0, 0.0, 0.0)
        self.ends: dict[int, int] = {}  # how many events end at a time
        self.latest: list[int] | None = None  # a heap of these times, negative, once somebody asks

    def add(self, share: Share, sign: int) -> None:
        """Add the share of an event, or with a `sign` of -1 take it away."""
        self.events += sign
        if share.has_feedback:
            self.feedback += sign
        if share.is_model:
            self.models += sign
            if share.numbers is not NO_NUMBERS:
                cost, prompt, completion, total = self.amounts
                more = share.amounts
                self.amounts = (
                    cost + sign * more[0],
                    prompt + sign * more[1],
                    completion + sign * more[2],
                    total + sign * more[3],
                )
        end = share.end_time
        if end is not None:
            count = self.ends.get(end, 0) + sign
            if count:
                self.ends[end] = count
            else:
                del self.ends[end]
            if self.latest is not None and sign == count == 1:
                self._note(self.latest, end)

    def last_end(self) -> int | None:
        """The latest end, None if no event has one."""
        if not self.ends:
            return None
        if self.latest is None:
            self.latest = [-end for end in self.ends]
            heapify(self.latest)
        while -self.latest[0] not in self.ends:
            heappop(self.latest)
        return -self.latest[0]

    def _note(self, latest: list[int], end: int) -> None:
        heappush(latest, -end)
        if len(latest) > 2 * len(self.ends) + SPARE:
            self.latest = None  # made anew from what is left


class SessionTotals:
    """The totals of one tenant's sessions."""

    def __init__(self) -> None:
        """Start without any."""
        self._sessions: PartedDict[_Session] = PartedDict()

    def enter(self, session_id: str, share: Share) -> None:
        """Enter an event that is new."""
        session = self._sessions.find(session_id)
        if session is None:
            session = self._sessions[session_id] = _Session()
        session.add(share, 1)

    def change(self, session_id: str, before: Share, after: Share) -> None:
        """Change the share of an event that was entered."""
        session = self._sessions[session_id]
        session.add(before, -1)
        session.add(after, 1)

    def remove(self, session_id: str, share: Share) -> None:
        """Remove an event that was entered."""
        session = self._sessions[session_id]
        session.add(share, -1)
        if not session.events:
            del self._sessions[session_id]

    def of(self, session_id: str, start_time: int) -> Totals | None:
        """The totals of a session whose other events began at `start_time`; None where it has no others."""
        session = self._sessions.find(session_id)
        if session is None:
            return None
        counts = session.events, session.models, session.feedback
        return Totals(*counts, *session.amounts, start_time, session.last_end())
