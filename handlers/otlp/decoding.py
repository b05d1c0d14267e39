"""Read spans from OTLP: an ExportTraceServiceRequest as protobuf or JSON.

Pure. Both encodings give the same spans. In JSON, ids are hexadecimal, 64-bit integers are strings or numbers, and
unknown names are ignored, as the protocol says.
"""

import math
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from hivestand.handlers.errors import BadRequest, Detail
from hivestand.handlers.event.normalise import Json

MAX_DEPTH: Final = 32  # levels of a value within an attribute
MAX_SPANS: Final = 50_000  # of one request; a batch of an exporter has 512
MAX_ATTRIBUTES: Final = 10_000  # of one span, and as many events; a collector's default limit is 128
STATUS_ERROR: Final = 2  # STATUS_CODE_ERROR

_MAX_DIGITS: Final = 20  # of a 64-bit integer
# an integer of at most 20 digits, or a number that may be one, such as 15e2
_INTEGER: Final = re.compile(
    r"-?[0-9]{1,20}(?P<rest>\.[0-9]{1,20}(?:[eE][+-]?[0-9]{1,2})?|[eE][+-]?[0-9]{1,2})?", re.ASCII
)

Place = tuple[
    Any, ...
]  # the place of a value in a body: that of its parent, and its key or index there; () is the body


class SpanEvent(NamedTuple):
    """An event of a span; its time is Unix nanoseconds."""

    name: str
    time: int
    attributes: Mapping[str, Json]


class Span(NamedTuple):
    """One span.

    Attributes:
        trace_id: lower-case hexadecimal.
        span_id: lower-case hexadecimal.
        parent_id: lower-case hexadecimal, empty for a root.
        name: the span's name.
        start: Unix nanoseconds, 0 if missing.
        end: Unix nanoseconds, 0 if missing.
        attributes: JSON values by key.
        events: in the order in which they were sent.
        failure: the message of an error status; None for any other status.
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
    for name in ("attributes", "events"):
        _check_count(len(getattr(span, name)), f"a span's {name}")
    return Span(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.name,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        {each.key: _value(each.value) for each in span.attributes},
        [SpanEvent(each.name, each.time_unix_nano, _attributes(each)) for each in span.events],
        span.status.message if span.status.code == STATUS_ERROR else None,
    )


def _check_count(count: int, what: str, at: Place = ()) -> None:
    if count > MAX_ATTRIBUTES:
        raise malformed(at, "maxItems", f"{what} are more than {MAX_ATTRIBUTES}")


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
    """The number; null for what JSON cannot write."""
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
    for resource, at in _items(body, "resourceSpans", ()):
        for scope, below in _items(resource, "scopeSpans", at):
            for span, place in _items(scope, "spans", below):
                yield _json_span(span, place)


def _json_span(span: Mapping[str, Json], at: Place) -> Span:
    status = _optional_object(span, "status", at)
    for name in ("attributes", "events"):
        if isinstance(sent := span.get(name), list):
            _check_count(len(sent), f"a span's {name}", (at, name))
    failed = status.get("code") in {STATUS_ERROR, "STATUS_CODE_ERROR"} if _is_code(status.get("code")) else False
    return Span(
        _hexadecimal(span, "traceId", at),
        _hexadecimal(span, "spanId", at),
        _hexadecimal(span, "parentSpanId", at),
        _string(span, "name", at),
        _whole(span.get("startTimeUnixNano"), (at, "startTimeUnixNano")),
        _whole(span.get("endTimeUnixNano"), (at, "endTimeUnixNano")),
        _json_attributes(span, at),
        [
            SpanEvent(
                _string(each, "name", place), _whole(each.get("timeUnixNano"), place), _json_attributes(each, place)
            )
            for each, place in _items(span, "events", at)
        ],
        _string(status, "message", (at, "status")) if failed else None,
    )


def _is_code(code: Json) -> bool:
    return isinstance(code, (int, str))


def _json_attributes(holder: Mapping[str, Json], at: Place) -> Mapping[str, Json]:
    return {
        _string(each, "key", place): _json_value(each.get("value"), (place, "value"), MAX_DEPTH)
        for each, place in _items(holder, "attributes", at)
    }


def _json_value(sent: Json, at: Place, levels: int) -> Json:
    """The value of an AnyValue: that of its first known member."""
    if sent is None:
        return None
    if not levels:
        raise malformed(at, "depth", "is nested too deeply")
    value = _object(sent, at)
    if isinstance(text := value.get("stringValue"), str):
        return text
    for name, read in _JSON_KINDS.items():
        if value.get(name) is not None:
            return read(value[name], (at, name), levels - 1)
    return None if value.get("stringValue") is None else _string(value, "stringValue", at)


def _boolean(value: Json, at: Place, _levels: int) -> bool:
    if not isinstance(value, bool):
        raise malformed(at, "type", "must be true or false")
    return value


def _integer(value: Json, at: Place, _levels: int) -> int:
    return _whole(value, at)


def _double(value: Json, at: Place, _levels: int) -> Json:
    if value in ("NaN", "Infinity", "-Infinity"):
        return None
    try:
        if not isinstance(value, bool):
            return _finite(float(value))
    except (TypeError, ValueError, OverflowError):
        pass
    raise malformed(at, "type", "must be a number")


def _octets(value: Json, at: Place, _levels: int) -> str:
    if not isinstance(value, str):
        raise malformed(at, "type", "must be a string in base64")
    return value


def _array(value: Json, at: Place, levels: int) -> list[Json]:
    sent = _object(value, at).get("values")
    values = [] if sent is None else _list(sent, (at, "values"))
    return [_json_value(each, ((at, "values"), place), levels) for place, each in enumerate(values)]


def _kvlist(value: Json, at: Place, levels: int) -> dict[str, Json]:
    return {
        _string(each, "key", place): _json_value(each.get("value"), (place, "value"), levels)
        for each, place in _items(_object(value, at), "values", at)
    }


_JSON_KINDS: Final[Mapping[str, Callable[[Json, Place, int], Json]]] = {
    "intValue": _integer,
    "boolValue": _boolean,
    "doubleValue": _double,
    "arrayValue": _array,
    "kvlistValue": _kvlist,
    "bytesValue": _octets,
}


def _items(holder: Mapping[str, Json], name: str, at: Place) -> Iterator[tuple[Mapping[str, Json], Place]]:
    """The objects of a list, each with its place in the body; null is absent, as everywhere in ProtoJSON."""
    sent = holder.get(name)
    if sent is None:
        return
    whole = (at, name)
    for number, each in enumerate(_list(sent, whole)):
        if each is not None:
            place = whole, number
            yield _object(each, place), place


def _list(sent: Json, at: Place) -> list[Json]:
    if not isinstance(sent, list):
        raise malformed(at, "type", "must be a list")
    return sent


def _object(sent: Json, at: Place) -> Mapping[str, Json]:
    if not isinstance(sent, dict):
        raise malformed(at, "type", "must be an object")
    return sent


def _optional_object(holder: Mapping[str, Json], name: str, at: Place) -> Mapping[str, Json]:
    sent = holder.get(name)
    return {} if sent is None else _object(sent, (at, name))


def _string(holder: Mapping[str, Json], name: str, at: Place) -> str:
    sent = holder.get(name)
    if sent is None:
        return ""
    if not isinstance(sent, str):
        raise malformed((at, name), "type", "must be a string")
    return sent


def _hexadecimal(holder: Mapping[str, Json], name: str, at: Place) -> str:
    sent = _string(holder, name, at).lower()
    if not set(sent) <= set("0123456789abcdef"):
        raise malformed((at, name), "format", "must be hexadecimal")
    return sent


def _whole(sent: Json, at: Place) -> int:
    """A 64-bit integer, sent as a string or a number; 0 if it is missing.

    ProtoJSON takes any spelling of an integer: `1.0` and `1e3` are integers, as text too.
    """
    if sent is None:
        return 0
    if isinstance(sent, int) and not isinstance(sent, bool):
        return sent
    if isinstance(sent, float) and sent.is_integer():
        return int(sent)
    if isinstance(sent, str) and (read := _INTEGER.fullmatch(sent)):
        if read["rest"] is None:
            return int(sent)
        number = Decimal(sent)
        if not number:
            return 0
        if abs(number.adjusted()) < _MAX_DIGITS and number == number.to_integral_value():
            return int(number)
    raise malformed(at, "type", "must be a 64-bit integer")


def malformed(at: Place, rule: str, message: str) -> BadRequest:
    """The refusal of a request because of the value at a place in it."""
    return BadRequest("Invalid trace data", [Detail(_pointer(at), rule, message)])


def _pointer(at: Place) -> str:
    """The JSON pointer (RFC 6901) of a place in the body."""
    return f"{_pointer(at[0])}/{at[1]}" if at else ""
