"""The responses that the document gives as examples, ready to be sent in place of a real one."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson

from hivestand.handlers.errors import BadRequest, Detail
from hivestand.server.http.response import HttpResponse, to_wire

_JSON: Final = "application/json"
_RETRY: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_ERRORS: Final = range(400, 600)
_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT, HTTPStatus.NOT_MODIFIED})


class Examples:
    """The examples of one operation by status and name, in the document's order."""

    def __init__(self, responses: Mapping[str, Any]) -> None:
        """Prepare the examples of an operation's responses, which have no references left."""
        self._responses: dict[tuple[int, str], HttpResponse] = {
            (status, name): response
            for code, response in responses.items()
            if code.isdigit()
            for status in [int(code)]
            for name, response in _responses_of(status, response)
        }

    def find(self, code: int | None, name: str | None) -> HttpResponse:
        """The first example with that status and name; None matches any.

        A status that the document does not have takes the shape of those that it has: an error that of an error, any
        other that of the first example, without a body where it may have none.

        Raises:
            BadRequest: there is no such example.
        """
        for (status, known), response in self._responses.items():
            if code in {None, status} and name in {None, known}:
                return response
        if code is not None and name is None:
            if code in _ERRORS:
                return _error(code)
            if self._responses:
                return self._other(code)
        there = ", ".join(f"{status} {known}" for status, known in self._responses)
        wanted = " ".join(str(part) for part in (code, name) if part is not None)
        message = f"no example {wanted[:100]!r}; there are {there or 'none'}"
        raise BadRequest("No such example", [Detail("", "example", message)])

    def _other(self, code: int) -> HttpResponse:
        if code in _BODILESS:
            return HttpResponse(code, [], b"")
        return next(iter(self._responses.values()))._replace(status=code)


def _responses_of(status: int, response: Mapping[str, Any]) -> Iterator[tuple[str, HttpResponse]]:
    headers = {
        name: str(header["example"]) for name, header in response.get("headers", {}).items() if header.get("required")
    }
    for name, example in response.get("content", {}).get(_JSON, {}).get("examples", {}).items():
        yield name, HttpResponse(status, to_wire(headers.items()), orjson.dumps(example["value"]))


def _error(code: int) -> HttpResponse:
    try:
        status = HTTPStatus(code)
        message, error_code = status.phrase, status.name
    except ValueError:
        message, error_code = f"Status {code}", f"STATUS_{code}"
    body = {"statusCode": code, "message": message, "success": False, "errorCode": error_code, "details": []}
    return HttpResponse(code, to_wire([("Retry-After", "1")]) if code in _RETRY else [], orjson.dumps(body))
