"""The table of what becomes of attributes: what of it is refused, and what its rows find."""

from collections.abc import Mapping
from typing import Any

import pytest

from hivestand.handlers.otlp import table
from hivestand.handlers.otlp.plan import Plans
from hivestand.handlers.otlp.table import Names, Place, Rule, Table, WrongTable

ROW = {"from": "a.*", "of": "G", "to": "metadata.@", "known": "D"}
TYPE = {"rule": "1", "of": "G", "any": ["kind"], "values": {"llm": "model"}, "known": "D"}


def compiled(*rows: Mapping[str, str], types: tuple[Mapping[str, Any], ...] = (TYPE,)) -> Table:
    """A table of these rows, of spans that nobody is known to have made."""
    return Table({"attributes": rows, "types": types, "instrumentors": ()})


@pytest.mark.parametrize(
    "changed",
    [
        {"colour": "red"},
        {"of": ""},
        {"of": "X"},
        {"known": "X"},
        {"by": "magic"},
        {"to": "nowhere.@"},
        {"to": "nothing", "by": "json"},
        {"from": "a*b"},
        {"from": "a<N>.*"},
        {"from": "a.*", "by": "items"},
    ],
)
def test_a_row_that_cannot_be_used_is_refused(changed: Mapping[str, str]) -> None:
    """When the table is compiled, before any span comes."""
    compiled(ROW)
    with pytest.raises(WrongTable):
        compiled({**ROW, **changed})


@pytest.mark.parametrize("changed", [{"colour": "red"}, {"of": "X"}, {"known": ""}, {"values": {"llm": "letter"}}])
def test_a_rule_for_a_type_that_cannot_be_used_is_refused(changed: Mapping[str, Any]) -> None:
    """As is one that makes something that is no type of an event."""
    with pytest.raises(WrongTable):
        compiled(ROW, types=({**TYPE, **changed},))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.b", "a.*"),
        ("a.b.c", "a.b.*"),
        ("a.1.b", "a.<N>.*"),
        ("c", "c*"),
        ("c.d", "c*"),
        ("exact", "exact"),
        ("a", None),
        ("ab.c", None),
        ("cd", None),
        ("c*", None),
        ("exact.not", None),
        (".", None),
        ("", None),
    ],
)
def test_a_name_has_the_rule_of_the_first_row_that_matches(name: str, source: str | None) -> None:
    """Whole parts of it, between dots; what no row names is metadata."""
    rows = [{**ROW, "from": each} for each in ("a.<N>.*", "a.b.*", "a.*", "c*", "exact")]
    rule = compiled(*rows).rule_of(name, "G")
    assert source == (rule.row and rule.row.source)
    assert rule.place == Place("metadata", name)


@pytest.mark.parametrize(
    ("source", "name", "applies"),
    [
        ("a*", "a", True),
        ("a*", "a.b", True),
        ("a*", "ab", False),
        ("a.<N>.*", "a.1.b", True),
        ("a.<N>.*", "a.b", False),
    ],
)
def test_a_rule_for_a_type_looks_at_the_names_that_its_pattern_matches(
    source: str,
    name: str,
    applies: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """As rows do."""
    rule = {"rule": "1", "of": "G", "any": [source], "is": "model", "known": "D"}
    plan = Plans(compiled(ROW, types=(rule,))).plan_for("", {name: "x"})
    assert [[name]] * applies == [check.names for check in plan.types]


def test_only_so_many_names_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor very long ones; each is looked up once for a span even so."""
    monkeypatch.setattr(table, "MAX_REMEMBERED", 2)
    looked_up: list[str] = []

    def rule_of(name: str, _convention: str) -> Rule:
        looked_up.append(name)
        return Rule(None, "", Place("metadata", name))

    full = compiled(ROW)
    monkeypatch.setattr(full, "rule_of", rule_of)
    attributes = dict.fromkeys(["l" * 201, "a", "b", "c", "d"], 1)
    for _ in range(2):
        Plans(full).plan_for("", attributes)
    assert looked_up == [*attributes, "l" * 201, "c", "d"]
    assert isinstance(full.names[""], Names)
    assert full.names[""].keys() == {"a", "b"}
