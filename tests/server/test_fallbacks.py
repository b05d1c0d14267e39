"""The response header Hivestand-Fallbacks."""

import pytest

from hivestand.handlers.event.normalise import Fallback
from hivestand.server.fallbacks import header_value


def test_names_with_reasons() -> None:
    """The example of the design."""
    told = [Fallback("start_time", "type"), Fallback("session_id", "format"), Fallback("colour", "unknown")]
    assert header_value(told) == "start_time;reason=type, session_id;reason=format, colour;reason=unknown"


@pytest.mark.parametrize(
    ("name", "item"),
    [
        ("a", "a"),
        ("*a", "*a"),
        ("a:b/c", "a:b/c"),
        ("", '""'),
        ("1a", '"1a"'),
        ("a b", '"a b"'),
        ('a"b\\', '"a\\"b\\\\"'),
        ("a;b,c", '"a;b,c"'),
        ("é", '%"%c3%a9"'),
        ('🐝"%', '%"%f0%9f%90%9d%22%25"'),
        ("a\r\nB: c", '%"a%0d%0aB: c"'),
        ("\x7f", '%"%7f"'),
    ],
)
def test_a_name_is_a_token_a_string_or_a_display_string(name: str, item: str) -> None:
    """RFC 9651: whatever a client names a property, the header stays well formed."""
    assert f"{item};reason=unknown" == header_value([Fallback(name, "unknown")])


def test_more_than_twenty_end_with_what_holds_the_others() -> None:
    """Nineteen are named; the empty pointer stands for the whole body, which holds all of them."""
    value = header_value(Fallback(f"f{number}", "unknown") for number in range(100))
    assert [*(f"f{number};reason=unknown" for number in range(19)), '"";reason=more'] == value.split(", ")


def test_those_of_a_kind_share_an_entry() -> None:
    """The same property of many events is named once, and counted."""
    told = [Fallback(f"/events/{number}/{name}", "ignored") for number in range(50) for name in ("project", "a/b")]
    assert header_value(told) == "project;reason=ignored;count=50, a/b;reason=ignored;count=50"


def test_the_list_that_holds_the_others_is_named() -> None:
    """Where kinds are too many as well, the last entry is a pointer to the list of events."""
    told = [Fallback(f"/events/{number}/f{number}", "unknown") for number in range(50)]
    assert header_value(told).endswith(', "/events";reason=more')


def test_a_million_names_are_not_all_tried() -> None:
    """Once the first thousand are seen, the rest is summed up."""
    tried = iter([Fallback("x" * 2100, "unknown")] * 1_000_000)
    assert header_value(tried) == '"";reason=more'
    assert len(list(tried)) == 1_000_000 - 1000


def test_at_most_two_kibibytes() -> None:
    """What does not fit is summed up by the last entry."""
    told = [Fallback(name, "unknown") for name in ("a" * 1900, "b" * 2000, "é" * 300, "c", "d" * 10_000_000)]
    value = header_value(told)
    assert [f"{'a' * 1900};reason=unknown", '"";reason=more'] == value.split(", ")
    assert len(value) <= 2048
