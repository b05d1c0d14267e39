"""The request header `Prefer` (RFC 7240)."""

import re
from collections.abc import Iterable
from typing import Literal

MOST_BYTES = 1024  # more is no list of preferences, and is not understood

Profile = Literal["lenient", "strict"]

# token [= word] *( ; parameter ), where a word is a token or a quoted string
_PREFERENCE = re.compile(
    rb"""\s*(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)
    (?:\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>[!#$%&'*+.^_`|~0-9A-Za-z-]*)))?
    (?:\s*;(?:[^,"]|"(?:[^"\\]|\\.)*")*)?\s*""",
    re.VERBOSE,
)


def handling(headers: Iterable[tuple[bytes, bytes]]) -> Profile | None:
    """The profile that the request prefers, or None where it names none that there is.

    The first `handling` counts (RFC 7240, section 2); what is not understood is ignored, as the RFC demands.
    """
    value = b",".join(value for name, value in headers if name == b"prefer")
    if len(value) > MOST_BYTES:
        return None
    for name, preferred in _parse(value):
        if name == b"handling":
            return "strict" if preferred == b"strict" else "lenient" if preferred == b"lenient" else None
    return None


def _parse(value: bytes) -> Iterable[tuple[bytes, bytes]]:
    at = 0
    while at < len(value):
        match = _PREFERENCE.match(value, at)
        if match and (match.end() == len(value) or value[match.end()] == ord(",")):
            quoted, word = match["quoted"], match["word"]
            yield match["name"].lower(), re.sub(rb"\\(.)", rb"\1", quoted) if quoted is not None else word or b""
            at = match.end() + 1
        else:
            comma = value.find(b",", at)
            at = len(value) if comma < 0 else comma + 1
