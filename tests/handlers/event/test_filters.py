"""The filters of a search."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivestand.handlers.event.filters import OPPOSITES, TYPES, Malformed, lookup, moment, read_filter

EVENT: dict[str, Any] = {
    "event_name": "Complete",
    "error": None,
    "duration": 20,
    "start_time": 1_767_225_600_000,
    "parent_id": "0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d10",
    "metadata": {
        "cost": 0.5,
        "ok": False,
        "tags": ["x", "yz", 3],
        "a.b": {"c": 1},
        "a": {"b": {"c": 2, "d": 3}},
        "at": "2026-01-01T00:00:00Z",
        "digits": "20",
    },
}


def holds(field: str, operator: str, value: Any, type_: str | None = None) -> bool:
    """Whether a filter holds of the event."""
    return read_filter({"field": field, "operator": operator, "value": value, "type": type_}).holds(EVENT)


@pytest.mark.parametrize(
    ("field", "operator", "value", "type_", "expected"),
    [
        ("event_name", "is", "Complete", "string", True),
        ("event_name", "is", "complete", "string", False),
        ("event_name", "contains", "mple", "string", True),
        ("event_name", "contains", "Mple", "string", False),
        ("event_name", "exists", None, "string", True),
        ("error", "exists", "anything", "string", False),
        ("error", "is", None, "string", True),
        ("metadata.nothing", "exists", None, None, False),
        ("metadata.nothing", "is", "x", "string", False),
        ("metadata.nothing", "contains", "x", "string", False),
        ("duration", "is", 20, "number", True),
        ("duration", "is", 20.0, "number", True),
        ("duration", "is", "20", "number", True),
        ("duration", "is", "20", "string", False),
        ("metadata.digits", "is", 20, "number", False),
        ("duration", "greater than", 19.5, "number", True),
        ("duration", "greater than", 20, "number", False),
        ("duration", "less than", 20, "number", False),
        ("metadata.ok", "is", False, "boolean", True),
        ("metadata.ok", "is", "false", "boolean", True),
        ("metadata.ok", "is", 0, "number", False),
        ("metadata.tags", "contains", "x", "string", True),
        ("metadata.tags", "contains", "y", "string", True),
        ("metadata.tags", "contains", 3, "number", True),
        ("metadata.tags", "contains", 4, "number", False),
        ("start_time", "after", "2025-12-31T23:59:59.999Z", "datetime", True),
        ("start_time", "after", "2026-01-01T01:00:00+01:00", "datetime", False),
        ("start_time", "before", 1_767_225_600_001, None, True),
        ("start_time", "is", "2026-01-01", "datetime", True),
        ("metadata.at", "after", "2025-06-01", None, True),
        ("metadata.at", "before", "2025-06-01", None, False),
        ("event_name", "after", "2025-06-01", None, False),
        ("metadata.a.b.c", "is", 1, None, True),
        ("metadata.a.b.d", "is", 3, None, True),
        ("parent_id", "is", "0D9F1F6E-6F0C-4A57-9A3E-2C1F4B7A9D10", "string", True),
    ],
)
def test_each_operator_compares_as_its_name_says(
    field: str, operator: str, value: Any, type_: str | None, *, expected: bool
) -> None:
    """By the type that is named, or that of the value; the opposite of an operator holds where it does not."""
    assert expected is holds(field, operator, value, type_)
    opposite = {name: other for other, name in OPPOSITES.items()}.get(operator)
    if opposite is not None:
        assert expected is not holds(field, opposite, value, type_)


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        (7, ""),
        ({"operator": "is", "value": 1}, "/field"),
        ({"field": "a", "value": 1}, "/operator"),
        ({"field": "a", "operator": "is"}, "/value"),
        ({"field": 7, "operator": "is", "value": 1}, "/field"),
        ({"field": "a", "operator": ["is"], "value": 1}, "/operator"),
        ({"field": "a", "operator": "is", "value": 1, "type": ["number"]}, "/type"),
        ({"field": "a", "operator": "greater than", "value": "x", "type": "string"}, "/type"),
        ({"field": "a", "operator": "is", "value": [1], "type": "string"}, "/value"),
        ({"field": "a", "operator": "is", "value": "NaN", "type": "number"}, "/value"),
        ({"field": "a", "operator": "is", "value": "1", "type": "boolean"}, "/value"),
    ],
)
def test_what_is_no_filter_is_said(sent: Any, pointer: str) -> None:
    """By a pointer into it."""
    with pytest.raises(Malformed) as caught:
        read_filter(sent)
    assert pointer == caught.value.detail.pointer


@given(
    st.text(),
    st.sampled_from([*OPPOSITES, *OPPOSITES.values(), "greater than", "after", "x"]),
    st.sampled_from([*TYPES, None, 7]),
)
def test_no_filter_breaks(field: str, operator: str, type_: Any) -> None:
    """It holds, or not, or is none."""
    values: tuple[Any, ...] = ("a", "9" * 30, 1e300, -(10**40), True, None, [], "2026-01-01T00:00:00+99:99")
    for value in values:
        try:
            assert holds(field, operator, value, type_) in {True, False}
        except Malformed as error:
            assert error.detail.message  # noqa: PT017 - either will do


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("1970-01-01T00:00:00.001Z", 1),
        ("1970-01-01T00:00:01", 1000),
        ("19700102", 19_700_102),
        ("1500", 1500),
        (1.5, 1.5),
        ("0001-01-01T00:00:00+23:59", -62_135_683_140_000),
        (True, None),
        ("soon", None),
        ("9" * 20, None),
        ([], None),
    ],
)
def test_a_time_is_iso_8601_or_milliseconds(sent: Any, expected: float | None) -> None:
    """UTC where no zone is named."""
    assert expected == moment(sent)


def test_a_key_with_dots_comes_first() -> None:
    """At each level."""
    assert lookup(EVENT, "metadata.a.b") == {"c": 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01t00:00:00z", 1_767_225_600_000),
        ("2026-01-01T00:00:00.5Z", 1_767_225_600_500),
        ("2026-06-30T23:59:60Z", 1_782_864_000_000),
        ("2026-06-30t23:59:60.25z", 1_782_864_000_250),
        ("2026-07-01T01:59:60+02:00", 1_782_864_000_000),
        ("2026-01-01T00:00:61Z", None),
        ("2026-01-01T00:60:00Z", None),
        ("z", None),
    ],
)
def test_a_time_is_read_as_rfc_3339_has_it(text: str, expected: int | None) -> None:
    """Lower case, and a leap second, too."""
    assert expected == moment(text)
