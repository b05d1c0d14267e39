"""An event in the form in which stores keep it, and its JSON text.

What never merges is packed together; what merges is spread, a field for each key, so that a merge is a plain write of
fields. Both are JSON text already: no store parses or changes a value, and two stores cannot differ in one.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

import orjson

from skep.handlers.errors import BadRequest, Detail
from skep.handlers.normalise import Event
from skep.handlers.tenant import Tenant

_MERGED = {b"m": b"metadata", b"u": b"user_properties"}
_MERGED_NAMES = frozenset(name.decode() for name in _MERGED.values())


class EncodedEvent(NamedTuple):
    """An event as stores keep it.

    `packed` is the JSON text of all that never merges. A key of `merged` is the first letter of `metadata` or of
    `user_properties` and the JSON text of a key in it, such as `m"release"`; its value is the JSON text of that member.
    """

    packed: bytes
    merged: dict[bytes, bytes]


def encode(event: Event) -> EncodedEvent:
    """The event as stores keep it.

    Raises:
        BadRequest: a value is nested deeper than can be written, on Python 3.11 some 950 levels.
    """
    packed = _dump({name: value for name, value in event.items() if name not in _MERGED_NAMES})
    merged = {b"m" + _dump(key): _dump(value) for key, value in event["metadata"].items()}
    merged.update({b"u" + _dump(key): _dump(value) for key, value in event["user_properties"].items()})
    return EncodedEvent(packed, merged)


def merge(event: EncodedEvent, merged: Mapping[bytes, bytes]) -> EncodedEvent:
    """The event with these fields merged in, the new value winning."""
    return event._replace(merged={**event.merged, **merged})


def text(event: EncodedEvent, tenant: Tenant) -> bytes:
    """The event's JSON text, as the API answers it."""
    members: dict[bytes, list[bytes]] = {letter: [] for letter in _MERGED}
    for field, value in event.merged.items():
        members[field[:1]].append(field[1:] + b":" + value)
    objects = b",".join(b'"%b":{%b}' % (name, b",".join(members[letter])) for letter, name in _MERGED.items())
    return b"%b,%b,%b}" % (event.packed[:-1], tenant.ids, objects)


def pack(event: EncodedEvent) -> bytes:
    """The packed text, and key and value of each merged member, each after its length in four bytes."""
    texts = chain((event.packed,), chain.from_iterable(event.merged.items()))
    return b"".join(chain.from_iterable((len(text).to_bytes(4, "little"), text) for text in texts))


def unpack(packed: bytes) -> EncodedEvent:
    """The event that a text of `pack` stands for."""
    texts = _texts(packed)
    return EncodedEvent(next(texts), dict(zip(texts, texts, strict=True)))


def _texts(packed: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(packed):
        start = at + 4
        at = start + int.from_bytes(packed[at:start], "little")
        yield packed[start:at]


def _dump(value: Any) -> bytes:
    try:
        # a copy of the right size: what orjson makes holds kilobytes in reserve
        return bytes(memoryview(orjson.dumps(value)))
    except TypeError:
        return _dump_large(value)


def _dump_large(value: Any) -> bytes:
    """As JSON, with the standard library: orjson stops at 64-bit integers, and both stop at some depth."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except RecursionError:
        raise BadRequest("The body is nested too deeply", [Detail("", "depth", "nested too deeply")]) from None
