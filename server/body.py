"""Read a request's body, in bounds of size and time, and parse it as JSON (RFC 8259)."""

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from starlette.types import Receive

from skep.handlers.errors import BadRequest, ContentTooLarge, Detail, RequestTimeout, UnsupportedMediaType
from skep.server.errors import ClientDisconnected

_JSON = b"application/json"
_CHARSET = re.compile(rb';\s*charset\s*=\s*"?([^";\s]*)', re.IGNORECASE)
_MAYBE_LARGE = re.compile(rb"[0-9]{19}")
_CLOSE = {"Connection": "close"}  # the rest of the request is not read


class Limits(NamedTuple):
    """How much is read, in bytes, and for how long, in seconds."""

    size: int
    seconds: float


def check_media_type(headers: Mapping[bytes, bytes]) -> None:
    """Return if the body is declared as JSON in UTF-8, without a content coding. An absent body needs no declaration.

    Raises:
        UnsupportedMediaType: it is declared as anything else, or not at all.
    """
    declared = headers.get(b"content-type")
    if declared != _JSON and not _is_json(declared) and (declared is not None or _has_content(headers)):
        sent = "missing" if declared is None else declared.decode("latin-1")[:100]
        raise UnsupportedMediaType(
            f"Content-Type must be application/json, not {sent}", headers={"Accept": "application/json"}
        )
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMediaType("Content-Encoding must be identity", headers={"Accept-Encoding": "identity"})


def _is_json(declared: bytes | None) -> bool:
    media_type, _, parameters = (declared or b"").partition(b";")
    charset = _CHARSET.search(b";" + parameters)
    return media_type.strip().lower() == _JSON and (charset is None or charset[1].lower() in {b"utf-8", b"utf8"})


def _has_content(headers: Mapping[bytes, bytes]) -> bool:
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limits: Limits) -> bytes:
    """The whole body.

    Raises:
        ContentTooLarge: it is larger than the limit, by its declaration or by what came; it is not read any further.
        RequestTimeout: it did not arrive in time.
        ClientDisconnected: the client went away in the middle.
    """
    if int(headers.get(b"content-length", b"0")) > limits.size:
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.seconds):
            return await _read(receive, limits)
    except TimeoutError:
        message = f"The request did not arrive within {limits.seconds:g} seconds"
        raise RequestTimeout(message, headers=_CLOSE) from None


async def _read(receive: Receive, limits: Limits) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limits.size:
            raise _too_large(limits)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(limits: Limits) -> ContentTooLarge:
    return ContentTooLarge(f"The body is larger than {limits.size} bytes", headers=_CLOSE)


def parse_json(body: bytes) -> Any:
    """The JSON value that the body is the text of. Of repeated keys the last wins; integers of any size stay exact.

    Raises:
        BadRequest: it is no JSON text: NaN, Infinity, invalid UTF-8 and lone surrogates included, or it holds a number
            beyond the range of a double, or nests deeper than 1,024 levels.
    """
    try:
        value = orjson.loads(body)
        # orjson makes a float of an integer beyond 64 bits; what it accepts, the standard library reads exactly
        return json.loads(body) if _MAYBE_LARGE.search(body) else value
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body is not valid JSON", [Detail("", "json", str(error))]) from None
