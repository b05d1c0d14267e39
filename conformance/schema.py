"""What the request schema of an operation says of a body: JSON Schema 2020-12, by jsonschema-rs."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from skep.openapi import load

_PATHS = {"createSession": "/v1/sessions", "startSessionLegacy": "/session/start"}


def violations(operation: str, body: Any) -> set[str]:
    """The JSON pointers of what breaks the schema; empty for a body that keeps it."""
    return {_pointer(error.instance_path) for error in _validator(operation).iter_errors(body)}


@cache
def _validator(operation: str) -> Any:
    document = load("honeyhive")
    body = document["paths"][_PATHS[operation]]["post"]["requestBody"]
    schema: Mapping[str, Any] = body["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


def _pointer(path: list[str | int]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
