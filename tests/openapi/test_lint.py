"""The documents judged by the OpenAPI specification."""

import subprocess
import sys

import pytest

from hivestand.openapi import DOCUMENTS, lint, load


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documents_are_valid(name: str) -> None:
    """By openapi-spec-validator, for OpenAPI 3.1."""
    assert load(name)["openapi"].startswith("3.1.")
    assert lint(load(name)) == []


def test_a_violation_is_found() -> None:
    """Whatever the validator makes of the rest of the document."""
    document = load("honeyhive")
    document["paths"]["/v1/sessions"]["post"]["responses"] = 7
    assert [violation for violation in lint(document) if "/v1/sessions" in violation]


def test_importing_the_documents_imports_no_validator() -> None:
    """It would cost a server's start half a second."""
    code = "import sys, hivestand.openapi; print('openapi_spec_validator' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"
