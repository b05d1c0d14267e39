"""Read the index in Redis: how many events are selected, and which come last.

A selection is a range of members in each bucket, for each value. All ranges are read at once, and of each no more than
is needed, so that neither Redis nor the network is busy with one query for long.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from hivestand.handlers.event.index import Found, Selection
from hivestand.handlers.store.redis.members import digest, found_at, sortable, tail_of
from hivestand.handlers.store.redis.transport.client import Client

MAX_PASSED_OVER: Final = 2000  # an offset up to this is skipped one by one
_PLACE: Final = 32  # bytes of a member behind its digest: time, arrival, id
_ORDER: Final = 16  # bytes of time and arrival
_BEYOND: Final = b"\xff" * (_PLACE + 1)  # greater than every place


class Range(NamedTuple):
    """The members of one index with one digest, between two places.

    Attributes:
        key: the index.
        digest: the digest that the members begin with.
        low: the first place, or its beginning, included.
        high: the last place, or its beginning, excluded.
    """

    key: str
    digest: bytes
    low: bytes
    high: bytes

    @property
    def ends(self) -> tuple[bytes, bytes]:
        """Both ends as arguments of Redis's commands."""
        return b"[" + self.digest + self.low, b"(" + self.digest + self.high


def ranges_of(indexes: Sequence[str], selection: Selection, before: Found | None = None) -> list[Range]:
    """The ranges of a tenant's indexes that a selection stands for."""
    low = sortable(selection.since)
    high = sortable(selection.until) + _BEYOND
    if before is not None:
        high = min(high, tail_of(before))
    digests = [digest(selection.property, value) for value in selection.values]
    return [Range(index, each, low, high) for index in indexes for each in digests] if low < high else []


async def count(client: Client, ranges: Sequence[Range]) -> int:
    """How many members the ranges hold."""
    return sum(await _ask(client, [("ZLEXCOUNT", each.key, *each.ends) for each in ranges]))


async def find(client: Client, ranges: Sequence[Range], limit: int, skip: int) -> Sequence[Found]:
    """At most `limit` of the events in the ranges, last first, without the first `skip`."""
    if skip > MAX_PASSED_OVER:
        ranges, skip = await _passed_over(client, ranges, skip)
    places = await _last(client, ranges, skip + limit)
    return [found_at(place) for place in places[skip:]]


async def _last(client: Client, ranges: Sequence[Range], wanted: int) -> list[bytes]:
    """The places of the last events: an even share of each range, then more of the ranges that may have more."""
    places: list[bytes] = []
    step = 2 * wanted // max(1, len(ranges)) + 16
    while ranges:
        replies = await _ask(client, [_last_of(each, step) for each in ranges])
        places += [member[-_PLACE:] for reply in replies for member in reply]
        places.sort(reverse=True)
        del places[wanted:]
        ended = len(places) == wanted
        ranges = [
            each._replace(high=reply[-1][-_PLACE:])
            for each, reply in zip(ranges, replies, strict=True)
            if len(reply) == step and not (ended and reply[-1][-_PLACE:] <= places[-1])
        ]
    return places


async def _passed_over(client: Client, ranges: Sequence[Range], skip: int) -> tuple[Sequence[Range], int]:
    """The ranges without most of the last `skip` events, and how many of those remain, found by bisection."""
    low, high = await _extremes(client, ranges)
    left = skip
    while left > MAX_PASSED_OVER and high - low > 1:
        middle = (low + high) // 2
        place = middle.to_bytes(_ORDER, "big")
        above = await count(client, [each._replace(low=max(each.low, place)) for each in ranges if each.high > place])
        if above <= skip:
            high, left = middle, skip - above
        else:
            low = middle
    end = high.to_bytes(_ORDER, "big")
    return [each._replace(high=min(each.high, end)) for each in ranges if each.low < end], left


async def _extremes(client: Client, ranges: Sequence[Range]) -> tuple[int, int]:
    """The order of the first event in the ranges, and one above that of the last."""
    firsts = [("ZRANGEBYLEX", each.key, *each.ends, "LIMIT", 0, 1) for each in ranges]
    replies = await _ask(client, [*firsts, *(_last_of(each, 1) for each in ranges)])
    orders = [int.from_bytes(member[-_PLACE:][:_ORDER], "big") for reply in replies for member in reply]
    return min(orders, default=0), max(orders, default=0) + 1


def _last_of(each: Range, limit: int) -> tuple[Any, ...]:
    low, high = each.ends
    return ("ZREVRANGEBYLEX", each.key, high, low, "LIMIT", 0, limit)


async def _ask(client: Client, commands: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
    return await asyncio.gather(*(client.read(command[1], command) for command in commands))
