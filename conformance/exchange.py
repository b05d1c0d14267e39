"""A request that was sent, and the response that was received."""

import json
import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

TOKEN_VARIABLE = "$HIVESTAND_TOKEN"  # stands where a token stood  # noqa: S105 - it is none


@dataclass(frozen=True)
class SentRequest:
    """A request to an operation.

    Attributes:
        operation: the operationId.
        path: path and query.
        body: the body, None for none.
        method: the HTTP method.
        headers: those beside Authorization.
        token: which token goes with it: `first`, `second`, `bad`, or None for none.
        scheme: the scheme in front of the token.
    """

    operation: str
    path: str
    body: bytes | None = None
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    token: str | None = "first"  # noqa: S105 - a name for one
    scheme: str = "Bearer"

    @cached_property
    def json(self) -> Any:
        """The body's JSON value, or None."""
        return _parsed(self.body or b"")

    def credentials(self, token: str) -> str:
        """The value of the Authorization header with a token."""
        return f"{self.scheme} {token}".lstrip()

    def curl(self, base_url: str) -> str:
        """A command line that sends the request again, with a variable in place of the token."""
        words = ["curl", "-i", "-X", self.method, shlex.quote(base_url.rstrip("/") + self.path)]
        if self.token is not None:
            words += ["-H", f'"Authorization: {self.credentials(TOKEN_VARIABLE)}"']
        for name, value in self.headers.items():
            words += ["-H", shlex.quote(f"{name}: {value}")]
        if self.body is not None:
            words += ["--data-binary", _quoted(self.body)]
        return " ".join(words)


@dataclass(frozen=True)
class ReceivedResponse:
    """A response.

    Attributes:
        status: the HTTP status.
        headers: names in lower case.
        body: the whole body.
        began: when the request was sent, Unix seconds.
        ended: when the response was complete, Unix seconds.
        clock: what the target's own clock said, Unix seconds; None if that is unknown.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    began: float
    ended: float
    clock: float | None = None

    @cached_property
    def json(self) -> Any:
        """The body's JSON value, or None; U+FFFD stands for a lone surrogate, which RFC 8259 lets a text escape."""
        return _parsed(self.body, surrogates="surrogatepass")

    @property
    def media_type(self) -> str:
        """The declared media type without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def event(self) -> dict[str, Any]:
        """The JSON object of the body; empty if it is none."""
        return self.json if isinstance(self.json, dict) else {}

    @property
    def held(self) -> dict[str, Any]:
        """The event in an object under `event`, with ids in lower case; empty if there is none."""
        event = self.event.get("event")
        return _with_plain_ids(event) if isinstance(event, dict) else {}

    @property
    def found(self) -> list[dict[str, Any]]:
        """The events in a list under `events`, with ids in lower case; empty if there is none."""
        events = self.event.get("events")
        return [_with_plain_ids(each) for each in events if isinstance(each, dict)] if isinstance(events, list) else []


@dataclass(frozen=True)
class Exchange:
    """A request and its response."""

    request: SentRequest
    response: ReceivedResponse


def _with_plain_ids(event: dict[str, Any]) -> dict[str, Any]:
    ids = {name: value.lower() for name, value in event.items() if name.endswith("_id") and isinstance(value, str)}
    return {**event, **ids}


def _parsed(text: bytes, *, surrogates: str = "strict") -> Any:
    """The value of a JSON text as RFC 8259 has it, or None; Python also reads NaN and UTF-16.

    `surrogates` is what the codec does with lone surrogates: `strict` refuses them.
    """
    try:
        value = json.loads(text.decode())
        plain = json.dumps(value, ensure_ascii=False, allow_nan=False)
        whole = plain.encode("utf-16", surrogates).decode("utf-16", "replace")
    except (ValueError, RecursionError):
        return None
    return value if whole == plain else json.loads(whole)


def _quoted(body: bytes) -> str:
    """A body as an argument of curl; one that is not plain text comes from printf, as no argument can hold a NUL."""
    if body.isspace() and body.count(b" ") == len(body):
        return f"@<(printf '%{len(body)}s')"
    with suppress(UnicodeDecodeError):
        if body.decode().isprintable() and not body.startswith(b"@"):  # curl would take @ for a file name
            return shlex.quote(body.decode())
    octets = "".join(f"\\x{octet:02x}" for octet in body)
    return f"@<(printf '{octets}')"
