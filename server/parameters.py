"""The parameters of path and query, checked by the document's schemas."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs

from hivestand.handlers.errors import BadRequest, Detail

MAX_PARAMETERS = 20


class Parameters:
    """The parameters of an operation, compiled once. `are_declared` says whether it has any."""

    def __init__(self, declared: Iterable[Mapping[str, Any]]) -> None:
        """Take the operation's parameters, which have no references left."""
        self._declared = {
            parameter["name"]: (
                parameter["schema"].get("type") == "integer",
                jsonschema_rs.Draft202012Validator(dict(parameter["schema"])),
            )
            for parameter in declared
            if parameter["in"] in {"path", "query"}
        }
        self.are_declared = bool(self._declared)

    def unknown(self, query: bytes) -> list[str]:
        """The names of the query's parameters that are not declared, each once, at most `MAX_PARAMETERS`."""
        names = dict.fromkeys(name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True))
        return list(islice((name for name in names if name not in self._declared), MAX_PARAMETERS))

    def read(self, path: Mapping[str, str], query: bytes, *, ignore_unknown: bool = False) -> dict[str, Any]:
        """The values that were sent, by name.

        Raises:
            BadRequest: a value is none that the schema has, or there is no such parameter and that is not ignored.
        """
        if not self._declared and (not query or ignore_unknown):
            return {}
        try:
            most = None if ignore_unknown else MAX_PARAMETERS
            pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=most)
        except ValueError:
            raise BadRequest("Invalid parameters", [Detail("", "query", "too many parameters")]) from None
        sent = [*pairs, *path.items()]
        if ignore_unknown:
            sent = [pair for pair in sent if pair[0] in self._declared]
        if violations := list(self._violations(sent)):
            raise BadRequest("Invalid parameters", violations)
        return {name: int(value) if self._declared[name][0] else value for name, value in sent}

    def _violations(self, sent: Iterable[tuple[str, str]]) -> Iterator[Detail]:
        seen = set()
        for name, value in sent:
            is_integer, validator = self._declared.get(name, (False, None))
            if validator is None or name in seen:
                yield Detail(
                    "", "query", f"{'no such parameter' if validator is None else 'sent twice'}: {name[:100]!r}"
                )
            elif is_integer and not _is_integer(value):
                yield Detail("", "type", f"{name} must be an integer")
            else:
                for error in validator.iter_errors(int(value) if is_integer else value):
                    yield Detail("", "query", f"{name}: {error.message[:200]}")
            seen.add(name)


def _is_integer(value: str) -> bool:
    return value.removeprefix("-").isascii() and value.removeprefix("-").isdigit() and len(value) < 20  # noqa: PLR2004 - as many digits as 64 bits have
