"""The pytest plugin `hivestand`, which pytest loads wherever the package is installed."""

from collections.abc import Generator
from typing import Any

import pytest

from hivestand.testing import conformance, fixture
from hivestand.testing.conformance import hivestand_outcomes, hivestand_report
from hivestand.testing.fixture import hivestand, hivestand_url

__all__ = [
    "hivestand",
    "hivestand_outcomes",
    "hivestand_report",
    "hivestand_url",
    "pytest_addoption",
    "pytest_configure_node",
    "pytest_generate_tests",
    "pytest_runtest_makereport",
    "pytest_unconfigure",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options to pytest."""
    conformance.add_options(parser)
    fixture.add_options(parser)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each requirement for the packaged conformance tests."""
    conformance.parametrize(metafunc)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let the workers of pytest-xdist share a server process, if that is asked for."""
    fixture.share(node)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the requests of a failed test, below its traceback."""
    report = yield
    fixture.attach_journal(item, report)
    return report


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the shared server process."""
    fixture.end(config)
