"""The strict profile: check a body against the request schema (JSON Schema 2020-12, by jsonschema-rs)."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, Final

import jsonschema_rs
from jsonschema_rs import ValidationError, ValidationErrorKind

from hivestand.handlers.errors import BadRequest, Detail, escaped

MAX_DETAILS: Final = 1000
_MESSAGE_LENGTH: Final = 200
_TOO_DEEP: Final = Detail("", "depth", "nested too deeply")


class StrictProfile:
    """A request schema, compiled once."""

    def __init__(self, schema: Mapping[str, Any], message: str = "Invalid session data") -> None:
        """Compile the schema, which has no references left; `message` is that of every refusal."""
        self._message = message
        self._validator = jsonschema_rs.Draft202012Validator(dict(schema))

    def check(self, body: Any) -> None:
        """Return if the body is valid.

        Raises:
            BadRequest: it is not; the details name every violation, at most 1,000, and of the items of an array
                beyond the first 1,000 at least one.
        """
        try:
            if self._validator.is_valid(body):
                return
            details = chain.from_iterable(map(_details, self._errors(body)))
            violations = list(islice(details, MAX_DETAILS))
        except (ValueError, RecursionError):  # jsonschema-rs and _cut recurse, so depth is limited
            violations = [_TOO_DEEP]
        raise BadRequest(self._message, violations)

    def _errors(self, body: Any) -> list[ValidationError]:
        """The violations of the body with each array cut first: jsonschema-rs collects all of them, at 20 µs each."""
        if errors := list(self._validator.iter_errors(_cut(body))):
            return errors
        try:
            self._validator.validate(body)
        except ValidationError as first:
            return [first]
        return []


def _cut(value: Any) -> Any:
    if isinstance(value, list):
        return [_cut(item) for item in value[:MAX_DETAILS]]
    if isinstance(value, dict):
        return {name: _cut(member) for name, member in value.items()}
    return value


def _details(error: ValidationError) -> Iterator[Detail]:
    """One detail for each violation; a missing or unexpected property is named itself."""
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.AdditionalProperties):
        for name in kind.unexpected:
            yield Detail(_pointer([*error.instance_path, name]), kind.name, "no such property")
    elif isinstance(kind, ValidationErrorKind.Required):
        yield Detail(_pointer([*error.instance_path, kind.property]), kind.name, "a required property is missing")
    else:
        yield Detail(_pointer(error.instance_path), kind.name, error.message[:_MESSAGE_LENGTH])


def _pointer(parts: Iterable[str | int]) -> str:
    """A JSON pointer, escaped as in RFC 6901."""
    return "".join("/" + escaped(str(part)) for part in parts)
