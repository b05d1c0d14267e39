"""A request that was sent, and what came back."""

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
    """A request to an operation. Its headers are those that it has beside its token's.

    `token` says which token goes with it, behind its `scheme`: `first`, `second`, `bad`, or None for none.
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
        """The value of its Authorization header, with a token."""
        return f"{self.scheme} {token}".lstrip()

    def curl(self, base_url: str) -> str:
        """A command line that sends it again, with the token left to a variable."""
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
    """An answer; header names are in lower case. `began` and `ended` are Unix times in seconds.

    So is `clock`, what the target's own clock said, if that is known.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    began: float
    ended: float
    clock: float | None = None

    @cached_property
    def json(self) -> Any:
        """The body's JSON value, or None."""
        return _parsed(self.body)

    @property
    def media_type(self) -> str:
        """The media type that it declares, without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def event(self) -> dict[str, Any]:
        """The JSON object of the body, empty where there is none."""
        return self.json if isinstance(self.json, dict) else {}

    @property
    def held(self) -> dict[str, Any]:
        """The event in an object under `event`, empty where there is none; ids in lower case, as UUIDs have none."""
        event = self.event.get("event")
        return _with_plain_ids(event) if isinstance(event, dict) else {}

    @property
    def found(self) -> list[dict[str, Any]]:
        """The events in a list under `events`, likewise."""
        events = self.event.get("events")
        return [_with_plain_ids(each) for each in events if isinstance(each, dict)] if isinstance(events, list) else []


@dataclass(frozen=True)
class Exchange:
    """A request and its answer."""

    request: SentRequest
    response: ReceivedResponse


def _with_plain_ids(event: dict[str, Any]) -> dict[str, Any]:
    ids = {name: value.lower() for name, value in event.items() if name.endswith("_id") and isinstance(value, str)}
    return {**event, **ids}


def _parsed(text: bytes) -> Any:
    """The value of a JSON text (RFC 8259), or None; Python reads more than that: NaN, UTF-16, lone surrogates."""
    try:
        value = json.loads(text.decode())
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
    return value


def _quoted(body: bytes) -> str:
    """A body as curl's argument; what is no plain text comes from printf, as no argument can hold a NUL."""
    if body.isspace() and body.count(b" ") == len(body):
        return f"@<(printf '%{len(body)}s')"
    with suppress(UnicodeDecodeError):
        if body.decode().isprintable() and not body.startswith(b"@"):  # which would name a file
            return shlex.quote(body.decode())
    octets = "".join(f"\\x{octet:02x}" for octet in body)
    return f"@<(printf '{octets}')"
