"""The fixture `hivestand`: a tenant of its own for each test, on a server for all."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pytest

from hivestand.testing.client import Hivestand
from hivestand.testing.serving import in_process, in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHARED = pytest.StashKey[ExitStack]()  # what the controller of pytest-xdist started for its workers
_URL = pytest.StashKey[str]()


def add_options(parser: pytest.Parser) -> None:
    """Declare the flag."""
    parser.getgroup("hivestand").addoption(
        "--hivestand-server",
        choices=["thread", "process"],
        default="thread",
        help="where the fixture `hivestand` serves, unless --hivestand-url names a server: in a thread of this process,"
        " or in a process of its own, which the workers of pytest-xdist share",
    )


def share(node: Any) -> None:
    """Tell a worker of pytest-xdist of the one process that serves all, and start it for the first."""
    config: pytest.Config = node.config
    if config.getoption("--hivestand-server") != "process" or config.getoption("--hivestand-url"):
        return
    if _URL not in config.stash:
        config.stash[_SHARED] = ExitStack()
        config.stash[_URL] = config.stash[_SHARED].enter_context(in_process())
    node.workerinput["hivestand_url"] = config.stash[_URL]


def end(config: pytest.Config) -> None:
    """End what the controller started."""
    if _SHARED in config.stash:
        config.stash[_SHARED].close()


@pytest.fixture(scope="session")
def hivestand_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of the server for all tests of this process."""
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
    """A tenant of its own: nothing is there at first, and nothing is left behind."""
    with closing(Hivestand(hivestand_url)) as tenant:
        yield tenant
        tenant.reset()
