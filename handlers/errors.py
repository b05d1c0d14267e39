"""The errors of the API, raised anywhere and rendered in one place.

Each carries what its response needs: status, code, message, details and headers. The shape is the documented error body
`{"statusCode", "message", "success", "errorCode"}`, with `details` added.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar, NamedTuple


class Detail(NamedTuple):
    """One violation: a JSON pointer (RFC 6901) into the body, the rule that was broken, and what is wrong."""

    pointer: str
    rule: str
    message: str


def escaped(name: str) -> str:
    """A property's name, escaped for a JSON pointer (RFC 6901, 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def renamed(pointer: str, name: str, sent: str) -> str:
    """A JSON pointer to something under the pointer `name`, under the pointer `sent` instead; any other as it is."""
    return sent + pointer.removeprefix(name) if pointer == name or pointer.startswith(f"{name}/") else pointer


def wrong_property(sent: Mapping[str, object], name: str, message: str, rule: str = "type") -> Detail:
    """The violation of a property that is not as it has to be: `required` if it is missing, otherwise `rule`."""
    return Detail(f"/{escaped(name)}", rule if name in sent else "required", message)


class ApiError(Exception):
    """A request that is refused, with the status and body of its response."""

    status: ClassVar[int]
    code: ClassVar[str]

    def __init__(self, message: str, details: Iterable[Detail] = (), headers: Mapping[str, str] | None = None) -> None:
        """Take a message for people, the violations, and further headers of the response."""
        super().__init__(message)
        self.message = message
        self.details = tuple(details)
        self.headers: dict[str, str] = dict(headers or {})


class BadRequest(ApiError):
    """The body is not JSON or is refused by the profile."""

    status = 400
    code = "BAD_REQUEST"

    def below(self, pointer: str) -> "BadRequest":
        """The same error for a part of a body: each pointer begins at the whole body."""
        details = (detail._replace(pointer=pointer + detail.pointer) for detail in self.details)
        return BadRequest(self.message, details, self.headers)

    def renamed(self, name: str, sent: str) -> "BadRequest":
        """The same error where the pointer `name` was sent under the pointer `sent`."""
        details = (detail._replace(pointer=renamed(detail.pointer, name, sent)) for detail in self.details)
        return BadRequest(self.message, details, self.headers)


class Unauthorized(ApiError):
    """The bearer token is missing or not accepted."""

    status = 401
    code = "UNAUTHORIZED"


class Forbidden(ApiError):
    """The client is known, and may not do this."""

    status = 403
    code = "FORBIDDEN"


class NotFound(ApiError):
    """Nothing is stored under that path or id."""

    status = 404
    code = "NOT_FOUND"


class MethodNotAllowed(ApiError):
    """The path does not have this method; `Allow` lists those it has (RFC 9110, 15.5.6)."""

    status = 405
    code = "METHOD_NOT_ALLOWED"


class RequestTimeout(ApiError):
    """The request did not arrive in time."""

    status = 408
    code = "REQUEST_TIMEOUT"


class ContentTooLarge(ApiError):
    """The body is larger than the server takes."""

    status = 413
    code = "CONTENT_TOO_LARGE"


class UnsupportedMediaType(ApiError):
    """The body is not declared as JSON."""

    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"


class HeadersTooLarge(ApiError):
    """The header block is larger than the server takes (RFC 6585)."""

    status = 431
    code = "REQUEST_HEADER_FIELDS_TOO_LARGE"


class InternalError(ApiError):
    """A bug in the server, never something that a client sent."""

    status = 500
    code = "INTERNAL_SERVER_ERROR"


class UnknownCoding(ApiError):
    """The body has a transfer coding that the server does not know."""

    status = 501
    code = "NOT_IMPLEMENTED"


class PartiallyStored(ApiError):
    """The store became unavailable in the middle of a batch, and some of it is stored."""

    status = 500
    code = "PARTIALLY_STORED"


class Unavailable(ApiError):
    """The same request may succeed later; `Retry-After` says when to try."""

    status = 503
    code = "SERVICE_UNAVAILABLE"

    def __init__(self, message: str, details: Iterable[Detail] = (), headers: Mapping[str, str] | None = None) -> None:
        """Take the same arguments as every error."""
        super().__init__(message, details, {"Retry-After": "1", **(headers or {})})


class StoreUnavailable(Unavailable):
    """The store cannot be reached, or refuses to work.

    Attributes:
        reason: why, in one line for whoever runs the server; a client is not told.
        is_refusal: whether the store is there and refuses to write, so that it may still be read.
    """

    def __init__(
        self, message: str = "The store is not available", *, reason: str = "", is_refusal: bool = False
    ) -> None:
        """Take the message for clients, and the reason."""
        super().__init__(message)
        self.reason = reason or message
        self.is_refusal = is_refusal
