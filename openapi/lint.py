"""Check an OpenAPI document against the specification, with openapi-spec-validator.

The validator is imported only when it is used: it takes half a second, which the start of a server must not pay.
"""

from collections.abc import Mapping
from typing import Any


def lint(document: Mapping[str, Any]) -> list[str]:
    """Every violation of the OpenAPI specification, each as `pointer: message`; none for a valid document.

    Raises:
        ModuleNotFoundError: openapi-spec-validator is not installed; the extra `conformance` brings it.
    """
    from openapi_spec_validator import OpenAPIV31SpecValidator  # noqa: PLC0415 - see above

    violations: list[str] = []
    try:
        for error in OpenAPIV31SpecValidator(dict(document)).iter_errors():
            violations.append(f"/{'/'.join(str(part) for part in error.absolute_path)}: {error.message}")  # noqa: PERF401 - see below
    except Exception:
        # the validator goes on into values that it has just found to be of the wrong type
        if not violations:
            raise
    return violations
