"""An event as stores keep it, and its JSON text.

An event is kept as the text that it had when it was created, beside one field for each member that was merged or
updated since, so that a merge or an update is a plain write of fields. All fields are JSON text: no store parses or
changes a value, so two stores cannot differ in one.
"""

import gc
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from struct import Struct
from typing import Any, Final, NamedTuple

import orjson

from hivestand.handlers.errors import BadRequest, Detail
from hivestand.handlers.event.index import NO_NUMBERS, NOT_COUNTED, NUMBERS, IndexEntry
from hivestand.handlers.event.normalise import Event
from hivestand.handlers.tenant import Tenant

LARGE: Final = 256 * 1024  # bytes of a text that is read with the collector off
_COUNTED: Final = frozenset(NUMBERS)
_length = Struct("<I").pack
_UPDATED: Final = {"metadata": b"m", "user_properties": b"u", "config": b"c", "feedback": b"f", "metrics": b"k"}
_OBJECTS: Final = {letter: name for name, letter in _UPDATED.items()}
_REPLACED: Final = b"t"
_MERGING: Final = ("metadata", "user_properties")  # what a second post merges
_NOTHING_MERGING: Final = b',"metadata":{},"user_properties":{}}'  # at the end of a packed text
_DIGITS: Final = b"0" * 19  # as many as an integer beyond 64 bits has at least; a positive one has more
_BEYOND: Final = (b"0" + _DIGITS, b"-" + _DIGITS)
# maps digits to 0, keeps what a number or a string begins with, maps all else to a space
_SHAPE: Final = bytes(0x30 if byte in b"0123456789" else byte if byte in b'"-' else 0x20 for byte in range(256))


class EncodedEvent(NamedTuple):
    """An event as stores keep it.

    `packed` is the JSON text of the event as it was created, without its tenant's ids. A key of `merged` is a letter
    for an object (`m` metadata, `u` user_properties, `c` config, `f` feedback, `k` metrics) and the JSON text of a key
    in it, such as `m"release"`; or `t` and the name of a property that was replaced, such as `t"outputs"`. Its value is
    the JSON text of that member. Merged fields win over packed ones.
    """

    packed: bytes
    merged: dict[bytes, bytes]


def entry_of(event: Event) -> IndexEntry:
    """The index entry of an event."""
    return IndexEntry(
        event["event_id"],
        event["session_id"],
        event["event_type"],
        event["event_name"],
        event["start_time"],
        event["end_time"],
        bool(event["feedback"]),
        _numbers_in(event["metadata"]) if event["event_type"] == "model" else NO_NUMBERS,
    )


def _numbers_in(metadata: Mapping[str, Any]) -> tuple[bytes, ...]:
    """What of an event's metadata is counted, in the order of `NUMBERS`, as JSON texts; empty for what is not there."""
    if not metadata.keys() & _COUNTED:
        return NO_NUMBERS
    return tuple([_number(metadata[name]) if name in metadata else b"" for name in NUMBERS])


def _number(value: Any) -> bytes:
    return dumps(value) if isinstance(value, (int, float)) else NOT_COUNTED


def encode(event: Event) -> EncodedEvent:
    """The event as stores keep it when it is created.

    Raises:
        BadRequest: a value is nested deeper than can be written, on Python 3.11 some 950 levels.
    """
    return EncodedEvent(dumps(event), {})


def spread(event: EncodedEvent) -> EncodedEvent:
    """The same event, its metadata and user properties as merged fields: what a second post of it merges."""
    if event.packed.endswith(_NOTHING_MERGING) or not event.packed.endswith(b"}}"):
        return event
    value = loads(event.packed)
    merged: dict[bytes, bytes] = {}
    for name in _MERGING:
        letter = _UPDATED[name]
        merged |= {letter + dumps(key): dumps(member) for key, member in value.get(name, {}).items()}
        value[name] = {}
    return EncodedEvent(dumps(value), {**merged, **event.merged})


def encode_update(update: Mapping[str, Any]) -> dict[bytes, bytes]:
    """The fields that an update merges into an event.

    Raises:
        BadRequest: a value is nested deeper than can be written.
    """
    fields: dict[bytes, bytes] = {}
    for name, value in update.items():
        letter = _UPDATED.get(name)
        if letter is None:
            fields[_REPLACED + dumps(name)] = dumps(value)
        else:
            fields.update({letter + dumps(key): dumps(member) for key, member in value.items()})
    return fields


def merge(event: EncodedEvent, merged: Mapping[bytes, bytes]) -> EncodedEvent:
    """The event with these fields merged in, the new value winning."""
    return event._replace(merged={**event.merged, **merged})


def size_of(event: EncodedEvent) -> int:
    """How many bytes the event takes, as stores keep it."""
    return len(event.packed) + sum(map(len, event.merged)) + sum(map(len, event.merged.values()))


def text(event: EncodedEvent, tenant: Tenant) -> bytes:
    """The event's JSON text as the API returns it."""
    return b"%b,%b}" % (current(event)[:-1], tenant.ids)


def current(event: EncodedEvent) -> bytes:
    """The event's JSON text with what was merged in place, without the ids of its tenant."""
    if not event.merged:
        return event.packed
    try:
        return _dumps_small(_overlaid(event, orjson.Fragment))
    except TypeError:  # what was created is more than orjson can write
        return dumps(_overlaid(event, loads))


def _overlaid(event: EncodedEvent, read: Callable[[bytes], Any]) -> Any:
    """The event with what was merged in place, each member as `read` makes it of its text."""
    value = loads(event.packed)
    for field, member in event.merged.items():
        holder = value if field[:1] == _REPLACED else value[_OBJECTS[field[:1]]]
        holder[loads(field[1:])] = read(member)
    return value


def loads(text: bytes) -> Any:
    """The value of a JSON text, with integers of any size exact.

    Raises:
        ValueError: it is no JSON text.
        RecursionError: it nests deeper than can be read.
    """
    value = orjson.loads(text) if len(text) < LARGE else _loads_large(text)
    # orjson makes a float of an integer beyond 64 bits; what it accepts, the standard library reads exactly
    shape = text.translate(_SHAPE)
    return json.loads(text) if _DIGITS in shape and _may_be_beyond(text, shape) else value


def _may_be_beyond(text: bytes, shape: bytes) -> bool:
    """Whether a number in a JSON text of that shape may be beyond 64 bits; digits in strings are none."""
    if not any(each in shape for each in _BEYOND):
        return False
    if len(text) > LARGE:
        return True  # not to hold it in pieces
    pieces = text.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
    outside = b'"'.join(pieces[::2]).translate(_SHAPE)
    return any(each in outside for each in _BEYOND)


def _loads_large(text: bytes) -> Any:
    with without_collector():
        return orjson.loads(text)


@contextmanager
def without_collector() -> Iterator[None]:
    """Work on a large value with the collector off, which would look at all of it several times and free nothing."""
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_collecting:
            gc.enable()


def pack(event: EncodedEvent) -> bytes:
    """The packed text and all merged fields in one text, each after its length in four bytes (little-endian)."""
    parts = [_length(len(event.packed)), event.packed]
    for field, value in event.merged.items():
        parts += (_length(len(field)), field, _length(len(value)), value)
    return b"".join(parts)


def unpack(packed: bytes) -> EncodedEvent:
    """The event that `pack` turned into this text."""
    texts = _texts(packed)
    return EncodedEvent(next(texts), dict(zip(texts, texts, strict=True)))


def _texts(packed: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(packed):
        start = at + 4
        at = start + int.from_bytes(packed[at:start], "little")
        yield packed[start:at]


def dumps(value: Any) -> bytes:
    """The JSON text of a value, in a copy of the right size.

    Raises:
        BadRequest: it is nested deeper than can be written.
    """
    try:
        return _dumps_small(value)
    except TypeError:
        return _dumps_large(value)


def _dumps_small(value: Any) -> bytes:
    """The JSON text of a value by orjson, in a copy of the right size: its own buffer keeps spare kilobytes.

    Raises:
        TypeError: an integer is beyond 64 bits, or the value is nested deeper than 254 levels.
    """
    return bytes(memoryview(orjson.dumps(value)))


def _dumps_large(value: Any) -> bytes:
    """The JSON text by the standard library, which writes integers of any size."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except RecursionError:
        raise BadRequest("The body is nested too deeply", [Detail("", "depth", "nested too deeply")]) from None
