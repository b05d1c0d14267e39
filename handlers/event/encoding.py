"""An event as stores keep it, and its JSON text.

An event is packed as it was created; what can merge is spread, one field for each key, so that a merge or an update is
a plain write of fields. All fields are JSON text: no store parses or changes a value, so two stores cannot differ in
one.
"""

import gc
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from struct import Struct
from typing import Any, Final, NamedTuple

import orjson

from hivestand.handlers.errors import BadRequest, Detail
from hivestand.handlers.event.index import IndexEntry
from hivestand.handlers.event.normalise import Event
from hivestand.handlers.tenant import Tenant

_METADATA, _USER_PROPERTIES = b"mu"  # the letters of what a second post merges
LARGE: Final = 256 * 1024  # bytes of a text that is read with the collector off
FEW_MERGED: Final = 100  # up to so many merging members, orjson's spare buffer for each is affordable
MAX_REMEMBERED: Final = 100  # characters of a key of metadata that is remembered
MAX_FIELDS_REMEMBERED: Final = 10_000
MAX_SHARED: Final = 40  # characters of a string whose JSON text is shared
_SHARED: Final[dict[str, bytes]] = {}
_METADATA_FIELDS: Final[dict[str, bytes]] = {}
_length = Struct("<I").pack
_UPDATED: Final = {"metadata": b"m", "user_properties": b"u", "config": b"c", "feedback": b"f", "metrics": b"k"}
_OBJECTS: Final = {letter: name for name, letter in _UPDATED.items()}
_REPLACED: Final = b"t"
_DIGITS: Final = b"0" * 19  # as many as an integer beyond 64 bits has at least
# maps digits to 0, keeps quotes, maps all else to a space: a number outside a string follows a space
_SHAPE: Final = bytes(0x30 if byte in b"0123456789" else byte if byte in b'"' else 0x20 for byte in range(256))


class EncodedEvent(NamedTuple):
    """An event as stores keep it.

    `packed` is the JSON text of all but `metadata` and `user_properties`, as it was created. A key of `merged` is a
    letter for an object (`m` metadata, `u` user_properties, `c` config, `f` feedback, `k` metrics) and the JSON text of
    a key in it, such as `m"release"`; or `t` and the name of a property that was replaced, such as `t"outputs"`. Its
    value is the JSON text of that member. Merged fields win over packed ones.
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
    )


def encode(event: Event, write: Callable[[Any], bytes] | None = None) -> EncodedEvent:
    """The event as stores keep it.

    `write` turns a value into JSON text; None chooses the fastest one that is exact.

    Raises:
        BadRequest: a value is nested deeper than can be written, on Python 3.11 some 950 levels.
    """
    if write is None:
        is_small = len(event["metadata"]) + len(event["user_properties"]) <= FEW_MERGED
        write = orjson.dumps if is_small else dumps
    rest: dict[str, Any] = {**event}
    merged: dict[bytes, bytes] = {}
    known = _METADATA_FIELDS
    try:
        for key, value in rest.pop("metadata").items():
            merged[known.get(key) or _metadata_field(key)] = write(value)
        for key, value in rest.pop("user_properties").items():
            merged[b"u" + write(key)] = write(value)
        return EncodedEvent(write(rest), merged)
    except TypeError:  # orjson stops at 64-bit integers and at 254 levels
        return encode(event, dumps)


def _metadata_field(key: str) -> bytes:
    """The merging field of a key of metadata; those of most keys come again, and are remembered."""
    field = b"m" + dumps(key)
    if len(key) <= MAX_REMEMBERED and len(_METADATA_FIELDS) < MAX_FIELDS_REMEMBERED:
        _METADATA_FIELDS[key] = field
    return field


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


def dumps_shared(value: Any) -> bytes:
    """The JSON text of a value as `dumps` has it, the same object for the same short string: many events share those.

    Raises:
        BadRequest: it is nested deeper than can be written.
    """
    if type(value) is not str or len(value) > MAX_SHARED:
        return dumps(value)
    text = _SHARED.get(value)
    if text is None:
        text = dumps(value)
        if len(_SHARED) >= MAX_FIELDS_REMEMBERED:
            _SHARED.clear()
        _SHARED[value] = text
    return text


def merge(event: EncodedEvent, merged: Mapping[bytes, bytes]) -> EncodedEvent:
    """The event with these fields merged in, the new value winning."""
    return event._replace(merged={**event.merged, **merged})


def size_of(event: EncodedEvent) -> int:
    """How many bytes the event takes, as stores keep it."""
    return len(event.packed) + sum(map(len, event.merged)) + sum(map(len, event.merged.values()))


def text(event: EncodedEvent, tenant: Tenant) -> bytes:
    """The event's JSON text as the API returns it."""
    metadata: list[bytes] = []
    user_properties: list[bytes] = []
    updates: dict[bytes, bytes] = {}
    for field, value in event.merged.items():
        letter = field[0]
        if letter == _METADATA:
            metadata.append(field[1:] + b":" + value)
        elif letter == _USER_PROPERTIES:
            user_properties.append(field[1:] + b":" + value)
        else:
            updates[field] = value
    packed = _updated(event.packed, updates) if updates else event.packed
    return b'%b,%b,"metadata":{%b},"user_properties":{%b}}' % (
        packed[:-1],
        tenant.ids,
        b",".join(metadata),
        b",".join(user_properties),
    )


def _updated(packed: bytes, updates: Mapping[bytes, bytes]) -> bytes:
    """The packed JSON text with the updated properties in place."""
    event = loads(packed)
    for field, value in updates.items():
        holder = event if field[:1] == _REPLACED else event[_OBJECTS[field[:1]]]
        holder[loads(field[1:])] = loads(value)
    return dumps(event)


def loads(text: bytes) -> Any:
    """The value of a JSON text, with integers of any size exact.

    Raises:
        ValueError: it is no JSON text.
        RecursionError: it nests deeper than can be read.
    """
    value = orjson.loads(text) if len(text) < LARGE else _loads_large(text)
    # orjson makes a float of an integer beyond 64 bits; what it accepts, the standard library reads exactly
    shape = text.translate(_SHAPE)
    return json.loads(text) if b" " + _DIGITS in shape or shape.startswith(_DIGITS) else value


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
        # copy to the exact size: orjson's own buffer keeps spare kilobytes
        return bytes(memoryview(orjson.dumps(value)))
    except TypeError:
        return _dumps_large(value)


def _dumps_large(value: Any) -> bytes:
    """The JSON text by the standard library, which writes integers of any size."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except RecursionError:
        raise BadRequest("The body is nested too deeply", [Detail("", "depth", "nested too deeply")]) from None
