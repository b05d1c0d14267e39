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


def test_at_most_twenty_entries() -> None:
    """The first ones."""
    value = header_value(Fallback(f"f{number}", "unknown") for number in range(100))
    assert [f"f{number};reason=unknown" for number in range(20)] == value.split(", ")


def test_a_million_names_are_not_all_tried() -> None:
    """Once the first hundred are seen, whatever of them fits is told."""
    tried = iter([Fallback("x" * 2100, "unknown")] * 1_000_000)
    assert header_value(tried) == ""
    assert len(list(tried)) == 1_000_000 - 100


def test_at_most_two_kibibytes() -> None:
    """What does not fit is left out, and what comes after it may fit."""
    told = [Fallback(name, "unknown") for name in ("a" * 2000, "b" * 2000, "é" * 300, "c", "d" * 10_000_000)]
    value = header_value(told)
    assert [f"{'a' * 2000};reason=unknown", "c;reason=unknown"] == value.split(", ")
    assert len(value) <= 2048
