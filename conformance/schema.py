"""What the request schema of an operation says of a body: JSON Schema 2020-12, by jsonschema-rs."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from hivestand.conformance.operations import ROUTES
from hivestand.openapi import load


def violations(operation: str, body: Any) -> list[frozenset[str]]:
    """What breaks the schema, each with the JSON pointers that name it; empty for a body that keeps it.

    A property that is missing or too many is named by itself, or by the object that it belongs to.
    """
    return [frozenset(_pointers(error)) for error in _validator(operation).iter_errors(body)]


@cache
def _validator(operation: str) -> Any:
    document = load("honeyhive")
    schema = _described(operation)["requestBody"]["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


def answer_violations(operation: str, body: Any) -> list[str]:
    """What breaks the schema of an operation's one success, in words."""
    return [f"{error.instance_path}: {error.message[:200]}" for error in _answer_validator(operation).iter_errors(body)]


@cache
def _answer_validator(operation: str) -> Any:
    document = load("honeyhive")
    name = _described(operation)["responses"]["200"]["$ref"].rpartition("/")[2]
    schema = document["components"]["responses"][name]["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


@cache
def statuses_of(operation: str) -> frozenset[int]:
    """The statuses that are documented for an operation."""
    return frozenset(map(int, _described(operation)["responses"]))


def _described(operation: str) -> Mapping[str, Any]:
    route = ROUTES[operation]
    described: Mapping[str, Any] = load("honeyhive")["paths"][route.path][route.method.lower()]
    return described


def _pointers(error: Any) -> Iterator[str]:
    path = list(error.instance_path)
    yield _pointer(path)
    names = [*getattr(error.kind, "unexpected", ()), getattr(error.kind, "property", None)]
    yield from (_pointer([*path, name]) for name in names if name is not None)


def _pointer(path: list[str | int]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
