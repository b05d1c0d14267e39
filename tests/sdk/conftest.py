"""A tenant for each test of an SDK, and the notes of which calls it made."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from clients import Noting
from compatibility import PYTHON, Call
from support import Running

from hivestand.testing import Hivestand


@pytest.fixture
def tenant(server: Running) -> Iterator[Hivestand]:
    """A tenant of its own on the server."""
    with closing(Hivestand(server.url)) as hivestand:
        yield hivestand
        hivestand.reset()


@pytest.fixture
def noted(tenant: Hivestand, record_property: Callable[[str, object], None]) -> Noting:
    """Gives a block that makes a call of a client, and notes it for the page with the operations of the journal."""

    @contextmanager
    def note(name: str, checked: str, *, client: str = PYTHON, of: Hivestand = tenant) -> Iterator[None]:
        before = len(of.requests)
        try:
            yield
        finally:
            used = [entry["operation"] for entry in of.requests[before:] if entry["operation"]]
            record_property(*Call(client, name, list(dict.fromkeys(used)), checked).written())

    return note
