"""The request header Prefer."""

from typing import Literal

import pytest

from hivestand.handlers.errors import BadRequest
from hivestand.server.preferences import NONE, Preferences, preferences


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
def test_the_profile_that_is_preferred(value: bytes, expected: Literal["lenient", "strict"] | None) -> None:
    """The first `handling` counts; what is not understood is ignored (RFC 7240, section 2)."""
    found = preferences([(b"prefer", value)], overrides=True)
    assert Preferences(expected) == found._replace(has_unknown_handling=False)


@pytest.mark.parametrize("overrides", [True, False])
@pytest.mark.parametrize(
    ("value", "is_told"),
    [(b"handling=banana", True), (b"handling", True), (b"handling=strict", False), (b"a=b", False)],
)
def test_a_profile_that_does_not_exist_is_noted(value: bytes, *, is_told: bool, overrides: bool) -> None:
    """Ignored, as RFC 7240 has it, and told."""
    assert is_told is preferences([(b"prefer", value)], overrides=overrides).has_unknown_handling


@pytest.mark.parametrize("value", [b"hivestand-dely=100", b"hivestand-", b"Hivestand-Fualt=reset, handling=strict"])
def test_an_unknown_preference_of_ours_is_refused(value: bytes) -> None:
    """A typing error would have a test pass on nothing; where overrides are off, nobody relies on one."""
    with pytest.raises(BadRequest):
        preferences([(b"prefer", value)], overrides=True)
    assert Preferences() == preferences([(b"prefer", value)], overrides=False)._replace(profile=None)


def test_repeated_headers_are_one_list() -> None:
    """As RFC 9110 combines them."""
    headers = [(b"prefer", b"respond-async"), (b"accept", b"handling=lenient"), (b"prefer", b"handling=strict")]
    assert preferences(headers, overrides=True).profile == "strict"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"code=429", Preferences(code=429)),
        (b"code=599, code=400", Preferences(code=599)),
        (b'example="started"', Preferences(example="started")),
        (b"hivestand-delay=0", Preferences(delay=0)),
        (b"hivestand-delay=600000", Preferences(delay=600_000)),
        (b"hivestand-fault=reset, handling=strict", Preferences("strict", fault="reset")),
        (b"code=400;hivestand-delay=1,example=strict", Preferences(code=400, example="strict")),
        (b"codes=429, delay=1, fault=reset", NONE),
    ],
)
def test_an_override_is_read(value: bytes, expected: Preferences) -> None:
    """Each by its own name; and where overrides are off, not at all."""
    assert expected == preferences([(b"prefer", value)], overrides=True)
    assert Preferences(expected.profile) == preferences([(b"prefer", value)], overrides=False)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (b"code", "code"),
        (b"code=", "code"),
        (b"code=42", "code"),
        (b"code=199", "code"),
        (b"code=600", "code"),
        (b"code=4290", "code"),
        (b"code=+429", "code"),
        (b'code="\xb2\xb2\xb2"', "code"),
        (b"example", "example"),
        (b"hivestand-delay=-1", "hivestand-delay"),
        (b"hivestand-delay=1.5", "hivestand-delay"),
        (b"hivestand-delay=600001", "hivestand-delay"),
        (b"hivestand-delay=soon", "hivestand-delay"),
        (b"hivestand-fault=", "hivestand-fault"),
        (b"hivestand-fault=explode", "hivestand-fault"),
        (b"code=50 3", "code"),
        (b"code:503", "code"),
        (b"code 503", "code"),
        (b"code=503/x", "code"),
        (b'code="503', "code"),
        (b"code==503", "code"),
        (b"code=503 hivestand-delay=1", "code"),
        (b"handling=strict, hivestand-fault=(reset)", "hivestand-fault"),
        (b'hivestand-fault="reset', "hivestand-fault"),
        (b"hivestand-delay=[1]", "hivestand-delay"),
        (b"hivestand-delay=1,000", "hivestand-delay"),
        (b"example=a b", "example"),
        (b"x, code=503, y=" + b"y" * 1024, "Prefer"),
    ],
)
def test_a_malformed_override_is_refused(value: bytes, named: str) -> None:
    """With the reason: a test that asks for nothing that there is would pass without trying anything."""
    with pytest.raises(BadRequest, match="Prefer") as refused:
        preferences([(b"prefer", value)], overrides=True)
    assert refused.value.details[0].message.startswith(f"{named} is ")
    profile = preferences([(b"prefer", value)], overrides=False)
    assert profile._replace(profile=None) == NONE


def test_what_was_applied_is_named() -> None:
    """A profile judges nothing where an example is answered, and so is not."""
    assert (
        Preferences("strict", delay=5, fault="empty").applied
        == "handling=strict, hivestand-delay=5, hivestand-fault=empty"
    )
    assert Preferences("strict", code=429).applied == "code=429"
    assert NONE.applied == ""
