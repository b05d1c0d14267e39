"""The index in this process's memory: for each property and value an ordered list of events."""

from bisect import bisect_left, insort
from itertools import islice
from typing import Any, Final

from hivestand.handlers.event.index import EARLIEST, Found, IndexEntry, Selection
from hivestand.handlers.event.normalise import TYPES
from hivestand.handlers.store.memory.parted import PartedDict

CHUNK: Final = 1000  # events in one chunk of a list: what an insertion or a removal moves
_EVERY: Final = ("", "")  # the key of the list of all events

# an entry and a place in the order as plain tuples: those of strings and numbers are nothing for the garbage collector
_Entry = tuple[Any, ...]  # the fields of an `IndexEntry`
_Found = tuple[int, int, str]  # those of a `Found`


class OrderedEvents:
    """Events in their order, in chunks, so that adding and removing costs the same wherever it happens."""

    __slots__ = ("_chunks",)

    def __init__(self, *events: _Found) -> None:
        """Start with these events, in any order."""
        self._chunks: list[list[_Found]] = []  # none of them empty
        for found in events:
            self.add(found)

    def __bool__(self) -> bool:
        """Whether there is any event."""
        return bool(self._chunks)

    def add(self, found: _Found) -> None:
        """Add an event that is not there yet."""
        chunks = self._chunks
        if not chunks or chunks[-1][-1] < found:  # the usual case: it is the latest
            if chunks and len(chunks[-1]) < CHUNK:
                chunks[-1].append(found)
            else:
                chunks.append([found])
            return
        place = self._chunk_of(found)
        chunk = chunks[place]
        insort(chunk, found)
        if len(chunk) > 2 * CHUNK:
            chunks[place : place + 1] = [chunk[:CHUNK], chunk[CHUNK:]]

    def remove(self, found: _Found) -> None:
        """Remove an event that is there."""
        place = self._chunk_of(found)
        chunk = self._chunks[place]
        del chunk[bisect_left(chunk, found)]
        if not chunk:
            del self._chunks[place]

    def rank(self, found: tuple[int] | _Found) -> int:
        """How many events come before a place in the order."""
        place = self._chunk_of(found)
        before = sum(map(len, islice(self._chunks, place)))
        return before + bisect_left(self._chunks[place], found) if place < len(self._chunks) else before

    def last(self, end: int, count: int) -> list[_Found]:
        """At most `count` of the first `end` events, the last first."""
        taken: list[_Found] = []
        above = sum(map(len, self._chunks)) - end  # events to leave out at the end
        for chunk in reversed(self._chunks):
            if above >= len(chunk):
                above -= len(chunk)
                continue
            stop = len(chunk) - above
            taken += chunk[max(0, stop - count + len(taken)) : stop][::-1]
            above = 0
            if len(taken) == count:
                break
        return taken

    def first(self, count: int) -> list[_Found]:
        """At most `count` of the first events, up to the end of their chunk and the next."""
        return [each for chunk in self._chunks[:2] for each in chunk[:count]][:count]

    def _chunk_of(self, found: tuple[int] | _Found) -> int:
        """The place of the first chunk that ends with this event or a later one."""
        return bisect_left(self._chunks, found, key=lambda chunk: chunk[-1])


class MemoryIndex:
    """The index of one tenant's events."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: PartedDict[tuple[_Entry, _Found]] = PartedDict()
        # by session, and by other properties and values; an event that is alone, as most are in their sessions, stands
        # for its list
        self._sessions: PartedDict[_Found | OrderedEvents] = PartedDict()
        self._lists: dict[tuple[str, str], _Found | OrderedEvents] = {}

    def enter(self, entry: IndexEntry, arrival: int, start_time: int | None = None) -> bool:
        """Enter an event that is new; returns whether its session had others. `arrival` is higher than any before.

        It is found by `start_time`, if that is given, and not by its own.
        """
        found = entry.start_time if start_time is None else start_time, arrival, entry.event_id
        self._entries[entry.event_id] = tuple(entry), found
        for key in _keys_of(entry):
            self._lists[key] = _with(self._lists.get(key), found)
        others = self._sessions.find(entry.session_id)
        self._sessions[entry.session_id] = _with(others, found)
        return others is not None

    def entry(self, event_id: str) -> IndexEntry:
        """The entry of an event that is there."""
        return IndexEntry._make(self._entries[event_id][0])

    def remove(self, event_id: str) -> IndexEntry:
        """Remove an event that is there; returns its entry."""
        fields, found = self._entries.pop(event_id)
        entry = IndexEntry._make(fields)
        for key in _keys_of(entry):
            if not _without(self._lists[key], found):
                del self._lists[key]
        if not _without(self._sessions[entry.session_id], found):
            del self._sessions[entry.session_id]
        return entry

    def first_of(self, session_id: str) -> int | None:
        """When the first of a session's other events began; None if it has no others."""
        known = self._sessions.find(session_id)
        if known is None:
            return None
        first = known.first(2) if isinstance(known, OrderedEvents) else (known,)
        for start_time, _, event_id in first:
            if event_id != session_id:
                return start_time
        return None

    def began(self, session_id: str) -> int:
        """The start time by which an event, such as a session's, is found; before all others if it is not there."""
        known = self._entries.find(session_id)
        return EARLIEST if known is None else known[1][0]

    def place(self, session_id: str) -> None:
        """Have a session, if it is there, found by when the first of its events began."""
        known = self._entries.find(session_id)
        if known is None or not (entry := IndexEntry._make(known[0])).is_session:
            return
        start_time, arrival, _ = known[1]
        first = self.first_of(session_id)
        start = entry.start_time if first is None else min(entry.start_time, first)
        if start != start_time:
            self.remove(session_id)
            self.enter(entry, arrival, start)

    def count(self, selection: Selection) -> int:
        """How many events are selected."""
        return sum(end - start for _, start, end in self._ranges(selection))

    def find(self, selection: Selection, limit: int, before: Found | None, skip: int) -> list[Found]:
        """At most `limit` of the events selected, the last first, without the first `skip`."""
        ranges = self._ranges(selection, before)
        if len(ranges) == 1:
            ((events, start, end),) = ranges
            found = events.last(end - skip, min(limit, end - skip - start)) if end - skip > start else []
        else:
            last = skip + limit
            found = [each for events, start, end in ranges for each in events.last(end, min(last, end - start))]
            found = sorted(found, reverse=True)[skip:last]
        return [Found._make(each) for each in found]

    def _ranges(self, selection: Selection, before: Found | None = None) -> list[tuple[OrderedEvents, int, int]]:
        """Each list that is selected from, and where the selection begins and ends in it."""
        keys: list[tuple[str, str]] = [(selection.property, value) for value in selection.values]
        if selection.property == "event_type" and set(selection.values) == set(TYPES):
            keys = [_EVERY]
        ranges = []
        for key in keys:
            known = self._sessions.find(key[1]) if key[0] == "session_id" else self._lists.get(key)
            if known is None:
                continue
            events = known if isinstance(known, OrderedEvents) else OrderedEvents(known)
            start = events.rank((selection.since,))
            end = events.rank((selection.until + 1,))
            ranges.append((events, start, max(start, end if before is None else min(end, events.rank(before)))))
        return ranges


def _keys_of(entry: IndexEntry) -> tuple[tuple[str, str], ...]:
    """The keys of the lists that an event is in, beside that of its session."""
    return _EVERY, ("event_type", entry.event_type), ("event_name", entry.event_name)


def _with(events: _Found | OrderedEvents | None, found: _Found) -> _Found | OrderedEvents:
    """A list with one event more."""
    if events is None:
        return found
    if isinstance(events, OrderedEvents):
        events.add(found)
        return events
    return OrderedEvents(events, found)


def _without(events: _Found | OrderedEvents, found: _Found) -> bool:
    """Take an event from a list; returns whether anything is left."""
    if not isinstance(events, OrderedEvents):
        return False
    events.remove(found)
    return bool(events)
