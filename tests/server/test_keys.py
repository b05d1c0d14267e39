"""A file of keys."""

from pathlib import Path

import pytest

from hivestand.handlers.errors import Forbidden, Unauthorized
from hivestand.server.keys import Keys, read_keys

PROJECT, OTHER = "hh_" + "p" * 32, "hh_" + "o" * 32
INGESTION = f"hh_ingst_{'a' * 24}_{'B-_9' * 16}"


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
    """403; any other may. Without a file any key may, whatever it looks like."""
    keys.check_read(bearer(PROJECT))
    Keys().check_read(bearer(INGESTION))
    with pytest.raises(Forbidden):
        keys.check_read(bearer(INGESTION))


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
