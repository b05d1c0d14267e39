"""The request header Prefer."""

import pytest

from skep.server.preferences import handling


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"handling=strict", "strict"),
        (b"handling=lenient", "lenient"),
        (b"Handling=strict", "strict"),
        (b" handling = strict ", "strict"),
        (b'handling="strict"', "strict"),
        (b'handling="str\\ict"', "strict"),
        (b"respond-async, handling=strict, wait=10", "strict"),
        (b"handling=strict;foo=bar", "strict"),
        (b'foo="a, handling=lenient", handling=strict', "strict"),
        (b'foo;a="x, handling=lenient", handling=strict', "strict"),
        (b"handling=strict, handling=lenient", "strict"),
        (b",,handling=strict,", "strict"),
        (b"?? , handling=strict", "strict"),
        (b"", None),
        (b"handling", None),
        (b"handling=", None),
        (b"handling=banana", None),
        (b"handling=STRICT", None),
        (b"handling=banana, handling=strict", None),
        (b"handlings=strict", None),
        (b'handling="strict', None),
        (b"\xff\x00", None),
        (b'foo="' + b"\\" * 5000, None),
        (b";" * 5000, None),
        (b'a;"' * 5000, None),
        (b'a;",' * 12_500, None),
        (b"handling=strict," + b"a," * 1000, None),
    ],
)
def test_the_profile_that_is_preferred(value: bytes, expected: str | None) -> None:
    """The first `handling` counts; what is not understood is ignored (RFC 7240, section 2)."""
    assert expected == handling([(b"prefer", value)])


def test_repeated_headers_are_one_list() -> None:
    """As RFC 9110 combines them."""
    headers = [(b"prefer", b"respond-async"), (b"accept", b"handling=lenient"), (b"prefer", b"handling=strict")]
    assert handling(headers) == "strict"
