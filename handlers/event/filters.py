"""The filters of a search, and whether an event matches one.

Pure. The names of operators and types are published; what each means where the document is silent is in
`docs/reference/behaviour.md`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from hivestand.handlers.errors import Detail
from hivestand.handlers.event.encoding import loads
from hivestand.handlers.event.normalise import Json, id_of

OPPOSITES: Final = {"not exists": "exists", "is not": "is", "not contains": "contains"}
TYPES: Final = ("string", "number", "boolean", "datetime")
ABSENT: Final = object()  # what `lookup` gives for a path that leads nowhere
MAX_PATH: Final = 500  # characters of the path of a field
MAX_SPELLED: Final = 5000  # characters of a number that is spelled as a string
MAX_DOTS: Final = 10  # in it: each doubles the ways to read a path whose keys may hold dots
_DIGITS: Final = re.compile(r"-?[0-9]+", re.ASCII)
_RFC3339: Final = re.compile(r"(?P<minute>[^:]+:[0-9]{2}):60(?P<rest>[.,Zz+-].*|)", re.ASCII)
_REQUIRED: Final = ("field", "operator", "value", "type")
_IDS: Final = frozenset({"event_id", "session_id", "parent_id"})


class Filter(NamedTuple):
    """One condition of a search.

    Attributes:
        path: the field, as a path with dots.
        operator: one of the positive operators, such as `is`.
        negated: whether the opposite is meant, such as `is not`.
        type: how the field and the value are compared.
        value: the value, read as that type.
    """

    path: str
    operator: str
    negated: bool
    type: str
    value: Json

    def holds(self, event: Mapping[str, Json]) -> bool:
        """Whether an event matches."""
        found = lookup(event, self.path)
        return _OPERATORS[self.operator](self, None if found is ABSENT else found) is not self.negated


class Malformed(Exception):
    """A filter that cannot be understood; `detail` says why."""

    def __init__(self, pointer: str, rule: str, message: str) -> None:
        """Take the fields of a `Detail`; the pointer begins at the filter."""
        super().__init__(message)
        self.detail = Detail(pointer, rule, message)


def read_filter(sent: Json, *, typed: bool = False) -> Filter:
    """The filter in a search.

    With `typed` it has to name its type.

    Raises:
        Malformed: it is none.
    """
    if not isinstance(sent, dict):
        raise Malformed("", "type", "must be an object")
    for name in _REQUIRED if typed else _REQUIRED[:-1]:
        if name not in sent:
            raise Malformed(f"/{name}", "required", "is missing")
    field, value = sent["field"], sent["value"]
    if not isinstance(field, str) or not field:
        raise Malformed("/field", "type", "must be the name of a field")
    if not is_path(field):
        raise Malformed("/field", "maxLength", f"has more than {MAX_PATH} characters or {MAX_DOTS} dots")
    operator, negated = _operator(sent["operator"])
    kind = _type(sent.get("type"), operator, value)
    if operator == "exists":
        return Filter(field, operator, negated, kind, None)
    if operator == "is" and value is None:
        return Filter(field, "exists", not negated, kind, None)
    if kind not in _FITTING[operator]:
        raise Malformed("/type", "type", f"{operator} compares {' or '.join(_FITTING[operator])}, not {kind}")
    read = _READERS[kind](_unquoted(value, kind))
    if read is None:
        raise Malformed("/value", "type", f"must be a {kind}")
    return Filter(field, operator, negated, kind, _id(read, operator) if field in _IDS and kind == "string" else read)


def _id(text: str, operator: str) -> str:
    """An id as events have it; a part of one, in lower case."""
    return id_of(text) if operator == "is" and text else text.lower()


def _operator(sent: Json) -> tuple[str, bool]:
    """The positive operator, and whether its opposite is meant."""
    operator = OPPOSITES.get(sent, sent) if isinstance(sent, str) else ""
    if operator not in _OPERATORS:
        raise Malformed("/operator", "enum", f"must be one of {', '.join((*_OPERATORS, *OPPOSITES))}")
    return operator, sent in OPPOSITES


def _type(sent: Json, operator: str, value: Json) -> str:
    """The type of a filter; without one, the type that its operator or its value implies."""
    if sent is not None:
        if sent not in TYPES:
            raise Malformed("/type", "enum", f"must be one of {', '.join(TYPES)}")
        return str(sent)
    if operator in {"after", "before"}:
        return "datetime"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else "string"


def _unquoted(value: Json, kind: str) -> Json:
    """The number or truth value that a string spells: the released Python SDK sends every value as a string."""
    if not isinstance(value, str) or kind not in {"number", "boolean"} or len(value) > MAX_SPELLED:
        return value
    try:
        return loads(value.encode())
    except ValueError:
        return value


def is_path(path: str) -> bool:
    """Whether a path is within the bounds of what is looked up."""
    return len(path) <= MAX_PATH and path.count(".") <= MAX_DOTS


def lookup(event: Mapping[str, Json], path: str) -> Json:
    """The value at a path with dots, `ABSENT` if there is none; a key that contains the dots itself comes first."""
    found = event.get(path, ABSENT)
    if found is not ABSENT:
        return found
    for name, rest in splits(path):
        inner = event.get(name)
        if isinstance(inner, dict) and (found := lookup(inner, rest)) is not ABSENT:
            return found
    return ABSENT


def splits(path: str) -> Iterator[tuple[str, str]]:
    """A path split into a key and the rest, longest key first."""
    place = path.rfind(".")
    while place >= 0:
        yield path[:place], path[place + 1 :]
        place = path.rfind(".", 0, place)


def moment(value: Json) -> int | float | None:
    """A time as Unix milliseconds, from ISO 8601 (UTC where it names no zone) or a number; None for anything else.

    As RFC 3339 has it, `t` and `z` may be in lower case, and a second 60 is the first of the next minute.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    if _DIGITS.fullmatch(value):
        return int(value) if len(value) < 20 else None  # noqa: PLR2004 - as many digits as 64 bits have
    leap = _RFC3339.fullmatch(value)
    try:
        read = datetime.fromisoformat((f"{leap['minute']}:59{leap['rest']}" if leap else value).upper())
        seconds = ((read if read.tzinfo else read.replace(tzinfo=UTC)) - _EPOCH).total_seconds()
    except (ValueError, OverflowError):
        return None
    return (seconds + 1 if leap else seconds) * 1000


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _number(value: Json) -> int | float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _exists(each: Filter, found: Json) -> bool:
    """Whether there is a value; the empty text that clients send for no error is none."""
    return found is not None and not (found == "" and each.path == "error")


def _is(each: Filter, found: Json) -> bool:
    read = _READERS[each.type](found)
    return read is not None and bool(read == each.value)


def _contains(each: Filter, found: Json) -> bool:
    if isinstance(found, list):
        return any(_contains(each, item) if isinstance(item, str) else _is(each, item) for item in found)
    return isinstance(found, str) and isinstance(each.value, str) and each.value in found


def _beyond(each: Filter, found: Json) -> bool:
    read = _READERS[each.type](found)
    return read is not None and bool(read > each.value)


def _below(each: Filter, found: Json) -> bool:
    read = _READERS[each.type](found)
    return read is not None and bool(read < each.value)


_READERS: Final[Mapping[str, Callable[[Json], Json]]] = {
    "string": lambda value: value if isinstance(value, str) else None,
    "number": _number,
    "boolean": lambda value: value if isinstance(value, bool) else None,
    "datetime": moment,
}
_OPERATORS: Final[Mapping[str, Callable[[Filter, Json], bool]]] = {
    "exists": _exists,
    "is": _is,
    "contains": _contains,
    "greater than": _beyond,
    "less than": _below,
    "after": _beyond,
    "before": _below,
}
_FITTING: Final[Mapping[str, Sequence[str]]] = {
    "is": TYPES,
    "contains": TYPES,
    "greater than": ("number", "datetime"),
    "less than": ("number", "datetime"),
    "after": ("datetime",),
    "before": ("datetime",),
}
