"""The strict profile."""

from typing import Any

import pytest

from hivestand.handlers.errors import BadRequest, Detail
from hivestand.server.strict import StrictProfile

SCHEMA = {
    "type": "object",
    "required": ["need"],
    "additionalProperties": False,
    "properties": {
        "need": {"type": "number"},
        "list": {"type": "array", "items": {"type": "string"}},
        "a/b~": {"type": "object", "required": ["c"]},
    },
}


def violations(body: Any) -> list[Detail]:
    """What the profile names."""
    with pytest.raises(BadRequest) as caught:
        StrictProfile(SCHEMA).check(body)
    return list(caught.value.details)


@pytest.mark.parametrize("body", [{"need": 1}, {"need": 2**70}, {"need": 0.5, "list": []}])
def test_a_body_that_keeps_the_schema_passes(body: Any) -> None:
    """Nothing is raised."""
    StrictProfile(SCHEMA).check(body)


def test_every_violation_is_named_by_its_pointer() -> None:
    """A missing or unknown property by the pointer that it has or would have; RFC 6901 escapes."""
    named = violations({"x": 1, "y/~": 2, "list": ["a", 1, None], "a/b~": {}})
    assert {
        ("/need", "required"),
        ("/x", "additionalProperties"),
        ("/y~1~0", "additionalProperties"),
        ("/list/1", "type"),
        ("/list/2", "type"),
        ("/a~1b~0/c", "required"),
    } == {detail[:2] for detail in named}


@pytest.mark.parametrize("body", [None, [], "x", 1, True])
def test_a_body_of_another_type(body: Any) -> None:
    """The pointer to the whole body is empty."""
    assert [("", "type")] == [detail[:2] for detail in violations(body)]


def test_null_and_booleans_are_no_numbers() -> None:
    """JSON types, not Python's."""
    assert [("/need", "type")] == [detail[:2] for detail in violations({"need": None})]
    assert [("/need", "type")] == [detail[:2] for detail in violations({"need": True})]


def test_a_million_violations_are_cut() -> None:
    """The response stays in bounds, however many there are."""
    named = violations({"need": 1, "list": [1] * 1_000_000})
    assert len(named) == 1000


def test_a_violation_far_down_an_array_is_found() -> None:
    """Among more items than are named."""
    named = violations({"need": 1, "list": ["x"] * 5000 + [1]})
    assert [("/list/5000", "type")] == [detail[:2] for detail in named]


def test_what_a_client_sent_is_quoted_in_bounds() -> None:
    """Not megabytes of it."""
    assert all(len(detail.message) <= 200 for detail in violations({"need": "x" * 1_000_000}))


def test_nesting_past_the_validator_is_refused() -> None:
    """Not a fault of the server's."""
    value: Any = 1
    for _ in range(500):
        value = [value]
    assert [("", "depth")] == [detail[:2] for detail in violations({"need": value})]


def test_of_several_forms_the_nearest_is_named() -> None:
    """With its violations; a body in none of them is not left alone."""
    forms = [
        {"type": "object", "required": ["logs"], "additionalProperties": False, "properties": {"logs": {}}},
        {
            "type": "object",
            "required": ["events"],
            "additionalProperties": False,
            "properties": {"events": {"type": "array", "items": {"type": "object", "required": ["x"]}}},
        },
    ]
    with pytest.raises(BadRequest) as caught:
        StrictProfile({"oneOf": forms}).check({"events": [{"x": 1}, {}]})
    assert [("", "oneOf"), ("/events/1/x", "required")] == [detail[:2] for detail in caught.value.details]
    assert "number 2 comes nearest" in caught.value.details[0].message


def test_violations_of_many_values_are_cut_by_count() -> None:
    """In nested arrays, too; what is known of a large object is always judged."""
    nested = {"type": "object", "properties": {"lists": {"type": "array", "items": SCHEMA}}}
    body = {"lists": [{"need": 1, "list": [1] * 900} for _ in range(900)]}
    with pytest.raises(BadRequest) as caught:
        StrictProfile(nested).check(body)
    assert len(caught.value.details) == 1000
    large = {**{str(number): 1 for number in range(20_000)}, "need": "x"}
    assert ("/need", "type") in [detail[:2] for detail in violations({"need": "x"})]
    with pytest.raises(BadRequest) as caught:
        StrictProfile({"type": "object", "properties": {"need": {"type": "number"}}}).check(large)
    assert [("/need", "type")] == [detail[:2] for detail in caught.value.details]
