"""The operation `followRequests`: the requests of the tenants in scope, told as they happen.

A journal is looked at a few times a second, and what is new in it is told in one event. The next look comes only when
the client has read that one, and a look tells only so much: who follows slows nobody, and nothing waits in memory.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

import orjson

from hivestand.handlers.admin.scope import is_for_all_tenants, tenants_in_scope
from hivestand.handlers.errors import NotFound, StoreUnavailable, Unavailable
from hivestand.handlers.request import ANONYMOUS, Request, Response
from hivestand.handlers.store.journal import StoredEntry, head_of
from hivestand.handlers.tenant import Tenant

EVENTS: Final = "text/event-stream"
LOOK_SECONDS: Final = 0.4  # between two looks
QUIET_LOOKS: Final = 5  # looks without news after which an event says that there are none
MAX_TENANTS: Final = 200  # of the admin's, those that came last
MAX_TOLD: Final = 100  # requests of a tenant that one event tells
MAX_FOLLOWING: Final = 32  # clients that follow one worker at once


class Following:
    """What one client has been told, by tenant."""

    def __init__(self, request: Request) -> None:
        """Start with what happens from now on."""
        self._request = request
        self._last: dict[str, str] = {}  # by digest, the id of the newest entry that was there at the last look
        self._is_first = True

    async def look(self) -> tuple[Sequence[dict[str, Any]], int]:
        """The new entries of all tenants, oldest first, and how many others there are at least."""
        await self._request.store.barrier.settle()
        tenants = [*await tenants_in_scope(self._request)][-MAX_TENANTS:]
        if is_for_all_tenants(self._request):
            tenants.append(ANONYMOUS)
        news = await asyncio.gather(*map(self._news, tenants))
        self._is_first = False
        entries = [entry for found, _ in news for entry in found]
        entries.sort(key=lambda entry: entry["time"])
        return entries, sum(missed for _, missed in news)

    async def _news(self, tenant: Tenant) -> tuple[Sequence[dict[str, Any]], int]:
        journal = self._request.store.journal
        newest = await journal.newest(tenant, None, 1, heads=True)
        known = self._last.get(tenant.digest)
        if not newest or newest[0].id == known:
            return (), 0
        self._last[tenant.digest] = newest[0].id
        if self._is_first:
            return (), 0
        found = await journal.newest(tenant, None, MAX_TOLD + 1, heads=True)
        new = [entry for entry in found if known is None or _place(entry.id) > _place(known)]
        told = [_shown(entry, tenant) for entry in reversed(new[:MAX_TOLD])]
        return told, len(new) - len(told)


_following = 0  # clients that follow this worker


async def follow_requests(request: Request) -> Response:
    """Tell the requests as they happen, one event for each look that finds some.

    Raises:
        Unavailable: too many clients follow already.
    """
    if _following >= MAX_FOLLOWING:
        raise Unavailable(f"{MAX_FOLLOWING} clients follow already", headers={"Retry-After": "5"})
    await tenants_in_scope(request)  # which refuses a scope that is not the token's
    return Response(b"", media_type=EVENTS, stream=_events(request))


async def _events(request: Request) -> AsyncGenerator[bytes, None]:
    global _following  # noqa: PLW0603 - it counts what the process does
    _following += 1
    try:
        following, quiet = Following(request), QUIET_LOOKS
        while True:
            try:
                entries, missed = await following.look()
            except StoreUnavailable as error:
                yield _event({"unavailable": error.reason})
                entries, missed, quiet = (), 0, 0
            except NotFound:  # the tenant that the admin named was reset: its next request registers it anew
                entries, missed = (), 0
            quiet = 0 if entries else quiet + 1
            if entries or quiet > QUIET_LOOKS:
                yield _event({"requests": entries, "missed": missed})
                quiet = 0
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        _following -= 1


def _event(told: Any) -> bytes:
    return b"data: %b\n\n" % orjson.dumps(told)


def _shown(entry: StoredEntry, tenant: Tenant) -> dict[str, Any]:
    return {"id": entry.id, "tenant": tenant.digest, **head_of(entry.packed)}


def _place(entry_id: str) -> tuple[int, ...]:
    return tuple(map(int, entry_id.split("-")))
