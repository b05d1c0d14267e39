"""The pytest plugin `skep`, which pytest finds where skep is installed."""

import pytest

from skep.testing import conformance
from skep.testing.conformance import skep_outcomes, skep_report

__all__ = ["pytest_addoption", "pytest_generate_tests", "skep_outcomes", "skep_report"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the flags."""
    conformance.add_options(parser)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each requirement, where one asks for that."""
    conformance.parametrize(metafunc)
