"""The operations on the journal: the requests that clients sent and the responses they got."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from hivestand.handlers.admin.matching import Difference, differences, nearest
from hivestand.handlers.admin.scope import is_for_all_tenants, tenants_in_scope
from hivestand.handlers.errors import BadRequest, Detail, NotFound
from hivestand.handlers.event.encoding import dumps
from hivestand.handlers.request import ANONYMOUS, Request, Response
from hivestand.handlers.store.journal import EntryHead, StoredEntry, read_head, render, unpack
from hivestand.handlers.tenant import Tenant
from hivestand.handlers.turns import Turns

ENTRIES_AT_ONCE: Final = 25  # entries read in one call
HEADS_AT_ONCE: Final = 100  # likewise, where only their heads are read
MAX_PATTERN: Final = 128 * 1024  # bytes of a pattern; a body in the journal is cut at half of that
MAX_PAGE: Final = 8 * 1024 * 1024  # bytes after which a page of entries ends
MAX_SEEN: Final = 100  # entries whose ids a response lists
NEAREST_SHOWN: Final = 3  # entries shown when none matches


class _Found(NamedTuple):
    tenant: Tenant
    kept: StoredEntry


async def list_requests(request: Request) -> Response:
    """List the newest journal entries that match the filters, newest first."""
    limit: int = request.parameters.get("limit", 100)
    found: list[_Found] = []
    is_last, turns = True, Turns()
    for tenant in await _tenants(request):
        found += await _page(request, tenant, limit)
        found.sort(key=_place, reverse=True)
        page = _cut(found[:limit])
        is_last = is_last and len(page) == len(found) < limit
        found = page
        await turns.give_way()
    following = None if is_last or not found else f"{found[-1].kept.id}:{found[-1].tenant.digest}"
    shown = []
    for each in found:
        shown.append(render(each.kept, each.tenant))
        await turns.give_way()
    return Response(orjson.dumps({"requests": shown, "next": following}))


async def count_requests(request: Request) -> Response:
    """Count the journal entries that match the filters."""
    count, turns = 0, Turns()
    for tenant in await _tenants(request):
        async for _ in _matching(request, tenant, heads=True):
            count += 1
        await turns.give_way()
    return Response(orjson.dumps({"count": count}))


async def get_request(request: Request) -> Response:
    """Return one journal entry.

    Raises:
        NotFound: there is none of that id.
    """
    for tenant in await _tenants(request):
        kept = await request.store.journal.one(tenant, request.parameters["id"])
        if kept is not None:
            return Response(orjson.dumps(render(kept, tenant)))
    raise NotFound("No such entry in the journal")


async def clear_requests(request: Request) -> Response:
    """Delete the journal entries of the tenants in scope."""
    turns = Turns()
    for tenant in await _tenants(request):
        await request.store.journal.clear(tenant)
        await turns.give_way()
    return Response(b'{"cleared":true}')


async def verify_requests(request: Request) -> Response:
    """Tell whether a request like the pattern was seen; if not, return the closest entries and how they differ.

    Raises:
        BadRequest: the pattern is too large.
    """
    pattern = request.body
    if len(dumps(pattern)) > MAX_PATTERN:
        raise BadRequest("Invalid pattern", [Detail("", "maxLength", f"it is larger than {MAX_PATTERN} bytes")])
    seen: list[_Found] = []
    others: list[tuple[Sequence[Difference], _Found]] = []
    turns = Turns()
    for tenant in await _tenants(request):
        async for found in _matching(request, tenant):
            differing = differences(pattern, unpack(found.kept.packed))
            if not differing:
                seen.append(found)
            else:
                others = nearest([*others, (differing, found)], NEAREST_SHOWN)
        await turns.give_way()
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
    """A difference as the response shows it."""
    return {**difference._asdict(), "expected": _text(difference.expected), "actual": _text(difference.actual)}


def _text(value: Any) -> orjson.Fragment:
    """A value as JSON text, with integers of any size exact; a message in its place if it is nested too deeply."""
    try:
        return orjson.Fragment(dumps(value))
    except BadRequest as error:
        return orjson.Fragment(dumps(error.message))


async def _tenants(request: Request) -> Sequence[Tenant]:
    """The tenants whose journals are read, once all workers have written them; only the admin reads nobody's."""
    await request.store.barrier.settle()
    tenants = await tenants_in_scope(request)
    return [*tenants, ANONYMOUS] if is_for_all_tenants(request) else tenants


async def _page(request: Request, tenant: Tenant, limit: int) -> list[_Found]:
    """The first matching entries of a tenant: `limit` and as many bytes as a page has, with the one beyond that."""
    found: list[_Found] = []
    size = 0
    async for each in _matching(request, tenant):
        found.append(each)
        size += len(each.kept.packed)
        if len(found) == limit or size > MAX_PAGE:
            break
    return found


async def _matching(request: Request, tenant: Tenant, *, heads: bool = False) -> AsyncIterator[_Found]:
    """The tenant's entries that match the filters, newest first, read in steps; with `heads` no more of each."""
    before = _before(request.parameters.get("before"), tenant)
    at_once = HEADS_AT_ONCE if heads else ENTRIES_AT_ONCE
    turns = Turns()
    while kept := await request.store.journal.newest(tenant, before, at_once, heads=heads):
        for each in kept:
            if _matches(read_head(each.packed), request.parameters):
                yield _Found(tenant, each)
            await turns.give_way()
        before = kept[-1].id


def _matches(entry: EntryHead, filters: Mapping[str, Any]) -> bool:
    since: int = filters.get("since", 0)
    named = {"operation": entry.operation, "status": entry.status}
    return since <= entry.time and all(filters.get(name, value) == value for name, value in named.items())


def _cut(found: list[_Found]) -> list[_Found]:
    """The first entries, at least one, that fit into a page of `MAX_PAGE` bytes."""
    size = 0
    for number, each in enumerate(found):
        size += len(each.kept.packed)
        if size > MAX_PAGE and number:
            return found[:number]
    return found


def _before(place: str | None, tenant: Tenant) -> str | None:
    """The id that a tenant's entries on the next page come before; entries of two tenants may have the same id."""
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
