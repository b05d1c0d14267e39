"""The fixture `hivestand`: one server for the test run, and an isolated tenant for each test."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest

from hivestand.testing.client import Hivestand
from hivestand.testing.serving import in_process, in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHARED = pytest.StashKey[ExitStack]()  # the server that the controller of pytest-xdist started for its workers
_URL = pytest.StashKey[str]()


def add_options(parser: pytest.Parser) -> None:
    """Add the option to pytest."""
    parser.getgroup("hivestand").addoption(
        "--hivestand-server",
        choices=["thread", "process"],
        default="thread",
        help="where the fixture `hivestand` serves, unless --hivestand-url names a server: in a thread of this process,"
        " or in a process of its own, which the workers of pytest-xdist share",
    )


def share(node: Any) -> None:
    """Tell a worker of pytest-xdist the address of the one shared server process; start it for the first worker."""
    config: pytest.Config = node.config
    if config.getoption("--hivestand-server") != "process" or config.getoption("--hivestand-url"):
        return
    if _URL not in config.stash:
        config.stash[_SHARED] = ExitStack()
        config.stash[_URL] = config.stash[_SHARED].enter_context(in_process())
    node.workerinput["hivestand_url"] = config.stash[_URL]


def end(config: pytest.Config) -> None:
    """Stop the shared server process."""
    if _SHARED in config.stash:
        config.stash[_SHARED].close()


@pytest.fixture(scope="session")
def hivestand_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of the server that all tests of this process share."""
    config = request.config
    shared = getattr(config, "workerinput", {}).get("hivestand_url")
    given: str | None = config.getoption("--hivestand-url") or shared
    if given:
        yield given
        return
    with in_process() if config.getoption("--hivestand-server") == "process" else in_thread() as url:
        yield url


@pytest.fixture
def hivestand(hivestand_url: str) -> Iterator[Hivestand]:
    """An isolated tenant of the server, for this test alone; it starts empty and is deleted afterwards."""
    with closing(Hivestand(hivestand_url)) as tenant:
        yield tenant
        tenant.reset()
