"""Bearer token to tenant, and the file of keys."""

from pathlib import Path

import pytest

from hivestand.handlers.errors import Forbidden, Unauthorized
from hivestand.server.auth import Keys, authenticate, read_keys

PROJECT, OTHER = "hh_" + "p" * 32, "hh_" + "o" * 32
INGESTION = f"hh_ingst_{'a' * 24}_{'B-_9' * 16}"


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


def bearer(key: str) -> bytes:
    """The header that carries it."""
    return f"Bearer {key}".encode()


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Two tenants, of which one has two keys."""
    path = tmp_path / "keys.toml"
    path.write_text(f'acme = ["{PROJECT}", "{INGESTION}"]\n"two words" = ["{OTHER}"]\n', encoding="utf-8")
    return read_keys(path)


def test_keys_of_one_name_are_one_tenant(keys: Keys) -> None:
    """So that what an ingestion key writes is found with a project key; another name is another tenant."""
    tenants = [keys.authenticate(bearer(key)) for key in (PROJECT, INGESTION, OTHER)]
    assert tenants[0] == tenants[1] != tenants[2]


@pytest.mark.parametrize("header", [bearer("hh_unknown"), bearer("invalid"), bearer(PROJECT + "x"), None, b"Basic x"])
def test_no_other_key_is_accepted(keys: Keys, header: bytes | None) -> None:
    """401, as for the bad token."""
    with pytest.raises(Unauthorized):
        keys.authenticate(header)


def test_an_ingestion_key_may_not_read(keys: Keys) -> None:
    """403, with a file of keys or without; any other may."""
    for each in (keys, Keys()):
        each.authenticate(bearer(PROJECT), needs_read=True)
        each.authenticate(bearer(INGESTION))
        with pytest.raises(Forbidden):
            each.authenticate(bearer(INGESTION), needs_read=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it has no tenant"),
        ("acme = 5", "'acme' needs a list of keys"),
        ("acme = []", "'acme' needs a list of keys"),
        ('acme = ["invalid"]', "'acme' needs a list of keys"),
        ('acme = ["two words"]', "'acme' needs a list of keys"),
        ('acme = ["ü"]', "'acme' needs a list of keys"),
        ('acme = ["k"]\nother = ["k"]', "is there twice"),
        ("acme", "Expected"),
        ('acme = ["k"]\nacme = ["l"]', "overwrite"),
    ],
)
def test_what_is_no_file_of_keys_is_said(tmp_path: Path, text: str, reason: str) -> None:
    """In one line, before anything is served."""
    path = tmp_path / "keys.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=reason) as caught:
        read_keys(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Likewise."""
    with pytest.raises(ValueError, match="No such file"):
        read_keys(tmp_path / "nothing")
