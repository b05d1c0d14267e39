"""The fixture `hivestand`: one server for the test run, and an isolated tenant for each test."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final

import pytest

from hivestand.testing.client import ControlError, Hivestand
from hivestand.testing.serving import in_process, in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ATTACHED: Final = 20  # requests that are shown of a failed test
MAX_BODY: Final = 1000  # characters that are shown of a body
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


def attach_journal(item: pytest.Item, report: pytest.TestReport) -> None:
    """Add the last requests of the tenant of a failed test to its report."""
    tenant = getattr(item, "funcargs", {}).get("hivestand")
    if report.when != "call" or not report.failed or not isinstance(tenant, Hivestand):
        return
    try:
        entries = tenant.ask("GET", f"requests?limit={MAX_ATTACHED}")["requests"]
    except (ControlError, HTTPException, OSError, ValueError):
        return  # the server is gone; the test has failed with more than that
    lines = [_line_of(entry) for entry in reversed(entries)] or ["no request"]
    report.sections.append(("Requests to hivestand", "\n".join(lines)))


def _line_of(entry: dict[str, Any]) -> str:
    """A request and its response in a few lines: the bodies, what was not used as it was sent, and faults."""
    request, response = entry["request"], entry["response"]
    lines = [f"{request['method']} {request['path']} {entry['status']} ({entry['duration']:.0f} ms)"]
    for name, part in (("sent", request), ("received", response)):
        text = part["body"] if isinstance(part["body"], str) else json.dumps(part["body"], ensure_ascii=False)
        lines.append(f"  {name}: {text[:MAX_BODY]}")
    lines += [f"  {name}: {entry[name]}" for name in ("fallbacks", "faults") if entry[name]]
    return "\n".join(lines)


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
