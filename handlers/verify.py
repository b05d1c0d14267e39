"""How a request differs from a pattern, member by member."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from skep.handlers.journal import Entry, json_of

MOST_DIFFERENCES: Final = 50  # that are told of one entry
_ABSENT: Final = object()

T = TypeVar("T")


class Difference(NamedTuple):
    """What was expected and what came, under a JSON pointer into the pattern; a member that is not there is None.

    `is_absent` tells a member that did not come from one that came as null.
    """

    pointer: str
    expected: Any
    actual: Any
    is_absent: bool = False


def differences(pattern: Mapping[str, Any], entry: Entry) -> Sequence[Difference]:
    """How the entry differs from the pattern: at all that the pattern names, and nowhere else.

    Objects have to have the pattern's members, and may have others; header names have no case; all else is to be equal.
    """
    found = [
        *_plain("operation", pattern, entry.operation),
        *_plain("status", pattern, entry.status),
        *_plain("method", pattern, entry.method),
        *_plain("path", pattern, entry.path),
        *_headers(pattern.get("headers", {}), entry.request_headers),
    ]
    if "body" in pattern:
        found += _part("/body", pattern["body"], json_of(entry.request_body))
    return found[:MOST_DIFFERENCES]


def nearest(found: Iterable[tuple[Sequence[Difference], T]], count: int) -> list[tuple[Sequence[Difference], T]]:
    """Those with the fewest differences; another operation counts for more than anything in a body."""
    return sorted(found, key=lambda each: sum(_weight(difference) for difference in each[0]))[:count]


def _weight(difference: Difference) -> int:
    return 1 if difference.pointer.startswith(("/body", "/headers")) else MOST_DIFFERENCES


def _plain(name: str, pattern: Mapping[str, Any], actual: Any) -> Iterator[Difference]:
    if name in pattern and pattern[name] != actual:
        yield Difference(f"/{name}", pattern[name], actual, actual is None)


def _headers(pattern: Mapping[str, str], sent: Sequence[tuple[bytes, bytes]]) -> Iterator[Difference]:
    values = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent}
    for name, expected in pattern.items():
        actual = values.get(name.lower())
        if actual != expected:
            yield Difference(f"/headers/{_escaped(name)}", expected, actual, actual is None)


def _part(pointer: str, expected: Any, actual: Any) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name, member in expected.items():
            yield from _part(f"{pointer}/{_escaped(name)}", member, actual.get(name, _ABSENT))
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for number, (item, came) in enumerate(zip(expected, actual, strict=True)):
            yield from _part(f"{pointer}/{number}", item, came)
    elif isinstance(expected, bool) != isinstance(actual, bool) or expected != actual:
        is_absent = actual is _ABSENT
        yield Difference(pointer, expected, None if is_absent else actual, is_absent)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
