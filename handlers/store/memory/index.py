"""The index in this process's memory: for each property and value a sorted list of events."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from itertools import chain
from typing import Final, get_args

from hivestand.handlers.event.index import Found, IndexEntry, Property, Selection

_PROPERTIES: Final[tuple[Property, ...]] = get_args(Property)


class MemoryIndex:
    """The index of one tenant's events."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: dict[str, tuple[IndexEntry, Found]] = {}
        self._lists: dict[tuple[str, str], list[Found]] = {}  # by property and value, each in order

    def enter(self, entry: IndexEntry, arrival: int) -> None:
        """Enter an event that is new; `arrival` is higher than that of any before."""
        found = Found(entry.start_time, arrival, entry.event_id)
        self._entries[entry.event_id] = entry, found
        for name, value in zip(_PROPERTIES, (entry.session_id, entry.event_type, entry.event_name), strict=True):
            events = self._lists.setdefault((name, value), [])
            if not events or events[-1] < found:
                events.append(found)  # the usual case: it is the latest
            else:
                insort(events, found)

    def remove(self, event_id: str) -> None:
        """Remove an event that is there."""
        entry, found = self._entries.pop(event_id)
        for name in _PROPERTIES:
            key = name, getattr(entry, name)
            events = self._lists[key]
            del events[bisect_left(events, found)]
            if not events:
                del self._lists[key]

    def count(self, selection: Selection) -> int:
        """How many events are selected."""
        return sum(end - start for _, start, end in self._ranges(selection))

    def find(self, selection: Selection, limit: int, before: Found | None, skip: int) -> list[Found]:
        """At most `limit` of the events selected, the last first, without the first `skip`."""
        last = skip + limit
        ranges = self._ranges(selection, before)
        found = chain.from_iterable(events[max(start, end - last) : end] for events, start, end in ranges)
        return sorted(found, reverse=True)[skip:last]

    def _ranges(self, selection: Selection, before: Found | None = None) -> Iterable[tuple[list[Found], int, int]]:
        """Each list that is selected from, and where the selection begins and ends in it."""
        for value in selection.values:
            events = self._lists.get((selection.property, value), [])
            start = bisect_left(events, (selection.since,))
            end = bisect_left(events, (selection.until + 1,))
            yield events, start, max(start, end if before is None else min(end, bisect_left(events, before)))
