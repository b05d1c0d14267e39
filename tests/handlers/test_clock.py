"""The machine's time, and random ids."""

import os
import time
from uuid import UUID

import pytest

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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="workers need a system that can fork")
def test_processes_that_were_forked_have_ids_of_their_own() -> None:
    """Although random bytes are drawn for many ids at once."""
    clock = SystemClock()
    known = clock.new_id()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, " ".join(clock.new_id() for _ in range(5)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 1000).decode().split()
    assert 5 == len(theirs)
    assert not {known, *(clock.new_id() for _ in range(5))} & set(theirs)
    for descriptor in (reading, writing):
        os.close(descriptor)
