"""The pytest plugin `skep`, which pytest finds where skep is installed."""

from typing import Any

import pytest

from skep.testing import conformance, fixture
from skep.testing.conformance import skep_outcomes, skep_report
from skep.testing.fixture import skep, skep_url

__all__ = [
    "pytest_addoption",
    "pytest_configure_node",
    "pytest_generate_tests",
    "pytest_unconfigure",
    "skep",
    "skep_outcomes",
    "skep_report",
    "skep_url",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the flags."""
    conformance.add_options(parser)
    fixture.add_options(parser)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each requirement, where one asks for that."""
    conformance.parametrize(metafunc)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let the workers of pytest-xdist share a server, where one is asked for."""
    fixture.share(node)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what was started for them."""
    fixture.end(config)
