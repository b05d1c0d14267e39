"""The machine's time, and random ids."""

import time
from uuid import UUID

from hivestand.handlers.clock import SystemClock


def test_now_is_unix_milliseconds() -> None:
    """Between the times before and after."""
    before = time.time() * 1000
    assert before - 1 <= SystemClock().now() <= time.time() * 1000


def test_a_new_id_is_a_uuid_version_4() -> None:
    """In its 36-character lower-case form, and new each time."""
    ids = [SystemClock().new_id() for _ in range(100)]
    assert all(str(UUID(new)) == new and UUID(new).version == 4 for new in ids)
    assert len(set(ids)) == 100
