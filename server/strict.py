"""The strict profile: hold a body to the operation's request schema (JSON Schema 2020-12, by jsonschema-rs)."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import jsonschema_rs
from jsonschema_rs import ValidationError, ValidationErrorKind

from skep.handlers.errors import BadRequest, Detail

MOST_DETAILS: Final = 1000
_MESSAGE_LENGTH: Final = 200


class StrictProfile:
    """A request schema, compiled once."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Compile the schema, which has no references left."""
        self._validator = jsonschema_rs.Draft202012Validator(dict(schema))

    def check(self, body: Any) -> None:
        """Return if the body keeps the schema.

        Raises:
            BadRequest: it does not; the details name every violation, the first 1,000 of them at most.
        """
        if violations := list(islice(self._violations(body), MOST_DETAILS)):
            raise BadRequest("Invalid session data", violations)

    def _violations(self, body: Any) -> Iterator[Detail]:
        try:
            for error in self._validator.iter_errors(body):
                yield from _details(error)
        except ValueError as error:
            yield Detail("", "depth", str(error))


def _details(error: ValidationError) -> Iterator[Detail]:
    """One detail for each violation: a pointer to the property itself where one is missing or too many."""
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.AdditionalProperties):
        for name in kind.unexpected:
            yield Detail(_pointer([*error.instance_path, name]), kind.name, "no such property")
    elif isinstance(kind, ValidationErrorKind.Required):
        yield Detail(_pointer([*error.instance_path, kind.property]), kind.name, "a required property is missing")
    else:
        yield Detail(_pointer(error.instance_path), kind.name, error.message[:_MESSAGE_LENGTH])


def _pointer(parts: Iterable[str | int]) -> str:
    """A JSON pointer, escaped as RFC 6901 says."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
