"""The response header `Hivestand-Fallbacks`: what was not used as it was sent, as an RFC 9651 list."""

import re
from collections.abc import Iterable
from itertools import islice
from urllib.parse import quote

from hivestand.handlers.event.normalise import Fallback

MAX_ENTRIES = 20
MAX_BYTES = 2048
MAX_TRIED = 100  # whatever the number of fallbacks

_TOKEN = re.compile(r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*")
_PRINTABLE = re.compile(r"[ -~]*")
_ESCAPED = re.compile(r'(["\\])')
_UNESCAPED = " !#$&'()*+,-./:;<=>?@[\\]^_`{|}~"  # what a display string holds as it is, letters and digits aside


def header_value(fallbacks: Iterable[Fallback]) -> str:
    """The list, cut to 20 entries and 2 KiB: an entry that does not fit is left out."""
    value, entries = "", 0
    for fallback in islice(fallbacks, MAX_TRIED):
        if len(fallback.name) > MAX_BYTES:
            continue
        entry = f"{_item(fallback.name)};reason={fallback.reason}"
        longer = f"{value}, {entry}" if value else entry
        if len(longer) <= MAX_BYTES:
            value, entries = longer, entries + 1
        if entries == MAX_ENTRIES:
            break
    return value


def _item(name: str) -> str:
    """The name as a token, otherwise as a string, otherwise as a display string (RFC 9651, 3.3.8)."""
    if _TOKEN.fullmatch(name):
        return name
    if _PRINTABLE.fullmatch(name):
        return '"' + _ESCAPED.sub(r"\\\1", name) + '"'
    return '%"' + re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), quote(name, safe=_UNESCAPED)) + '"'
