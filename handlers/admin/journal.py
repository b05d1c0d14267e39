"""The operations on the journal: what clients sent, and what they got."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from hivestand.handlers.admin.matching import Difference, differences, nearest
from hivestand.handlers.admin.scope import is_for_all_tenants, tenants_in_scope
from hivestand.handlers.errors import BadRequest, NotFound
from hivestand.handlers.event.encoding import dumps
from hivestand.handlers.request import ANONYMOUS, Request, Response
from hivestand.handlers.store.journal import JournalEntry, StoredEntry, render, unpack
from hivestand.handlers.tenant import Tenant

ENTRIES_AT_ONCE: Final = 25  # entries that are read at once, and looked at before others have their turn
MAX_PAGE: Final = 8 * 1024 * 1024  # bytes after which a page of entries ends
MAX_SEEN: Final = 100  # entries whose ids are told
NEAREST_SHOWN: Final = 3  # entries that are shown where none is what was looked for


class _Found(NamedTuple):
    tenant: Tenant
    kept: StoredEntry
    entry: JournalEntry


async def list_requests(request: Request) -> Response:
    """The newest entries that the filters let through, the newest first."""
    limit: int = request.parameters.get("limit", 100)
    found: list[_Found] = []
    for tenant in await _tenants(request):
        found += await _page(request, tenant, limit)
    found.sort(key=_place, reverse=True)
    page = _cut(found[:limit])
    is_last = len(page) == len(found) < limit
    following = None if is_last or not page else f"{page[-1].kept.id}:{page[-1].tenant.digest}"
    return Response(orjson.dumps({"requests": [render(each.kept, each.tenant) for each in page], "next": following}))


async def count_requests(request: Request) -> Response:
    """How many entries the filters let through."""
    count = 0
    for tenant in await _tenants(request):
        async for _ in _matching(request, tenant):
            count += 1
    return Response(orjson.dumps({"count": count}))


async def get_request(request: Request) -> Response:
    """One entry.

    Raises:
        NotFound: there is none of that id.
    """
    for tenant in await _tenants(request):
        kept = await request.store.journal.one(tenant, request.parameters["id"])
        if kept is not None:
            return Response(orjson.dumps(render(kept, tenant)))
    raise NotFound("No such entry in the journal")


async def clear_requests(request: Request) -> Response:
    """Drop the entries."""
    for tenant in await _tenants(request):
        await request.store.journal.clear(tenant)
    return Response(b'{"cleared":true}')


async def verify_requests(request: Request) -> Response:
    """Whether what the pattern describes was seen, and if not, what came nearest, and how that differs."""
    pattern = request.body
    seen: list[_Found] = []
    others: list[tuple[Sequence[Difference], _Found]] = []
    for tenant in await _tenants(request):
        async for found in _matching(request, tenant):
            differing = differences(pattern, found.entry)
            if not differing:
                seen.append(found)
            else:
                others = nearest([*others, (differing, found)], NEAREST_SHOWN)
    times = pattern.get("times")
    enough = len(seen) == times if times is not None else bool(seen)
    near = [] if enough else others
    return Response(
        orjson.dumps(
            {
                "verified": enough,
                "count": len(seen),
                "seen": [each.kept.id for each in seen[:MAX_SEEN]],
                "nearest": [
                    {
                        "request": render(found.kept, found.tenant),
                        "differences": [_shown(difference) for difference in differing],
                    }
                    for differing, found in near
                ],
            }
        )
    )


def _shown(difference: Difference) -> dict[str, Any]:
    """The difference as it is answered."""
    return {**difference._asdict(), "expected": _text(difference.expected), "actual": _text(difference.actual)}


def _text(value: Any) -> orjson.Fragment:
    """The JSON text of a value, integers of any size exact; of one that is nested too deeply to be written, that."""
    try:
        return orjson.Fragment(dumps(value))
    except BadRequest as error:
        return orjson.Fragment(dumps(error.message))


async def _tenants(request: Request) -> Sequence[Tenant]:
    """Whose journals to read, once all workers have written to them; nobody's is the admin's alone."""
    await request.store.barrier.settle()
    tenants = await tenants_in_scope(request)
    return [*tenants, ANONYMOUS] if is_for_all_tenants(request) else tenants


async def _page(request: Request, tenant: Tenant, limit: int) -> list[_Found]:
    found: list[_Found] = []
    async for each in _matching(request, tenant):
        found.append(each)
        if len(found) == limit:
            break
    return found


async def _matching(request: Request, tenant: Tenant) -> AsyncIterator[_Found]:
    """The tenant's entries that the filters let through, the newest first, read in steps."""
    before = _before(request.parameters.get("before"), tenant)
    while kept := await request.store.journal.newest(tenant, before, ENTRIES_AT_ONCE):
        for each in kept:
            entry = unpack(each.packed)
            if _matches(entry, request.parameters):
                yield _Found(tenant, each, entry)
        before = kept[-1].id
        await asyncio.sleep(0)  # others want the loop, too


def _matches(entry: JournalEntry, filters: Mapping[str, Any]) -> bool:
    since: int = filters.get("since", 0)
    named = {"operation": entry.operation, "status": entry.status}
    return since <= entry.time and all(filters.get(name, value) == value for name, value in named.items())


def _cut(found: list[_Found]) -> list[_Found]:
    """As many as fit a page, at least one."""
    size = 0
    for number, each in enumerate(found):
        size += len(each.kept.packed)
        if size > MAX_PAGE and number:
            return found[:number]
    return found


def _before(place: str | None, tenant: Tenant) -> str | None:
    """The id before which a tenant's entries come at that place: those of two tenants may have the same id."""
    entry_id, _, digest = (place or "").partition(":")
    if not entry_id or not digest or tenant.digest >= digest:
        return entry_id or None
    milliseconds, number = _numbers(entry_id)
    return f"{milliseconds}-{number + 1}"


def _place(found: _Found) -> tuple[int, int, str]:
    return (*_numbers(found.kept.id), found.tenant.digest)


def _numbers(entry_id: str) -> tuple[int, int]:
    milliseconds, _, number = entry_id.partition("-")
    return int(milliseconds), int(number)
