"""Faults: planned misbehaviours, each a small function from an answer to what is sent in its place."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from hivestand.server.http.response import Reply

_PLACE: Final = re.compile("0|[1-9][0-9]*", re.ASCII)

Fault = Callable[[Reply], Reply]


def delayed(seconds: float) -> Fault:
    """The answer, later."""
    return lambda reply: reply._replace(delay=reply.delay + seconds)


def reset(reply: Reply) -> Reply:
    """No answer: the connection is reset (RST)."""
    return reply._replace(ending="reset")


def close(reply: Reply) -> Reply:
    """No answer: the connection is closed in good order (FIN)."""
    return reply._replace(ending="close")


def truncated(reply: Reply) -> Reply:
    """Half of the body, of which the head declares the whole; then the connection is closed."""
    return reply._replace(ending="truncate")


def empty(reply: Reply) -> Reply:
    """No body at all, under the same status."""
    return reply._replace(body=b"")


def malformed(reply: Reply) -> Reply:
    """A body that ends in its middle, but is declared so: no JSON."""
    return reply._replace(body=reply.body[: len(reply.body) // 2])


def mistyped(reply: Reply) -> Reply:
    """The same body as text/html."""
    return reply._replace(media_type=b"text/html")


def retried(seconds: int) -> Fault:
    """The answer with that `Retry-After`."""
    header = (b"retry-after", b"%d" % seconds)
    return lambda reply: reply._replace(headers=[*(each for each in reply.headers if each[0] != header[0]), header])


def edited(missing: Iterable[str], null: Iterable[str]) -> Fault:
    """The answer without some members of its body, and with null for others, named by JSON pointers (RFC 6901)."""

    def fault(reply: Reply) -> Reply:
        try:
            body = json.loads(reply.body)
        except ValueError:  # no JSON, or nothing: another fault, or the status, left no member to edit
            return reply
        for pointer in missing:
            _edit(body, pointer, lambda parent, key: parent.pop(key))
        for pointer in null:
            _edit(body, pointer, lambda parent, key: parent.__setitem__(key, None))
        return reply._replace(body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())

    return fault


def _edit(body: Any, pointer: str, edit: Callable[[Any, Any], object]) -> None:
    """Edit what a pointer names, if it is there."""
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
    """Raises ValueError for what is no place in a list (RFC 6901, 4)."""
    if not isinstance(parent, list):
        return part
    if not _PLACE.fullmatch(part):
        raise ValueError(part)
    return int(part)


FAULTS: Final[Mapping[str, Fault]] = {
    "reset": reset,
    "close": close,
    "truncated": truncated,
    "empty": empty,
    "malformed": malformed,
    "mistyped": mistyped,
}
