"""The request header `Prefer` (RFC 7240): the profile, and other responses that a client asks for.

`code` and `example` are Prism's names for them; `hivestand-delay` and `hivestand-fault` are this project's own.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

from hivestand.handlers.errors import BadRequest, Detail
from hivestand.server.faults.effects import EFFECTS, Effect, delayed

MAX_BYTES: Final = 1024  # a longer value is ignored

Profile = Literal["lenient", "strict"]

# token [= word] *( ; parameter ), where a word is a token or a quoted string
_PREFERENCE: Final = re.compile(
    rb"""\s*(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)
    (?:\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>[!#$%&'*+.^_`|~0-9A-Za-z-]*)))?
    (?:\s*;(?:[^,"]|"(?:[^"\\]|\\.)*")*)?\s*""",
    re.VERBOSE,
)
_CODE: Final = re.compile(r"[2-5][0-9]{2}", re.ASCII)
_OVERRIDES: Final = {
    b"code": "a status from 200 to 599",
    b"example": "the name of an example",
    b"hivestand-delay": "milliseconds, at most 600000",
    b"hivestand-fault": f"one of {', '.join(EFFECTS)}",
}
_OURS: Final = b"hivestand-"  # what the names begin with that no other server knows
_MEANT: Final = re.compile(rb"(?:^|,)\s*(?:%b)" % b"|".join((rb"code\b", rb"example\b", _OURS)), re.IGNORECASE)
_NAME: Final = re.compile(rb"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)")
_DELAY: Final = re.compile(r"[0-9]{1,5}|[1-5][0-9]{5}|600000", re.ASCII)


class Preferences(NamedTuple):
    """What a request prefers; None where it says nothing of it, or nothing that is known.

    Attributes:
        profile: how the body is judged.
        code: the status to respond with.
        example: the name of an example in the document.
        delay: milliseconds to wait.
        fault: one of `EFFECTS`.
        has_unknown_handling: whether a profile was asked for that does not exist, and so was ignored.
    """

    profile: Profile | None = None
    code: int | None = None
    example: str | None = None
    delay: int | None = None
    fault: str | None = None
    has_unknown_handling: bool = False

    @property
    def is_replaced(self) -> bool:
        """Whether an example is the response, and nothing is carried out."""
        return self.code is not None or self.example is not None

    @property
    def applied(self) -> str:
        """The value of `Preference-Applied`; the profile judges nothing if an example is the response."""
        profile = None if self.is_replaced else self.profile
        handling = () if profile is None else (f"handling={profile}",)
        return ", ".join((*handling, *self.faults))

    @property
    def faults(self) -> Sequence[str]:
        """Each override as the client spelled it."""
        values = {
            "code": self.code,
            "example": self.example,
            "hivestand-delay": self.delay,
            "hivestand-fault": self.fault,
        }
        return [f"{name}={value}" for name, value in values.items() if value is not None]


NONE: Final = Preferences()


def preferences(headers: Iterable[tuple[bytes, bytes]], *, overrides: bool) -> Preferences:
    """The preferences in the headers; all but the profile only if `overrides` are allowed.

    The first value of a name counts (RFC 7240, 2). What is not understood is ignored, as the RFC demands; but a
    malformed override, and an unknown one that begins with `hivestand-`, are refused, as a test that relies on them
    would test nothing.

    Raises:
        BadRequest: an override does not exist, or has a value that it cannot have.
    """
    value = b",".join(value for name, value in headers if name == b"prefer")
    if len(value) > MAX_BYTES:
        if overrides and _MEANT.search(value):
            raise _malformed("Prefer", f"{len(value)}", f"at most {MAX_BYTES} bytes")
        return NONE
    named: dict[bytes, str] = {}
    broken: dict[bytes, str] = {}
    previous = b""
    for name, preferred, rest in _parse(value):
        named.setdefault(name, preferred.decode("latin-1"))
        if rest and name in _OVERRIDES:
            broken.setdefault(name, rest.decode("latin-1"))
        if name.isdigit() and previous in _OVERRIDES:  # not a preference but the rest of a value, such as 1,000
            broken.setdefault(previous, f"{named[previous]},{name.decode()}")
        previous = name
    profile = _profile(named.get(b"handling"))
    has_unknown_handling = b"handling" in named and profile is None
    if not overrides:
        return Preferences(profile, has_unknown_handling=has_unknown_handling)
    for name in named:
        if name.startswith(_OURS) and name not in _OVERRIDES:
            ours = ", ".join(each.decode() for each in _OVERRIDES if each.startswith(_OURS))
            message = f"no preference {name.decode()[:100]!r}; there are {ours}"
            raise BadRequest("Invalid Prefer header", [Detail("", "prefer", message)])
    if broken:
        name, value_sent = next(iter(broken.items()))
        raise _malformed(name.decode(), value_sent, _OVERRIDES[name])
    return Preferences(
        profile,
        _number(named, b"code", _CODE),
        _example(named.get(b"example")),
        _number(named, b"hivestand-delay", _DELAY),
        _fault(named.get(b"hivestand-fault")),
        has_unknown_handling,
    )


def effects_of(preferred: Preferences) -> list[Effect]:
    """What the preferences do to the response, in order; the last effect echoes what was applied."""
    effects = [] if preferred.delay is None else [delayed(preferred.delay / 1000)]
    if preferred.fault is not None:
        effects.append(EFFECTS[preferred.fault])
    if preferred.applied:
        header = (b"preference-applied", preferred.applied.encode())
        effects.append(lambda response: response._replace(headers=[*response.headers, header]))
    return effects


def _profile(handling: str | None) -> Profile | None:
    return "strict" if handling == "strict" else "lenient" if handling == "lenient" else None


def _number(named: dict[bytes, str], name: bytes, form: re.Pattern[str]) -> int | None:
    value = named.get(name)
    if value is None:
        return None
    if not form.fullmatch(value):
        raise _malformed(name.decode(), value, _OVERRIDES[name])
    return int(value)


def _example(value: str | None) -> str | None:
    if value == "":
        raise _malformed("example", value, _OVERRIDES[b"example"])
    return value


def _fault(value: str | None) -> str | None:
    if value is not None and value not in EFFECTS:
        raise _malformed("hivestand-fault", value, _OVERRIDES[b"hivestand-fault"])
    return value


def _malformed(name: str, value: str, meant: str) -> BadRequest:
    message = f"{name} is {meant}, not {value[:100]!r}"
    return BadRequest("Invalid Prefer header", [Detail("", "prefer", message)])


def _parse(value: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """The name and value of each preference; of a malformed one, the name and its text up to a comma."""
    at = 0
    while at < len(value):
        match = _PREFERENCE.match(value, at)
        if match and (match.end() == len(value) or value[match.end()] == ord(",")):
            quoted, word = match["quoted"], match["word"]
            yield match["name"].lower(), re.sub(rb"\\(.)", rb"\1", quoted) if quoted is not None else word or b"", b""
            at = match.end() + 1
            continue
        comma = value.find(b",", at)
        end = len(value) if comma < 0 else comma
        if name := _NAME.match(value, at, end):
            yield name[1].lower(), b"", value[at:end].strip()
        at = end + 1
