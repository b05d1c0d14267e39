"""The errors of the API, raised anywhere and rendered in one place.

Each carries what its answer needs: status, code, message, details and headers. Their shape is the documented error body
`{"statusCode", "message", "success", "errorCode"}`, to which hivestand adds `details`.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar, NamedTuple


class Detail(NamedTuple):
    """One violation: a JSON pointer (RFC 6901) into the body, the rule that was broken, and what is wrong."""

    pointer: str
    rule: str
    message: str


def escaped(name: str) -> str:
    """A property's name as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


class ApiError(Exception):
    """An answer that is not 200."""

    status: ClassVar[int]
    code: ClassVar[str]

    def __init__(self, message: str, details: Iterable[Detail] = (), headers: Mapping[str, str] | None = None) -> None:
        """Take the message for a person, the violations, and the headers that the answer has beside the usual ones."""
        super().__init__(message)
        self.message = message
        self.details = tuple(details)
        self.headers: dict[str, str] = dict(headers or {})


class BadRequest(ApiError):
    """The body is not JSON or is refused by the profile."""

    status = 400
    code = "BAD_REQUEST"

    def below(self, pointer: str) -> "BadRequest":
        """The same, of a part of the body."""
        details = (detail._replace(pointer=pointer + detail.pointer) for detail in self.details)
        return BadRequest(self.message, details, self.headers)


class Unauthorized(ApiError):
    """The bearer token is missing or not accepted."""

    status = 401
    code = "UNAUTHORIZED"


class Forbidden(ApiError):
    """It is known who asks, and that is not for them."""

    status = 403
    code = "FORBIDDEN"


class NotFound(ApiError):
    """There is nothing under that path or id."""

    status = 404
    code = "NOT_FOUND"


class MethodNotAllowed(ApiError):
    """The path has no such method; the header `Allow` says which it has (RFC 9110, 15.5.6)."""

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
    """A fault of hivestand's own, never something that a client sent."""

    status = 500
    code = "INTERNAL_SERVER_ERROR"


class PartiallyStored(ApiError):
    """The store went away in the middle of a batch: some of it is stored."""

    status = 500
    code = "PARTIALLY_STORED"


class Unavailable(ApiError):
    """The same request may succeed later; the answer asks for a second of patience."""

    status = 503
    code = "SERVICE_UNAVAILABLE"

    def __init__(self, message: str, details: Iterable[Detail] = (), headers: Mapping[str, str] | None = None) -> None:
        """Take what every error takes."""
        super().__init__(message, details, {"Retry-After": "1", **(headers or {})})


class StoreUnavailable(Unavailable):
    """The store is away or refuses to work."""

    def __init__(
        self,
        message: str = "The store is not available",
        details: Iterable[Detail] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Take what every error takes."""
        super().__init__(message, details, headers)
