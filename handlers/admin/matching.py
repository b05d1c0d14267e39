"""How a request differs from a pattern, member by member."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Final, NamedTuple, TypeVar

from hivestand.handlers.errors import escaped
from hivestand.handlers.event.encoding import loads
from hivestand.handlers.store.journal import JournalEntry, joined

MAX_DIFFERENCES: Final = 50  # listed for one entry
_ABSENT: Final = object()

T = TypeVar("T")


class Difference(NamedTuple):
    """One difference between a pattern and a request.

    Attributes:
        pointer: a JSON pointer (RFC 6901) into the pattern.
        expected: the value in the pattern.
        actual: the value in the request; None if it is missing.
        is_absent: whether it is missing, which tells that from a value that is null.
    """

    pointer: str
    expected: Any
    actual: Any
    is_absent: bool = False


def differences(pattern: Mapping[str, Any], entry: JournalEntry) -> Sequence[Difference]:
    """How a journal entry differs from a pattern; what the pattern does not name is not compared.

    Objects must have the pattern's members and may have others; header names have no case; everything else must be
    equal.
    """
    found = chain(
        _plain("operation", pattern, entry.operation),
        _plain("status", pattern, entry.status),
        _plain("method", pattern, entry.method),
        _plain("path", pattern, entry.path),
        _headers(pattern.get("headers", {}), entry.request_headers),
        _body(pattern, entry),
    )
    return list(islice(found, MAX_DIFFERENCES))


def nearest(found: Iterable[tuple[Sequence[Difference], T]], count: int) -> list[tuple[Sequence[Difference], T]]:
    """The `count` entries with the fewest differences; another operation weighs more than anything in a body."""
    return sorted(found, key=lambda each: sum(_weight(difference) for difference in each[0]))[:count]


def _weight(difference: Difference) -> int:
    return 1 if difference.pointer.startswith(("/body", "/headers")) else MAX_DIFFERENCES


def _plain(name: str, pattern: Mapping[str, Any], actual: Any) -> Iterator[Difference]:
    if name in pattern and pattern[name] != actual:
        yield Difference(f"/{name}", pattern[name], actual, actual is None)


def _headers(pattern: Mapping[str, str], sent: Sequence[tuple[bytes, bytes]]) -> Iterator[Difference]:
    values = joined(sent) if pattern else {}
    for name, expected in pattern.items():
        actual = values.get(name.lower())
        if actual != expected:
            yield Difference(f"/headers/{escaped(name)}", expected, actual, actual is None)


def _body(pattern: Mapping[str, Any], entry: JournalEntry) -> Iterator[Difference]:
    """The differences of the body; a body that was kept in part, or is no JSON, differs from every pattern."""
    if "body" not in pattern:
        return
    kept, size = len(entry.request_body), entry.request_size
    if kept < size:
        yield Difference("/body", pattern["body"], f"the first {kept} of {size} bytes")
        return
    try:
        sent = loads(entry.request_body)
    except (ValueError, RecursionError):
        sent = _ABSENT
    yield from _parts(pattern["body"], sent)


def _parts(expected: Any, actual: Any) -> Iterator[Difference]:
    """The differences of two values in document order, at any depth."""
    waiting = [("/body", expected, actual)]
    while waiting:
        pointer, expected, actual = waiting.pop()
        if isinstance(expected, dict) and isinstance(actual, dict):
            members = [
                (f"{pointer}/{escaped(name)}", each, actual.get(name, _ABSENT)) for name, each in expected.items()
            ]
            waiting += members[::-1]
        elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
            items = [(f"{pointer}/{at}", *pair) for at, pair in enumerate(zip(expected, actual, strict=True))]
            waiting += items[::-1]
        elif not _is_equal(expected, actual):
            is_absent = actual is _ABSENT
            yield Difference(pointer, expected, None if is_absent else actual, is_absent)


def _is_equal(expected: Any, actual: Any) -> bool:
    """Whether two JSON scalars are equal; true is not 1."""
    return isinstance(expected, bool) == isinstance(actual, bool) and bool(expected == actual)
