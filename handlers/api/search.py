"""The searches: `searchEvents` and the older `exportEventsLegacy`.

Filters on indexed properties select events without reading them. For any other filter the remaining events are read in
steps, each a bounded piece of work for the store, with turns for other requests in between.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Final

from hivestand.handlers.event.encoding import dumps, loads, text
from hivestand.handlers.event.filters import Filter
from hivestand.handlers.event.index import Found
from hivestand.handlers.event.query import Form, Query, projected, read_query
from hivestand.handlers.request import Request, Response

FOUND_AT_ONCE: Final = 2000
READ_AT_ONCE: Final = 250
_SEARCH: Final = Form(1000, ("start_time", "end_time"), typed=False)
_EXPORT: Final = Form(7500, ("$gte", "$lte"), typed=True)


async def search_events(request: Request) -> Response:
    """Return a page of the events that match, the one that started last first."""
    return await _search(request, _SEARCH)


async def export_events_legacy(request: Request) -> Response:
    """Return a page of the events that match, in larger pages and with projections."""
    return await _search(request, _EXPORT)


async def _search(request: Request, form: Form) -> Response:
    query, fallbacks = read_query(request.body, form)
    look = _page if query.is_indexed else _scan
    count, events = await look(request, query)
    if query.projections is not None:
        events = [dumps(projected(loads(event), query.projections)) for event in events]
    return Response(b'{"events":[%b],"count":%d}' % (b",".join(events), count), fallbacks)


async def _page(request: Request, query: Query) -> tuple[int, list[bytes]]:
    """The number of selected events and the JSON texts of those on the page, where the index decides."""
    count = await request.store.count(request.tenant, query.selection)
    if query.skip >= count:
        return count, []
    found = await request.store.find(request.tenant, query.selection, query.limit, skip=query.skip)
    return count, [event async for event in _texts(request, found)]


async def _scan(request: Request, query: Query) -> tuple[int, list[bytes]]:
    """The number of matching events and the JSON texts of those on the page, where each event has to be read."""
    count, events = 0, []
    filters, texts = _candidates(request, query)
    async for event in texts:
        if query.holds(loads(event), filters):
            if query.skip <= count < query.skip + query.limit:
                events.append(event)
            count += 1
    return count, events


def _candidates(request: Request, query: Query) -> tuple[Iterable[Filter], AsyncIterator[bytes]]:
    """The filters that are still to be tried, and the JSON texts of the events to try them on."""
    if query.event_id is None:
        return query.remaining, _selected(request, query)
    return query.filters, _texts(request, [Found(0, 0, query.event_id)])


async def _selected(request: Request, query: Query) -> AsyncIterator[bytes]:
    last = None
    while found := await request.store.find(request.tenant, query.selection, FOUND_AT_ONCE, before=last):
        async for event in _texts(request, found):
            yield event
        last = found[-1]


async def _texts(request: Request, found: Iterable[Found]) -> AsyncIterator[bytes]:
    """The JSON texts of the events that are still there, in order."""
    ids = [each.event_id for each in found]
    for at in range(0, len(ids), READ_AT_ONCE):
        for event in await request.store.read_each(request.tenant, ids[at : at + READ_AT_ONCE]):
            if event is not None:
                yield text(event, request.tenant)
        await asyncio.sleep(0)  # the memory store never waits, so let the loop serve other requests
