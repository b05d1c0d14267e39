"""What holds where nothing is said."""

from dataclasses import FrozenInstanceError

import pytest

from hivestand.server.settings import Settings


def test_the_defaults_are_the_documented_ones() -> None:
    """Loopback, port 4010, memory, 10 MiB, and a stalled body that is given up within 30 seconds."""
    settings = Settings()
    assert (settings.host, settings.port, settings.store) == ("127.0.0.1", 4010, "memory://")
    assert (settings.max_body, settings.body_timeout, settings.cors) == (10 * 1024 * 1024, 20, True)


def test_settings_are_frozen() -> None:
    """They are read once."""
    with pytest.raises(FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]
