"""The effects of faults: small functions from a response to what is written in its place."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from hivestand.server.http.response import HttpResponse

_PLACE: Final = re.compile("0|[1-9][0-9]*", re.ASCII)

MAX_EDITED: Final = 1024 * 1024  # bytes of a body that members are taken from

Effect = Callable[[HttpResponse], HttpResponse]


def delayed(seconds: float) -> Effect:
    """The effect that delays the response."""
    return lambda response: response._replace(delay=response.delay + seconds)


def reset(response: HttpResponse) -> HttpResponse:
    """No response: the connection is reset (RST)."""
    return response._replace(ending="reset")


def close(response: HttpResponse) -> HttpResponse:
    """No response: the connection is closed (FIN)."""
    return response._replace(ending="close")


def truncated(response: HttpResponse) -> HttpResponse:
    """Half of the declared body; then the connection is closed."""
    return response._replace(ending="truncate")


def empty(response: HttpResponse) -> HttpResponse:
    """The same status with an empty body."""
    return response._replace(body=b"")


def malformed(response: HttpResponse) -> HttpResponse:
    """Half of the body, with a matching length: no JSON."""
    return response._replace(body=response.body[: len(response.body) // 2])


def mistyped(response: HttpResponse) -> HttpResponse:
    """The same body declared as text/html."""
    return response._replace(media_type=b"text/html")


def retried(seconds: int) -> Effect:
    """The effect that sets `Retry-After`."""
    header = (b"retry-after", b"%d" % seconds)
    return lambda response: response._replace(
        headers=[*(each for each in response.headers if each[0] != header[0]), header]
    )


def edited(missing: Iterable[str], null: Iterable[str]) -> Effect:
    """The effect that removes some members of the body and sets others to null, named by JSON pointers (RFC 6901).

    A body of more than `MAX_EDITED` bytes stays as it is: to parse it would make other clients wait.
    """

    def effect(response: HttpResponse) -> HttpResponse:
        if len(response.body) > MAX_EDITED:
            return response
        try:
            body = json.loads(response.body)
        except ValueError:  # not JSON: another fault or the status has replaced the body
            return response
        for pointer in missing:
            _edit(body, pointer, lambda parent, key: parent.pop(key))
        for pointer in null:
            _edit(body, pointer, lambda parent, key: parent.__setitem__(key, None))
        return response._replace(body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())

    return effect


def _edit(body: Any, pointer: str, edit: Callable[[Any, Any], object]) -> None:
    """Edit the member that a pointer names, if it is there."""
    *path, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    try:
        for part in path:
            body = body[_key(body, part)]
        key = _key(body, last)
        body[key]
    except (KeyError, IndexError, TypeError, ValueError):
        return
    edit(body, key)


def _key(parent: Any, part: str) -> str | int:
    """A part of a pointer as a key of its parent; raises ValueError if it is not a list index (RFC 6901, 4)."""
    if not isinstance(parent, list):
        return part
    if not _PLACE.fullmatch(part):
        raise ValueError(part)
    return int(part)


EFFECTS: Final[Mapping[str, Effect]] = {
    "reset": reset,
    "close": close,
    "truncated": truncated,
    "empty": empty,
    "malformed": malformed,
    "mistyped": mistyped,
}
