"""A dictionary in parts, for as many keys as a store may hold."""

from collections.abc import Iterator, MutableMapping
from typing import Final, TypeVar

PARTS: Final = 64  # a power of two; the part of a key are the last bits of its hash
_MASK: Final = PARTS - 1

V = TypeVar("V")


class _Part(dict[str, V]):
    """A part. The collector stops to track a plain dictionary of plain values, and starts anew at its next value.

    Then it would look at all parts in every collection, where it looks once at those that stay tracked.
    """

    __slots__ = ()


class PartedDict(MutableMapping[str, V]):
    """A dictionary whose parts grow one at a time.

    A dictionary grows by copying all that it holds, at 350,000 keys for 30 ms in which nothing else happens.
    """

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        """Start empty."""
        self._parts: list[_Part[V]] = [_Part() for _ in range(PARTS)]

    def __getitem__(self, key: str) -> V:
        """The value of a key that is there."""
        return self._parts[hash(key) & _MASK][key]

    def __setitem__(self, key: str, value: V) -> None:
        """Set the value of a key."""
        self._parts[hash(key) & _MASK][key] = value

    def __delitem__(self, key: str) -> None:
        """Delete a key that is there."""
        del self._parts[hash(key) & _MASK][key]

    def __contains__(self, key: object) -> bool:
        """Whether a key is there."""
        return key in self._parts[hash(key) & _MASK]

    def __iter__(self) -> Iterator[str]:
        """The keys, in no order."""
        for part in self._parts:
            yield from part

    def __len__(self) -> int:
        """How many keys there are."""
        return sum(map(len, self._parts))

    def __bool__(self) -> bool:
        """Whether there is any."""
        return any(self._parts)

    def find(self, key: str) -> V | None:
        """The value of a key, None if it is not there."""
        return self._parts[hash(key) & _MASK].get(key)

    def popitem(self) -> tuple[str, V]:
        """Delete any key, and give it with its value.

        Raises:
            KeyError: there is none.
        """
        for part in self._parts:
            if part:
                return part.popitem()
        raise KeyError("it is empty")
