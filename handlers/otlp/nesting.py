"""Objects and lists that were flattened into names with dots, made whole again."""

from collections.abc import Sequence
from typing import Any, Final

Json = Any

_MAX_DIGITS: Final = 8  # digits of a place in a list
VALUE: Final = "value"  # the key of a value that is also the beginning of other paths


def nest(holder: dict[str, Json], path: Sequence[str], value: Json) -> bool:
    """Put a value at a path; where a value is in the way of a path, or the other way round, it becomes its `value`.

    Returns whether there was room: another value may be there.
    """
    for name in path[:-1]:
        inner = holder.setdefault(name, {})
        if not isinstance(inner, dict):
            inner = holder[name] = {VALUE: inner}
        holder = inner
    name, there = path[-1], holder.get(path[-1])
    if isinstance(there, dict) and not isinstance(value, dict):
        holder, name = there, VALUE
    if name in holder:
        return bool(holder[name] == value)
    holder[name] = value
    return True


def with_lists(value: dict[str, Json]) -> Json:
    """The value with a list for each object whose keys are the places 0, 1, 2 and so on."""
    inner = {name: with_lists(each) if isinstance(each, dict) else each for name, each in value.items()}
    if "0" not in inner or not all(name.isascii() and name.isdigit() and len(name) < _MAX_DIGITS for name in inner):
        return inner
    places = range(len(inner))
    return [inner[str(place)] for place in places] if all(str(place) in inner for place in places) else inner
