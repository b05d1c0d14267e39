"""Plans: what is to be done with the attributes of spans that have the same names, worked out once.

Instrumentations send the same names again and again. A plan has the attributes in the order of the table's rows, and
picks those out whose place nothing else can take: their values are moved without looking.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from hivestand.handlers.otlp.table import Instrumentor, Place, Rule, Table

MAX_PLANS: Final = 2000
MAX_NAMES: Final = 200  # attributes of a span whose plan is remembered
LINEAGE: Final = frozenset(  # what a span says itself in the metadata
    {
        *("trace_id", "span_id", "parent_span_id", "has_otlp_lineage", "scope", "instrumentor", "span_links"),
        *("span_name", "span_events", "status_code", "status_message", "attributes", "functions", "total_tokens"),
    }
)
TOKENS: Final = ("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens")
# ways that may fill any key of the object that they are for
_OPEN: Final = frozenset({"path", "members", "input", "output", "messages", "reply", "replies"})

Json = Any


class TypeCheck(NamedTuple):
    """A rule for the type of a span's event.

    Attributes:
        rule: its number.
        values: the type by value in lower case; None where an attribute that is there is enough.
        names: the attributes at hand that it looks at.
        without: an attribute that must not be there.
        type: the type where `values` is None.
        events: the events, as attributes, that are enough.
        is_last: whether it always applies.
    """

    rule: str
    values: Mapping[str, str] | None
    names: Sequence[str]
    without: str | None
    type: str
    events: frozenset[str]
    is_last: bool


class Plan(NamedTuple):
    """What is to be done with the attributes of a span.

    Attributes:
        instrumentor: what made the span.
        types: the rules for the type that can apply to a span without events.
        checks: those that can apply to one with events.
        parts: parts, the attributes that can play them, the first of several first, and where copies of those go.
        direct: by object, the keys that attributes fill whose place nothing else can take.
        arguments: likewise the keys of the inputs, whose values may be JSON texts.
        ignored: the attributes that have no effect, as they are told.
        steps: the other attributes that rows name, in the order of the rows.
        flat: the other attributes.
        has_tokens: whether there may be counts of tokens.
        has_plain_lineage: whether nothing else can be where a span says where it stands.
    """

    instrumentor: Instrumentor
    types: Sequence[TypeCheck]
    checks: Sequence[TypeCheck]
    parts: Sequence[tuple[str, str, Sequence[tuple[str, str]]]]
    direct: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    arguments: Sequence[tuple[str, str]]
    ignored: Mapping[tuple[str, str], None]
    steps: Sequence[tuple[Rule, str]]
    flat: Sequence[str]
    has_tokens: bool
    has_plain_lineage: bool


class Plans:
    """The plans of a table, by the names of attributes and the scope."""

    def __init__(self, table: Table) -> None:
        """Start without any."""
        self._table = table
        self._known: dict[tuple[Any, ...], Plan] = {}

    def plan_for(self, scope: str, attributes: Mapping[str, Json]) -> Plan:
        """The plan for a span of a scope with these attributes."""
        key = (scope, *attributes)
        plan = self._known.get(key)
        if plan is None:
            plan = self._made(scope, attributes)
            if len(attributes) <= MAX_NAMES:
                if len(self._known) >= MAX_PLANS:
                    self._known.clear()
                self._known[key] = plan
        return plan

    def explained(self, scope: str, attributes: Mapping[str, Json]) -> Plan:
        """The same plan without shortcuts."""
        return self._made(scope, attributes, is_short=False)

    def _made(self, scope: str, names: Iterable[str], *, is_short: bool = True) -> Plan:
        instrumentor = self._table.instrumentor_of(scope, names)
        rules = self._table.names[instrumentor.of]
        found = [(rules[name], name) for name in names]  # once each, as not every rule is remembered
        ruled = sorted(
            (each for each in found if each[0].row is not None),
            key=lambda each: -1 if each[0].row is None else each[0].row.number,
        )
        others = [name for rule, name in found if rule.row is None]
        checks = list(self._types(names))
        types = [each for each in checks if each.names or each.is_last]
        if not is_short:
            return Plan(
                instrumentor, types, checks, (), (), (), {}, ruled, others, has_tokens=True, has_plain_lineage=False
            )
        claims, open_objects = _claims(ruled, others)
        is_open = "metadata" in open_objects
        sorting = _Sorting(claims, open_objects)
        for rule, name in ruled:
            sorting.take(rule, name)
        flat = [name for name in others if is_open or claims["metadata", name] > 1]
        moved = [(name, name) for name in others if not is_open and claims["metadata", name] == 1]
        if moved:
            sorting.direct.setdefault("metadata", []).extend(moved)
        return Plan(
            instrumentor,
            types,
            checks,
            sorting.parts,
            list(sorting.direct.items()),
            sorting.arguments,
            sorting.ignored,
            sorting.steps,
            flat,
            has_tokens=is_open or any(claims["metadata", name] for name in TOKENS),
            has_plain_lineage=not is_open and not any(claims["metadata", name] for name in LINEAGE),
        )

    def _types(self, names: Iterable[str]) -> Iterable[TypeCheck]:
        for rule in self._table.types:
            at_hand = [name for name in rule.names if name in names]
            if rule.patterns:
                alike = [name for name in names if name.startswith(rule.beginnings)]
                at_hand += [name for name in alike if any(pattern.fullmatch(name) for pattern in rule.patterns)]
            events = frozenset(name for name in rule.names if name.startswith("_event."))
            is_last = not (rule.names or rule.patterns)
            if at_hand or events or is_last:
                yield TypeCheck(rule.name, rule.values, at_hand, rule.without, rule.type, events, is_last)


def _claims(ruled: Sequence[tuple[Rule, str]], others: Sequence[str]) -> tuple[Counter[tuple[str, str]], set[str]]:
    """How many attributes may fill each place, and play each part; and the objects of which any key may be filled."""
    claims: Counter[tuple[str, str]] = Counter(("metadata", name) for name in others)
    open_objects: set[str] = set()
    for rule, _ in ruled:
        way = "" if rule.row is None else rule.row.way
        claims.update((place.holder, place.key) for place in rule.copies)
        if rule.part:
            claims["", rule.part] += 1
            claims["metadata", rule.place.key] += 1
        elif way == "path" and rule.path:
            claims[rule.place.holder, rule.path.partition(".")[0]] += 1
        else:
            claims[rule.place.holder, rule.place.key] += 1
            if way in _OPEN:
                open_objects.add(rule.place.holder)
    return claims, open_objects


class _Sorting:
    """Sorts the attributes that rows name by what is to be done with them; the fields are those of `Plan`."""

    def __init__(self, claims: Counter[tuple[str, str]], open_objects: set[str]) -> None:
        self._claims = claims
        self._open_objects = open_objects
        self.parts: list[tuple[str, str, Sequence[tuple[str, str]]]] = []
        self.direct: dict[str, list[tuple[str, str]]] = {}
        self.arguments: list[tuple[str, str]] = []
        self.ignored: dict[tuple[str, str], None] = {}
        self.steps: list[tuple[Rule, str]] = []

    def take(self, rule: Rule, name: str) -> None:
        """Take an attribute."""
        way = "" if rule.row is None else rule.row.way
        if rule.part == "nothing":
            self.ignored[name, "ignored"] = None
        elif rule.part and self._are_free(rule.copies):
            self.parts.append((rule.part, name, [(each.holder, each.key) for each in rule.copies]))
        elif not rule.part and not way and self._are_free((rule.place, *rule.copies)):
            for place in (rule.place, *rule.copies):
                self.direct.setdefault(place.holder, []).append((place.key, name))
        elif way == "path" and self._are_free((Place(rule.place.holder, rule.path),)):
            if rule.place.holder == "inputs":
                self.arguments.append((rule.path, name))
            else:
                self.direct.setdefault(rule.place.holder, []).append((rule.path, name))
        else:
            self.steps.append((rule, name))

    def _are_free(self, places: Sequence[Place]) -> bool:
        """Whether nothing else can fill any of these places."""
        return all(
            self._claims[each.holder, each.key] == 1 and each.holder not in self._open_objects for each in places
        )
