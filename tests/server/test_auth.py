"""Bearer token to tenant."""

import pytest

from hivestand.handlers.errors import Unauthorized
from hivestand.server.auth import authenticate


@pytest.mark.parametrize("header", [b"Bearer t", b"bearer t", b"BEARER t", b"Bearer   t", b" Bearer t "])
def test_any_bearer_token_is_a_tenant(header: bytes) -> None:
    """The scheme's letter case and white space do not matter (RFC 9110, 11.1)."""
    assert authenticate(b"Bearer t") == authenticate(header)


def test_tokens_are_different_tenants() -> None:
    """Letter case of a token matters."""
    assert len({authenticate(header) for header in (b"Bearer t", b"Bearer T", b"Bearer tt", b"Bearer \xff")}) == 4


@pytest.mark.parametrize("header", [None, b"", b"Bearer", b"Bearer ", b"Basic dDp0", b"t", b"Bearert"])
def test_without_a_bearer_token_there_is_no_tenant(header: bytes | None) -> None:
    """401, with the scheme to use."""
    with pytest.raises(Unauthorized, match="Missing") as caught:
        authenticate(header)
    assert {"WWW-Authenticate": "Bearer"} == caught.value.headers


@pytest.mark.parametrize("header", [b"Bearer invalid", b"bearer  invalid", b"Bearer a b", b"Bearer Bearer t"])
def test_the_bad_token_and_what_is_no_token_are_refused(header: bytes) -> None:
    """401, with the error code of RFC 6750."""
    with pytest.raises(Unauthorized, match="Invalid") as caught:
        authenticate(header)
    assert {"WWW-Authenticate": 'Bearer error="invalid_token"'} == caught.value.headers
