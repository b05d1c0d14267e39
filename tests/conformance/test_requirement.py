"""When a response is as expected."""

from typing import Any

import pytest

from hivestand.conformance.requirement import Finding, Matcher, same

EVEN = Matcher("an even number", lambda value: value % 2 == 0)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (1, 1.0),
        (None, None),
        ({"a": [1, {"b": True}]}, {"a": [1.0, {"b": True}]}),
        (EVEN, 4),
        ({"a": EVEN}, {"a": 2}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
)
def test_values_that_json_cannot_tell_apart_are_the_same(expected: Any, actual: Any) -> None:
    """Numbers by value, objects whatever the order of their keys."""
    assert same(expected, actual)
    assert Finding(expected, actual).holds


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (1, True),
        (0, False),
        (True, 1),
        (1, "1"),
        ({}, []),
        ([1, 2], [2, 1]),
        ({"a": 1}, {}),
        ({}, {"a": 1}),
        (EVEN, 3),
        (None, False),
        ("", None),
        ([], [None]),
        (1, 2),
    ],
)
def test_others_are_not(expected: Any, actual: Any) -> None:
    """True is no 1, and an array has an order."""
    assert not same(expected, actual)
    assert not Finding(expected, actual).holds


def test_a_matcher_reads_as_its_words() -> None:
    """In every report."""
    assert "an even number" == str(EVEN)
