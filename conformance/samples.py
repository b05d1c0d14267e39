"""Values that requirements send and compare: a text that servers spoil, and kinds of JSON numbers."""

from typing import Any, Final, TypeGuard

LONG: Final = "long " * 60
AWKWARD: Final = f" Both CaSes  <b>&amp;</b> 'q' \"q\" \\ % $ {{}} a%20b+c &#39;\r\n\té e\u0301 \ufb01 😀\u200d\n{LONG}"
"""A text with white space around it, HTML, quotes, escapes, letters in two normal forms, and one beyond the BMP."""
WHOLE: Final = 2**53  # beyond it doubles skip whole numbers


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether a JSON value is a number, which true is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: Any) -> TypeGuard[int | float]:
    """Whether a number has no fraction and is small enough for a double to tell it from its neighbours."""
    return is_number(value) and abs(value) <= WHOLE and value == int(value)


def is_int64(value: Any) -> TypeGuard[int]:
    """Whether a JSON value is written as an integer that fits 64 bits."""
    return is_number(value) and isinstance(value, int) and -(2**63) <= value < 2**63
