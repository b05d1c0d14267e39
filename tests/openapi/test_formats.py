"""What several parts read alike: UUIDs and loopback hosts."""

import re
import uuid
from collections.abc import Callable

import pytest

from hivestand.openapi.formats import UUID, is_loopback

FOREIGN = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "10.0.0.1",
    "",
    "a b",
    "[",
    "x@localhost",
    "0.0.0.0",  # noqa: S104 - every interface, so not loopback
    "::",
    "example.com",
]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST.", "api.localhost", "::1", "[::1]"])
def test_loopback_is_loopback(host: str) -> None:
    """By address or name."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", FOREIGN)
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
