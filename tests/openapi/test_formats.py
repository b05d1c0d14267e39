"""What several parts read alike: UUIDs and loopback hosts."""

import re
import uuid
from collections.abc import Callable

import pytest
from support import FOREIGN_HOSTS

from hivestand.openapi.formats import UUID, is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST.", "api.localhost", "::1", "[::1]"])
def test_loopback_is_loopback(host: str) -> None:
    """By address or name."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", [*FOREIGN_HOSTS, "0.0.0.0", "::", "example.com"])  # noqa: S104 - it is what is not loopback
def test_nothing_else_is(host: str) -> None:
    """Nor what only looks like it."""
    assert not is_loopback(host)


@pytest.mark.parametrize("change", [str, str.upper])
def test_a_uuid_has_36_characters_in_either_case(change: Callable[[str], str]) -> None:
    """With its hyphens."""
    assert re.fullmatch(UUID, change(str(uuid.uuid4())))


@pytest.mark.parametrize(
    "change", [lambda text: text.replace("-", ""), lambda text: f"{{{text}}}", lambda text: "g" + text[1:]]
)
def test_another_form_of_a_uuid_is_not_the_contracts(change: Callable[[str], str]) -> None:
    """Python would accept the first two."""
    assert not re.fullmatch(UUID, change(str(uuid.uuid4())))
