"""Check bodies against the request schemas: JSON Schema 2020-12, by jsonschema-rs."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from hivestand.conformance.operations import ROUTES
from hivestand.openapi import load


def violations(operation: str, body: Any) -> list[frozenset[str]]:
    """The violations of a request schema, each with the JSON pointers that may name it.

    A missing or unexpected property is named by itself, or by the object that it belongs to.
    """
    return [frozenset(_pointers(error)) for error in _validator(operation).iter_errors(body)]


@cache
def _validator(operation: str) -> Any:
    document = load("honeyhive")
    schema = _described(operation)["requestBody"]["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


def response_violations(operation: str, body: Any) -> list[str]:
    """The violations of the schema of an operation's documented success, in words."""
    return [
        f"{error.instance_path}: {error.message[:200]}" for error in _response_validator(operation).iter_errors(body)
    ]


@cache
def _response_validator(operation: str) -> Any:
    document = load("honeyhive")
    name = _described(operation)["responses"]["200"]["$ref"].rpartition("/")[2]
    schema = document["components"]["responses"][name]["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


@cache
def statuses_of(operation: str) -> frozenset[int]:
    """The documented statuses of an operation."""
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
