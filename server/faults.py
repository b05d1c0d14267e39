"""Faults: planned misbehaviours, each a small function from an answer to what is sent in its place."""

from collections.abc import Callable, Mapping
from typing import Final

from skep.server.response import Reply

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


FAULTS: Final[Mapping[str, Fault]] = {
    "reset": reset,
    "close": close,
    "truncated": truncated,
    "empty": empty,
    "malformed": malformed,
    "mistyped": mistyped,
}
