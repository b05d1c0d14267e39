"""`hivestand explain`: where each value of a request went, or under what name it was reported.

Spans are explained by the table of their attributes. Any other request is sent to a server of its own, in this process,
and what that stored is searched for each value.
"""

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from hivestand.handlers.errors import BadRequest
from hivestand.handlers.otlp.decoding import read_json
from hivestand.handlers.otlp.explanation import Explanation, explained
from hivestand.server.settings import Settings
from hivestand.server.thread import ServerThread

TRACES: Final = ("/opentelemetry/v1/traces", "/nextjs/v1/traces")
_TOKEN: Final = "hh_explained"  # noqa: S105 - of a server that ends with the command
_SECONDS: Final = 30

Json = Any
Path = tuple[str | int, ...]


class NothingToExplain(ValueError):
    """A file that holds nothing that can be explained; the message says what was expected."""


def explanation_of(document: Json) -> list[str]:
    """The lines that explain a file: OTLP in JSON, a request with method, path and body, or an entry of the journal.

    Raises:
        NothingToExplain: it is none of these.
    """
    if not isinstance(document, dict):
        raise NothingToExplain("expected a JSON object")
    if "resourceSpans" in document:
        return _spans(document)
    request = document["request"] if isinstance(document.get("request"), dict) else document
    body, path, method = request.get("body"), request.get("path"), request.get("method")
    if request.get("cut") or request.get("encoding", "json") != "json":
        raise NothingToExplain("the journal has only a part of this body, or it is no JSON")
    if not isinstance(path, str) or not isinstance(method, str):
        raise NothingToExplain(
            "expected OTLP in JSON, a request with method, path and body, or an entry of the journal"
        )
    if path in TRACES and isinstance(body, dict):
        return _spans(body)
    return _request(method, path, body)


def _spans(body: Mapping[str, Json]) -> list[str]:
    unused: list[str] = []
    try:
        spans = list(read_json(body, unused))
    except BadRequest as error:
        raise NothingToExplain(f"{error.message}: {[tuple(each) for each in error.details]}") from error
    lines = [line for each in explained(spans) for line in _span(each)]
    return [*lines, *(f"reported  {pointer}: no span" for pointer in unused)]


def _span(explanation: Explanation) -> Iterator[str]:
    about = explanation["span"]
    yield f"span {about['name']!r} ({about['span_id']})"
    if "rejected" in explanation:
        yield f"  rejected: {explanation['rejected']}"
        return
    decided = explanation["event_type"]
    yield f"  event {explanation['event_id']} of type {decided['value']}, by rule {decided['rule']}"
    width = max((len(each["attribute"]) for each in explanation["attributes"]), default=0)
    reported = {each["name"]: each["reason"] for each in explanation["reported"]}
    for each in explanation["attributes"]:
        places = ", ".join(each["to"]) or f"reported as {reported.get(each['attribute'], 'empty')}"
        row = each["row"]
        rule = "no row" if row is None else f"{row['from']} -> {row['to']} [{row['known']}]"
        yield f"  {each['attribute']:{width}}  {places}  ({rule})"
    for name, reason in reported.items():
        yield f"  reported  {name}: {reason}"


def _request(method: str, path: str, body: Json) -> list[str]:
    """Where each value of a body is in the events that a server of its own stored of it."""
    with ServerThread(Settings(port=0)) as server:
        status, answered, fallbacks = _ask(server.url, method, path, body)
        lines = [f"{method} {path}: {status}"]
        if status >= http.HTTPStatus.BAD_REQUEST:
            return [*lines, *(f"  {key}: {answered[key]}" for key in ("message", "details") if key in answered)]
        _, found, _ = _ask(server.url, "POST", "/v1/events/search", {})
    events = found["events"]
    for pointer, value in leaves(body):
        places = [_dotted(place) for event in events for place, held in leaves(event) if _is_same(held, value)]
        lines.append(f"  {_pointer(pointer)}  {', '.join(sorted(set(places))) or 'not stored'}")
    return [*lines, *([f"  reported  {fallbacks}"] if fallbacks else [])]


def _ask(url: str, method: str, path: str, body: Json) -> tuple[int, Any, str]:
    """Status, body and fallbacks of a response."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_SECONDS)
    headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read()
        return response.status, json.loads(text) if text else {}, response.headers.get("hivestand-fallbacks", "")
    finally:
        connection.close()


def leaves(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """The texts, numbers and truth values in a JSON value, at any depth, with the path to each."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*path, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, (*path, number))
    elif value is not None:
        yield path, value


def _is_same(held: Json, value: Json) -> bool:
    return type(held) is type(value) and bool(held == value)


def _pointer(path: Path) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _dotted(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path))
