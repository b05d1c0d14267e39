"""When events in memory expire."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

PARTS: Final = 64  # a power of two; the part of a key are the last bits of its second text's hash
_MASK: Final = PARTS - 1

Key = tuple[str, str]  # a tenant's digest, and an event's id


class Expiries:
    """The keys of what expires, those that were written to last at the end.

    They are in parts, which grow one at a time: a dictionary grows by copying all that it holds, at 700,000 keys for
    140 ms in which nothing else happens.
    """

    __slots__ = ("_next", "_now", "_parts", "_ttl")

    def __init__(self, ttl: float, now: Callable[[], float]) -> None:
        """Start empty; a key expires `ttl` seconds after it was written to, and `now` returns seconds."""
        self._ttl = ttl
        self._now = now
        self._parts: list[OrderedDict[Key, float]] = [OrderedDict() for _ in range(PARTS)]
        self._next = 0  # the part that is looked at next

    def prolong(self, key: Key) -> None:
        """Let a key expire as long from now as any."""
        part = self._parts[hash(key[1]) & _MASK]
        part[key] = self._now() + self._ttl
        part.move_to_end(key)

    def has_passed(self, key: Key) -> bool:
        """Whether the time of a key that is there is over."""
        return self._parts[hash(key[1]) & _MASK][key] <= self._now()

    def remove(self, key: Key) -> None:
        """Forget a key that is there."""
        del self._parts[hash(key[1]) & _MASK][key]

    def take(self, count: int, parts: int = PARTS) -> list[Key]:
        """Forget at most `count` keys whose time is over, from so many parts, in turn; returns them."""
        now = self._now()
        taken: list[Key] = []
        for _ in range(parts):
            part = self._parts[self._next]
            self._next = (self._next + 1) & _MASK
            while part and len(taken) < count:
                key, until = next(iter(part.items()))
                if until > now:
                    break
                del part[key]
                taken.append(key)
        return taken
