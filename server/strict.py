"""The strict profile: check a body against the request schema (JSON Schema 2020-12, by jsonschema-rs)."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, islice, takewhile
from typing import Any, Final

import jsonschema_rs
from jsonschema_rs import ValidationError, ValidationErrorKind

from hivestand.handlers.errors import BadRequest, Detail, escaped

MAX_DETAILS: Final = 1000
MAX_JUDGED: Final = 5000  # values of a body that is not valid whose violations are listed
_MESSAGE_LENGTH: Final = 200
_TOO_DEEP: Final = Detail("", "depth", "nested too deeply")


class StrictProfile:
    """A request schema, compiled once."""

    def __init__(self, schema: Mapping[str, Any], message: str = "Invalid session data") -> None:
        """Compile the schema, which has no references left; `message` is that of every refusal."""
        self._message = message
        self._names = frozenset(_names_in(schema))
        self._validator = jsonschema_rs.Draft202012Validator(dict(schema))

    def check(self, body: Any) -> None:
        """Return if the body is valid.

        Raises:
            BadRequest: it is not; the details name every violation, at most 1,000, of the first 5,000 values, and at
                least one of the others.
        """
        try:
            if self._validator.is_valid(body):
                return
            details = chain.from_iterable(map(_details, self._errors(body)))
            violations = list(islice(details, MAX_DETAILS))
        except (ValueError, RecursionError):  # jsonschema-rs and _Cut recurse, so depth is limited
            violations = [_TOO_DEEP]
        raise BadRequest(self._message, violations)

    def _errors(self, body: Any) -> list[ValidationError]:
        """The violations of the body with its arrays cut first: jsonschema-rs collects all of them, at 20 µs each."""
        if errors := list(self._validator.iter_errors(_Cut(self._names).of(body))):
            return errors
        try:
            self._validator.validate(body)
        except ValidationError as first:
            return [first]
        return []


class _Cut:
    """Cuts a value to what is judged item by item: `MAX_JUDGED` values, and all properties that the schema knows."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._left = MAX_JUDGED

    def of(self, value: Any) -> Any:
        """The value without the items of arrays, and the unknown members of large objects, that are too many."""
        self._left -= 1
        if isinstance(value, list):
            return [self.of(item) for item in takewhile(lambda _: self._left > 0, value)]
        if not isinstance(value, dict):
            return value
        kept: Mapping[str, Any] = value
        if len(value) > MAX_DETAILS:
            known = {name: value[name] for name in self._names if name in value}
            kept = {**dict(islice(value.items(), MAX_DETAILS)), **known}
        return {name: self.of(member) for name, member in kept.items()}


def _names_in(schema: Any) -> Iterator[str]:
    """Every name of a property that a schema, or one in it, knows."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for each in schema.values():
            yield from _names_in(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from _names_in(each)


def _details(error: ValidationError) -> Iterator[Detail]:
    """One detail for each violation; a missing or unexpected property is named itself."""
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.AdditionalProperties):
        for name in kind.unexpected:
            yield Detail(_pointer([*error.instance_path, name]), kind.name, "no such property")
    elif isinstance(kind, ValidationErrorKind.Required):
        yield Detail(_pointer([*error.instance_path, kind.property]), kind.name, "a required property is missing")
    elif isinstance(kind, (ValidationErrorKind.OneOfNotValid, ValidationErrorKind.AnyOf)):
        nearest = min(range(len(kind.context)), key=lambda place: len(kind.context[place]))
        message = f"has none of {len(kind.context)} forms; number {nearest + 1} comes nearest, its violations follow"
        yield Detail(_pointer(error.instance_path), kind.name, message)
        for each in kind.context[nearest]:
            yield from _details(each)
    else:
        yield Detail(_pointer(error.instance_path), kind.name, error.message[:_MESSAGE_LENGTH])


def _pointer(parts: Iterable[str | int]) -> str:
    """A JSON pointer, escaped as in RFC 6901."""
    return "".join("/" + escaped(str(part)) for part in parts)
