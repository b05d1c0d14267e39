"""Read spans as OTLP sends them: an ExportTraceServiceRequest in its protobuf or its JSON encoding.

Pure. Both encodings give the same spans. In JSON, ids are hexadecimal, 64-bit integers strings or numbers, and names
that are not known are ignored, as the protocol has it.
"""

import math
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from skep.handlers.errors import BadRequest, Detail

DEEPEST: Final = 32  # levels of a value within an attribute
FAILED: Final = 2  # the code of a span's status that says so

Json = Any  # a parsed JSON value


class SpanEvent(NamedTuple):
    """What happened at one moment of a span, Unix nanoseconds."""

    name: str
    time: int
    attributes: Mapping[str, Json]


class Span(NamedTuple):
    """A span: ids in lower-case hexadecimal, empty where there is none; times are Unix nanoseconds.

    `failure` is the message of a status that says that it failed, else None.
    """

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    start: int
    end: int
    attributes: Mapping[str, Json]
    events: Sequence[SpanEvent]
    failure: str | None


def read_protobuf(body: bytes) -> Iterator[Span]:
    """The spans of a request in protobuf.

    Raises:
        BadRequest: it is none.
    """
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - only who sends protobuf waits for it
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: PLC0415

    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise BadRequest("The body is no ExportTraceServiceRequest", [Detail("", "protobuf", str(error))]) from None
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            yield from map(_span, scope.spans)


def _span(span: Any) -> Span:
    return Span(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.name,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        {each.key: _value(each.value) for each in span.attributes},
        [SpanEvent(each.name, each.time_unix_nano, _attributes(each)) for each in span.events],
        span.status.message if span.status.code == FAILED else None,
    )


def _attributes(holder: Any) -> Mapping[str, Json]:
    return {each.key: _value(each.value) for each in holder.attributes}


def _value(value: Any) -> Json:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value
    if kind is None:
        return None
    return _KINDS[kind](getattr(value, kind))


def _finite(number: float) -> float | None:
    """The number, or null for what JSON has no name for."""
    return number if math.isfinite(number) else None


_KINDS: Final[Mapping[str, Callable[[Any], Json]]] = {
    "bool_value": bool,
    "int_value": int,
    "double_value": _finite,
    "bytes_value": lambda value: b64encode(value).decode(),
    "array_value": lambda value: [_value(each) for each in value.values],
    "kvlist_value": lambda value: {each.key: _value(each.value) for each in value.values},
}


def read_json(body: Mapping[str, Json]) -> Iterator[Span]:
    """The spans of a request in JSON.

    Raises:
        BadRequest: it is none; the detail says where.
    """
    for resource, at in _items(body, "resourceSpans", ""):
        for scope, below in _items(resource, "scopeSpans", at):
            for span, pointer in _items(scope, "spans", below):
                yield _json_span(span, pointer)


def _json_span(span: Mapping[str, Json], pointer: str) -> Span:
    status = _object(span.get("status", {}), f"{pointer}/status")
    failed = status.get("code") in {FAILED, "STATUS_CODE_ERROR"} if _is_code(status.get("code")) else False
    return Span(
        _hexadecimal(span, "traceId", pointer),
        _hexadecimal(span, "spanId", pointer),
        _hexadecimal(span, "parentSpanId", pointer),
        _string(span, "name", pointer),
        _whole(span.get("startTimeUnixNano"), f"{pointer}/startTimeUnixNano"),
        _whole(span.get("endTimeUnixNano"), f"{pointer}/endTimeUnixNano"),
        _json_attributes(span, pointer),
        [
            SpanEvent(_string(each, "name", at), _whole(each.get("timeUnixNano"), at), _json_attributes(each, at))
            for each, at in _items(span, "events", pointer)
        ],
        _string(status, "message", f"{pointer}/status") if failed else None,
    )


def _is_code(code: Json) -> bool:
    return isinstance(code, (int, str))


def _json_attributes(holder: Mapping[str, Json], pointer: str) -> Mapping[str, Json]:
    return {
        _string(each, "key", at): _json_value(each.get("value"), f"{at}/value", DEEPEST)
        for each, at in _items(holder, "attributes", pointer)
    }


def _json_value(sent: Json, pointer: str, levels: int) -> Json:
    """The value that the first known member of an AnyValue stands for."""
    if sent is None:
        return None
    if not levels:
        raise _malformed(pointer, "depth", "is nested too deeply")
    value = _object(sent, pointer)
    if isinstance(text := value.get("stringValue"), str):
        return text
    for name, read in _JSON_KINDS.items():
        if value.get(name) is not None:
            return read(value[name], f"{pointer}/{name}", levels - 1)
    return None if value.get("stringValue") is None else _string(value, "stringValue", pointer)


def _boolean(value: Json, pointer: str, _levels: int) -> bool:
    if not isinstance(value, bool):
        raise _malformed(pointer, "type", "must be true or false")
    return value


def _integer(value: Json, pointer: str, _levels: int) -> int:
    return _whole(value, pointer)


def _double(value: Json, pointer: str, _levels: int) -> Json:
    if value in ("NaN", "Infinity", "-Infinity"):
        return None
    try:
        if not isinstance(value, bool):
            return _finite(float(value))
    except (TypeError, ValueError, OverflowError):
        pass
    raise _malformed(pointer, "type", "must be a number")


def _octets(value: Json, pointer: str, _levels: int) -> str:
    if not isinstance(value, str):
        raise _malformed(pointer, "type", "must be a string in base64")
    return value


def _array(value: Json, pointer: str, levels: int) -> list[Json]:
    values = _list(_object(value, pointer).get("values", []), f"{pointer}/values")
    return [_json_value(each, f"{pointer}/values/{place}", levels) for place, each in enumerate(values)]


def _kvlist(value: Json, pointer: str, levels: int) -> dict[str, Json]:
    return {
        _string(each, "key", at): _json_value(each.get("value"), f"{at}/value", levels)
        for each, at in _items(_object(value, pointer), "values", pointer)
    }


_JSON_KINDS: Final[Mapping[str, Callable[[Json, str, int], Json]]] = {
    "intValue": _integer,
    "boolValue": _boolean,
    "doubleValue": _double,
    "arrayValue": _array,
    "kvlistValue": _kvlist,
    "bytesValue": _octets,
}


def _items(holder: Mapping[str, Json], name: str, pointer: str) -> Iterator[tuple[Mapping[str, Json], str]]:
    """The objects of a list, each with its pointer."""
    sent = holder.get(name)
    if sent is None:
        return
    at = f"{pointer}/{name}"
    for place, each in enumerate(_list(sent, at)):
        below = f"{at}/{place}"
        yield _object(each, below), below


def _list(sent: Json, pointer: str) -> list[Json]:
    if not isinstance(sent, list):
        raise _malformed(pointer, "type", "must be a list")
    return sent


def _object(sent: Json, pointer: str) -> Mapping[str, Json]:
    if not isinstance(sent, dict):
        raise _malformed(pointer, "type", "must be an object")
    return sent


def _string(holder: Mapping[str, Json], name: str, pointer: str) -> str:
    sent = holder.get(name)
    if sent is None:
        return ""
    if not isinstance(sent, str):
        raise _malformed(f"{pointer}/{name}", "type", "must be a string")
    return sent


def _hexadecimal(holder: Mapping[str, Json], name: str, pointer: str) -> str:
    sent = _string(holder, name, pointer).lower()
    if not set(sent) <= set("0123456789abcdef"):
        raise _malformed(f"{pointer}/{name}", "format", "must be hexadecimal")
    return sent


def _whole(sent: Json, pointer: str) -> int:
    """A 64-bit integer, which is a string or a number; 0 where there is none."""
    if sent is None:
        return 0
    digits = sent.removeprefix("-") if isinstance(sent, str) else ""
    if isinstance(sent, str) and digits.isascii() and digits.isdigit() and len(digits) < 21:  # noqa: PLR2004 - as 64 bits have
        return int(sent)
    if isinstance(sent, float) and sent.is_integer():
        return int(sent)
    if not isinstance(sent, int) or isinstance(sent, bool):
        raise _malformed(pointer, "type", "must be a 64-bit integer")
    return sent


def _malformed(pointer: str, rule: str, message: str) -> BadRequest:
    return BadRequest("Invalid trace data", [Detail(pointer, rule, message)])
