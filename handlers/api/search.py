"""The searches: `searchEvents` and the older `exportEventsLegacy`.

Filters on indexed properties select events without reading them. For any other filter the remaining events are read in
steps of bounded size, with turns for other requests in between. A page ends early, after `MAX_PAGE` bytes, and says so.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from typing import Final, NamedTuple

from hivestand.handlers.api.reading import read_shown, shown_each
from hivestand.handlers.event.encoding import LARGE, dumps, loads, without_collector
from hivestand.handlers.event.filters import Filter
from hivestand.handlers.event.index import Found
from hivestand.handlers.event.normalise import Fallback
from hivestand.handlers.event.query import Form, Query, projected, read_query
from hivestand.handlers.request import Request, Response
from hivestand.handlers.turns import Turns

FOUND_AT_ONCE: Final = 2000
READ_AT_ONCE: Final = 250
MAX_PAGE: Final = 16 * 1024 * 1024  # bytes of events after which a page ends
CUT: Final = Fallback("limit", "size")  # the page holds fewer events than the limit allows, because of their size
_SEARCH: Final = Form(1000, ("start_time", "end_time"), typed=False)
_EXPORT: Final = Form(7500, ("$gte", "$lte"), typed=True, is_export=True)
_OLDER_EXPORT: Final = Form(7500, ("$gte", "$lte"), typed=False, is_export=True, others=("project",))


class SearchResult(NamedTuple):
    """The JSON texts of the events on a page, how many there are on all pages, and whether the page was cut."""

    events: Sequence[bytes]
    total: int
    fallbacks: Sequence[Fallback]


async def search_events(request: Request) -> Response:
    """Return a page of the events that match, the one that started last first."""
    return await _search(request, _SEARCH)


async def export_events_legacy(request: Request) -> Response:
    """Return a page of the events that match, in larger pages and with projections."""
    return await _search(request, _EXPORT)


async def _search(request: Request, form: Form) -> Response:
    query, fallbacks = read_query(request.body, form)
    result = await search(request, query)
    body = b'{"events":[%b],"count":%d}' % (b",".join(result.events), result.total)
    return Response(body, [*result.fallbacks, *fallbacks])


async def export_events_older(request: Request) -> Response:
    """Return a page of the events that match, as `exportEventsLegacy`; filters need no type, `project` is taken."""
    return await _search(request, _OLDER_EXPORT)


async def search(request: Request, query: Query) -> SearchResult:
    """A page of the events that match a query, the one that started last first."""
    page = Page(query)
    look = _page if query.is_indexed else _scan
    count = await look(request, query, page)
    return SearchResult(page.events, count, [CUT] if page.is_cut else [])


class Page:
    """A page of a search as it fills.

    Attributes:
        events: the JSON texts of its events.
        is_cut: whether an event was left out because of its size; none after it is taken.
    """

    def __init__(self, query: Query) -> None:
        """Start empty; the query says what is kept of each event."""
        self.events: list[bytes] = []
        self.is_cut = False
        self._projections = query.projections
        self._size = 0

    def clear(self) -> None:
        """Start again."""
        self.events, self.is_cut, self._size = [], False, 0

    def add(self, event: bytes) -> None:
        """Take an event, unless it does not fit; the first one always fits."""
        if self.is_cut:
            return
        shown = event if self._projections is None else _projected(event, self._projections)
        self._size += len(shown)
        if self.events and self._size > MAX_PAGE:
            self.is_cut = True
        else:
            self.events.append(shown)


async def _page(request: Request, query: Query, page: Page) -> int:
    """Fill the page where the index decides; returns the number of selected events."""
    selection = query.selection
    while True:  # once, unless the index held events that are gone
        count = await request.store.count(request.tenant, selection)
        if query.skip >= count:
            return count
        found = await request.store.find(request.tenant, selection, query.limit, skip=query.skip)
        gone: list[Found] = []
        turns = Turns()
        page.clear()
        async for place, event in _texts(request, found):
            if event is None:
                gone.append(place)
            else:
                page.add(event)
            if page.is_cut:
                break
            await turns.give_way()
        if not gone or not await request.store.forget(request.tenant, selection, gone):
            return count


async def _scan(request: Request, query: Query, page: Page) -> int:
    """Fill the page where each event has to be read; returns the number of matching events."""
    count = 0
    filters = query.remaining if query.event_id is None else query.filters
    turns = Turns()
    async for event in _candidates(request, query):
        if await _holds(query, filters, event, turns):
            await turns.give_way()
            if query.skip <= count < query.skip + query.limit:
                page.add(event)
            count += 1
        await turns.give_way()
    return count


def _projected(event: bytes, paths: Sequence[str]) -> bytes:
    """The JSON text of the event with only the values at the given paths."""
    with without_collector() if len(event) >= LARGE else nullcontext():
        return dumps(projected(loads(event), paths))


async def _holds(query: Query, filters: Sequence[Filter], shown: bytes, turns: Turns) -> bool:
    """Whether an event matches, with turns for other requests between two filters; a large event takes one turn."""
    if len(shown) >= LARGE:
        with without_collector():
            large = loads(shown)
            holds = query.may_hold(large) and all(each.holds(large) for each in filters)
            del large  # while the collector is off
            return holds
    event = loads(shown)
    if not query.may_hold(event):
        return False
    for each in filters:
        if not each.holds(event):
            return False
        await turns.give_way()
    return True


async def _candidates(request: Request, query: Query) -> AsyncIterator[bytes]:
    """The JSON texts of the events that the filters have to be tried on."""
    if query.event_id is not None:
        event = await read_shown(request.store, request.tenant, query.event_id)
        if event is not None:
            yield event
        return
    last = None
    while found := await request.store.find(request.tenant, query.selection, FOUND_AT_ONCE, before=last):
        gone: list[Found] = []
        async for place, shown in _texts(request, found):
            if shown is None:
                gone.append(place)
            else:
                yield shown
        if gone:
            await request.store.forget(request.tenant, query.selection, gone)
        last = found[-1]


async def _texts(request: Request, found: Sequence[Found]) -> AsyncIterator[tuple[Found, bytes | None]]:
    """The JSON text of each event that was found, in order; None for one that is gone."""
    at = 0
    while at < len(found):
        step = found[at : at + READ_AT_ONCE]
        events = await request.store.read_each(request.tenant, [place.event_id for place in step])
        texts = await shown_each(request.store, request.tenant, events)
        for place, event in zip(step, texts, strict=False):  # the store reads fewer where they are large
            yield place, event
            at += 1
