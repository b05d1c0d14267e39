"""The response header `Hivestand-Fallbacks`: what was not used as it was sent, as an RFC 9651 list.

Where there are too many to name each by its place, those of a kind share one entry: the name of the property alone, and
how many there are. Where that does not fit either, the last entry names the part of the body that holds the others.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final
from urllib.parse import quote

from hivestand.handlers.event.normalise import Fallback

MAX_ENTRIES: Final = 20
MAX_BYTES: Final = 2048
MAX_TRIED: Final = 999  # whatever the number of fallbacks
_REST: Final = 100  # bytes that the last entry may need

_TOKEN = re.compile(r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*")
_PRINTABLE = re.compile(r"[ -~]*")
_ESCAPED = re.compile(r'(["\\])')
_PLACE = re.compile(r"/(?:0|[1-9][0-9]*)(?=/|$)")
_UNESCAPED = " !#$&'()*+,-./:;<=>?@[\\]^_`{|}~"  # what a display string holds as it is, letters and digits aside


def header_value(fallbacks: Iterable[Fallback]) -> str:
    """The list, of at most 20 entries and 2 KiB."""
    told = list(islice(fallbacks, MAX_TRIED + 1))
    short = [each for each in told if len(each.name) <= MAX_BYTES]
    entries = [_entry(each) for each in short[: MAX_ENTRIES + 1]]
    if len(told) > min(MAX_ENTRIES, len(short)) or sum(map(len, entries)) + 2 * len(entries) > MAX_BYTES:
        entries = _shared(short, told)
    return ", ".join(entries)


def _entry(fallback: Fallback) -> str:
    return f"{_item(fallback.name)};reason={fallback.reason}"


def _shared(short: Sequence[Fallback], told: Sequence[Fallback]) -> list[str]:
    """An entry for each kind of fallback, a name without the places in lists and a reason; `short` have short names."""
    kinds: dict[Fallback, list[Fallback]] = {}
    for each in short:
        name = _PLACE.split(each.name)[-1].removeprefix("/")
        kinds.setdefault(Fallback(name or each.name, each.reason), []).append(each)
    entries: list[str] = []
    size = 0
    for kind, members in kinds.items():
        entry = _entry(members[0]) if len(members) == 1 else f"{_entry(kind)};count={len(members)}"
        if len(entries) == MAX_ENTRIES - 1 or size + len(entry) + _REST > MAX_BYTES:
            return [*entries, f"{_item(_container(told))};reason=more"]
        size += len(entry) + 2
        entries.append(entry)
    return [*entries, f"{_item(_container(told))};reason=more"] if len(told) > min(MAX_TRIED, len(short)) else entries


def _container(told: Sequence[Fallback]) -> str:
    """The list that all of the fallbacks are in; empty, the pointer to the whole body, where there is none."""
    lists = {_PLACE.split(each.name, maxsplit=1)[0] for each in told}
    container = lists.pop()
    return "" if lists or not container.startswith("/") or len(container) > _REST // 2 else container


def _item(name: str) -> str:
    """The name as a token, otherwise as a string, otherwise as a display string (RFC 9651, 3.3.8)."""
    if _TOKEN.fullmatch(name):
        return name
    if _PRINTABLE.fullmatch(name):
        return '"' + _ESCAPED.sub(r"\\\1", name) + '"'
    return '%"' + re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), quote(name, safe=_UNESCAPED)) + '"'
