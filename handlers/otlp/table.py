"""The table of what becomes of a span's attributes, `mapping.yaml`, read, checked and compiled.

Each attribute name is looked up once; what was found is remembered, so a span costs one look-up for each attribute.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

MAX_REMEMBERED: Final = 10_000  # names that a table remembers
MAX_NAME: Final = 200  # characters of a name that is remembered
OBJECTS: Final = ("inputs", "outputs", "config", "metadata", "metrics", "feedback", "user_properties")
PARTS: Final = frozenset(  # that an attribute plays for the event or its session
    {
        *("session", "create", "session_name", "source", "event_id", "event_name", "parent", "error", "status"),
        *("duration", "nothing"),
    }
)
WAYS: Final = frozenset(  # in which a value is changed
    {
        *("", "path", "rest", "json", "members", "names", "first", "items"),
        *("message", "messages", "reply", "replies", "input", "output"),
    }
)
CONVENTIONS: Final = "HGOLVST"
STRENGTHS: Final = "DTPCN?"
_TYPES: Final = frozenset({"chain", "model", "tool", "session"})
_ROW: Final = frozenset({"from", "of", "to", "by", "known"})
_TYPE_RULE: Final = frozenset({"rule", "of", "any", "values", "without", "is", "known"})
_INSTRUMENTOR: Final = frozenset({"name", "of", "scope", "attribute"})

# libyaml reads the table ten times faster than PyYAML's own parser; not every build of PyYAML has it
_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class WrongTable(ValueError):
    """A row of the table that cannot be used; the message says which and why."""


class Place(NamedTuple):
    """Where a value goes: an object of the event, and a key in it. One that `is_last` is filled if nothing else is."""

    holder: str
    key: str
    is_last: bool = False


class Row(NamedTuple):
    """One row of the table.

    Attributes:
        number: its place in the table; the lowest wins.
        source: the attribute, or the pattern of attributes.
        of: the conventions that have it, as letters.
        to: the places, or the part, as they are written.
        way: how the value is changed, empty if it is not.
        known: how sure that is, as letters.
    """

    number: int
    source: str
    of: str
    to: str
    way: str
    known: str


class Rule(NamedTuple):
    """What becomes of one attribute.

    Attributes:
        row: the row that says so; None for an attribute that no row names.
        part: the part that it plays; empty where it has a place.
        place: where its value goes.
        copies: where copies of it go.
        number: the number in its name.
        path: what follows the pattern in its name.
    """

    row: Row | None
    part: str
    place: Place
    copies: Sequence[Place] = ()
    number: int = 0
    path: str = ""


class TypeRule(NamedTuple):
    """One rule for the type of an event.

    Attributes:
        name: its number in the documents.
        names: the attributes that it looks at; the rule that always applies has none, and no patterns.
        beginnings: how the names of other such attributes begin.
        patterns: what these match, too.
        values: the type by value in lower case; None where an attribute that is there is enough.
        without: an attribute that must not be there.
        type: the type where `values` is None.
    """

    name: str
    names: Sequence[str]
    beginnings: tuple[str, ...]
    patterns: Sequence[re.Pattern[str]]
    values: Mapping[str, str] | None
    without: str | None
    type: str


class Instrumentor(NamedTuple):
    """What made a span: its name, its convention, and how the names of its scopes and attributes begin."""

    name: str
    of: str
    scope: str
    attribute: str


NOBODY: Final = Instrumentor("", "", "", "")


class Names(dict[str, Rule]):
    """The rule of each attribute name, for spans of one convention; found when a name is first looked up."""

    def __init__(self, table: "Table", convention: str) -> None:
        """Start without any."""
        super().__init__()
        self._table = table
        self._convention = convention

    def __missing__(self, name: str) -> Rule:
        """The rule of a name that is not remembered."""
        rule = self._table.rule_of(name, self._convention)
        if len(name) <= MAX_NAME and len(self) < MAX_REMEMBERED:
            self[name] = rule
        return rule


class Table:
    """The compiled table."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Check and compile a table as `mapping.yaml` has it.

        Raises:
            WrongTable: a row cannot be used.
        """
        self.rows = [_row(number, each) for number, each in enumerate(document["attributes"])]
        self.types = [_type_rule(each) for each in document["types"]]
        self.instrumentors = [_instrumentor(each) for each in document["instrumentors"]]
        self._exact: dict[str, list[Row]] = {}
        self._patterns: dict[str, list[tuple[re.Pattern[str], Row]]] = {}  # by how the names begin, up to a dot
        for row in self.rows:
            if row.source[-1] == "*":
                self._patterns.setdefault(_beginning(row.source), []).append((_pattern(row.source), row))
            else:
                self._exact.setdefault(row.source, []).append(row)
        self._by_scope: dict[str, Instrumentor] = {}
        self._by_attribute = [each for each in self.instrumentors if each.attribute]
        self._told_by = tuple(each.attribute for each in self._by_attribute)

    @cached_property
    def names(self) -> Mapping[str, Names]:
        """The rules of attribute names, by convention."""
        return {convention: Names(self, convention) for convention in ("", *CONVENTIONS)}

    def rule_of(self, name: str, convention: str) -> Rule:
        """What becomes of the attribute of a name in a span of that convention."""
        if rows := self._exact.get(name):
            row = next((each for each in rows if convention and convention in each.of), rows[0])
            return _rule(row, name, None)
        for pattern, each in self._patterns.get(name.partition(".")[0], ()):
            if matched := pattern.fullmatch(name):
                return _rule(each, name, matched)
        return Rule(None, "", Place("metadata", name))

    def instrumentor_of(self, scope: str, attributes: Iterable[str]) -> Instrumentor:
        """What made a span, by its scope, otherwise by its attributes; `NOBODY` if that is not known."""
        if (known := self._by_scope.get(scope)) is None:
            starting = (each for each in self.instrumentors if each.scope and scope.startswith(each.scope))
            known = next(starting, NOBODY)
            if len(self._by_scope) < MAX_REMEMBERED and len(scope) <= MAX_NAME:
                self._by_scope[scope] = known
        if known is not NOBODY:
            return known
        telling = [name for name in attributes if name.startswith(self._told_by)]
        return next((each for each in self._by_attribute if _begin(telling, each)), NOBODY)


def load_table() -> Table:
    """The table that comes with the package.

    Raises:
        WrongTable: a row cannot be used.
    """
    text = Path(__file__).with_name("mapping.yaml").read_text(encoding="utf-8")
    return Table(yaml.load(text, Loader=_Loader))  # noqa: S506 - a safe loader


def _begin(names: Iterable[str], instrumentor: Instrumentor) -> bool:
    beginning = instrumentor.attribute
    return any(name.startswith(beginning) for name in names)


def _row(number: int, sent: Mapping[str, str]) -> Row:
    row = Row(number, sent["from"], sent["of"].replace(" ", ""), sent["to"], sent.get("by", ""), sent["known"])
    _check(sent, _ROW, row.of, row.known)
    if row.way not in WAYS:
        raise WrongTable(f"{row.source}: no value is changed by {row.way}")
    part, places = _places(row, "", "")
    if (part and row.way) or any(place.holder not in OBJECTS for place in places):
        raise WrongTable(f"{row.source}: {row.to} is no part of an event")
    if "<N>" in _beginning(row.source):
        raise WrongTable(f"{row.source}: <N> can only come after a dot")
    if "*" in row.source[:-1] or (row.way in {"message", "reply", "items"} and "<N>" not in row.source):
        raise WrongTable(f"{row.source}: a * can only end a name, and {row.way} needs <N>")
    return row


def _type_rule(sent: Mapping[str, Any]) -> TypeRule:
    _check(sent, _TYPE_RULE, sent["of"].replace(" ", ""), sent["known"])
    values: Mapping[str, str] | None = sent.get("values")
    names: Sequence[str] = sent.get("any", ())
    results = {sent["is"]} if values is None else set(values.values())
    if not results <= _TYPES:
        raise WrongTable(f"rule {sent['rule']}: {results - _TYPES} is no type")
    exact = [name for name in names if name[-1] != "*"]
    others = [name for name in names if name[-1] == "*"]
    beginnings = tuple(name[:-1].partition("<N>")[0] for name in others)
    patterns = [_pattern(name) for name in others]
    return TypeRule(sent["rule"], exact, beginnings, patterns, values, sent.get("without"), sent.get("is", ""))


def _instrumentor(sent: Mapping[str, str]) -> Instrumentor:
    _check(sent, _INSTRUMENTOR, sent["of"], "?")
    return Instrumentor(sent["name"], sent["of"], sent.get("scope", ""), sent.get("attribute", ""))


def _check(sent: Mapping[str, Any], known: frozenset[str], of: str, strength: str) -> None:
    if unknown := sent.keys() - known:
        raise WrongTable(f"{dict(sent)}: there is no column {', '.join(sorted(unknown))}")
    if not of or not set(of) <= set(CONVENTIONS):
        raise WrongTable(f"{dict(sent)}: {of!r} are no conventions")
    if not strength or not set(strength) <= {*STRENGTHS, " "}:
        raise WrongTable(f"{dict(sent)}: {strength!r} is no strength")


def _beginning(source: str) -> str:
    """The pattern of an attribute name, up to its first dot."""
    return source.removesuffix("*").partition(".")[0]


def _pattern(source: str) -> re.Pattern[str]:
    """What the names of a pattern match; a star without a dot before it stands for nothing, or a dot and more."""
    beginning = re.escape(source[:-1]).replace("<N>", "(?P<index>[0-9]{1,6})")
    rest = r"(?P<rest>.+)" if source[-2] == "." else r"(?:\.(?P<rest>.*))?"
    return re.compile(beginning + rest, re.DOTALL)


def _rule(row: Row, name: str, matched: re.Match[str] | None) -> Rule:
    groups = {} if matched is None else matched.groupdict()
    rest, index = groups.get("rest") or "", int(groups.get("index") or 0)
    part, places = _places(row, name, rest)
    if part:
        return Rule(row, part, Place("metadata", name), places, index, rest)
    return Rule(row, "", places[0], places[1:], index, rest)


def _places(row: Row, name: str, rest: str) -> tuple[str, list[Place]]:
    """The part that a row names first, if any, and the places."""
    first, *others = row.to.split()
    part = first if first in PARTS else ""
    return part, [_place(written, name, rest) for written in (others if part else (first, *others))]


def _place(written: str, name: str, rest: str) -> Place:
    holder, _, key = written.removesuffix("?").partition(".")
    if key == "=":
        key = name.rpartition(".")[2]
    elif key == "@":
        key = name
    elif key == "rest":
        key = rest
    return Place(holder, key, written.endswith("?"))
