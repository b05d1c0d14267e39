"""Read spans from OTLP: an ExportTraceServiceRequest as protobuf or JSON.

Pure. Both encodings give the same spans. In JSON, ids are hexadecimal, 64-bit integers are strings or numbers, and
unknown names are ignored, as the protocol says.
"""

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from decimal import Decimal
from itertools import islice
from typing import Any, Final, NamedTuple

from hivestand.handlers.errors import BadRequest, Detail
from hivestand.handlers.event.normalise import Json

MAX_DEPTH: Final = 32  # levels of a value within an attribute
MAX_SPANS: Final = 50_000  # of one request; a batch of an exporter has 512
MAX_ATTRIBUTES: Final = 10_000  # of one span, and as many events; a collector's default limit is 128
MAX_LINKS: Final = 1000  # of one span, that are kept
STATUS_ERROR: Final = 2  # STATUS_CODE_ERROR

_WHOLE: Final = range(-(2**63), 2**64)
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


class Scope(NamedTuple):
    """What made a span.

    Attributes:
        name: the name of its instrumentation scope.
        attributes: those of resource and scope; the resource's win.
        about: the scope's name and version, as far as it has them.
        told: the names of attributes whose value is not used, and why.
    """

    name: str = ""
    attributes: Mapping[str, Json] = {}
    about: Mapping[str, str] = {}
    told: Sequence[tuple[str, str]] = ()


def _scope(
    name: str, version: str, own: Mapping[str, Json], resource: Mapping[str, Json], repeated: Sequence[str]
) -> Scope:
    """A scope with its `own` attributes and those of its resource, whose value wins."""
    about = {key: text for key, text in (("name", name), ("version", version)) if text}
    told = [(each, "repeated") for each in repeated]
    told += ((each, "overridden") for each in own if each in resource and own[each] != resource[each])
    return Scope(name, {**own, **resource}, about, told)


class Span(NamedTuple):
    """One span.

    Attributes:
        trace_id: lower-case hexadecimal.
        span_id: lower-case hexadecimal.
        parent_id: lower-case hexadecimal, empty for a root.
        name: the span's name.
        start: Unix nanoseconds, 0 if missing.
        end: Unix nanoseconds, 0 if missing.
        attributes: JSON values by key; a number may be NaN or infinite.
        events: in the order in which they were sent.
        links: the spans that it is linked to, each an object of JSON values.
        scope: what made it.
        is_failed: whether its status is an error.
        message: the message of its status.
        repeated: the names of attributes that were sent more than once, of which the last counts.
        at: its place in the request.
    """

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    start: int
    end: int
    attributes: Mapping[str, Json]
    events: Sequence[SpanEvent] = ()
    links: Sequence[Mapping[str, Json]] = ()
    scope: Scope = Scope()
    is_failed: bool = False
    message: str = ""
    repeated: Sequence[str] = ()
    at: Place = ()


def read_protobuf(body: bytes, unused: list[str]) -> Iterator[Span]:
    """The spans of a request in protobuf; adds to `unused` the JSON pointers to resources and scopes without any.

    Raises:
        BadRequest: it is none.
    """
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - only who sends protobuf waits for it
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: PLC0415

    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise BadRequest("The body is no ExportTraceServiceRequest", [Detail("", "protobuf", str(error))]) from None
    for number, resource in enumerate(request.resource_spans):
        at = ((), "resourceSpans"), number
        about = _attributes(resource.resource)
        if about and not any(scope.spans for scope in resource.scope_spans):
            unused.append(pointer_to(at))
        for place, scope in enumerate(resource.scope_spans):
            below = (at, "scopeSpans"), place
            own = _attributes(scope.scope)
            repeated = _repeated(resource.resource, about) + _repeated(scope.scope, own)
            made_by = _scope(scope.scope.name, scope.scope.version, own, about, repeated)
            if not scope.spans and (own or made_by.about):
                unused.append(pointer_to(below))
            spans = below, "spans"
            for count, span in enumerate(scope.spans):
                yield _span(span, made_by, (spans, count))


def _span(span: Any, scope: Scope, at: Place) -> Span:
    sent, happened, links, status = span.attributes, span.events, span.links, span.status
    if len(sent) > MAX_ATTRIBUTES or len(happened) > MAX_ATTRIBUTES:
        _check_count(len(sent), "a span's attributes", at)
        _check_count(len(happened), "a span's events", at)
    attributes = _attributes(span)
    events = [SpanEvent(each.name, each.time_unix_nano, _attributes(each)) for each in happened] if happened else ()
    repeated = _repeated(span, attributes)
    for each, event in zip(happened, events, strict=True):
        repeated += _repeated(each, event.attributes)
    return Span(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.name,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        attributes,
        events,
        [_link(each) for each in islice(links, MAX_LINKS)] if links else (),
        scope,
        status.code == STATUS_ERROR,
        status.message,
        repeated,
        at,
    )


def _link(link: Any) -> Mapping[str, Json]:
    return {"trace_id": link.trace_id.hex(), "span_id": link.span_id.hex(), **_attributes(link)}


def _repeated(holder: Any, attributes: Sized) -> tuple[str, ...]:
    """The names that more than one of the holder's attributes have, all of which became `attributes`."""
    if len(holder.attributes) == len(attributes):
        return ()
    return _more_than_once(each.key for each in holder.attributes)


def _more_than_once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name, count in Counter(names).items() if count > 1)


def _check_count(count: int, what: str, at: Place = ()) -> None:
    if count > MAX_ATTRIBUTES:
        raise malformed(at, "maxItems", f"{what} are more than {MAX_ATTRIBUTES}")


def _attributes(holder: Any) -> Mapping[str, Json]:
    # most values are text, and text that is there says so at once
    return {each.key: each.value.string_value or _value(each.value) for each in holder.attributes}


def _value(value: Any) -> Json:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value
    if kind is None:
        return None
    return _KINDS[kind](getattr(value, kind))


_KINDS: Final[Mapping[str, Callable[[Any], Json]]] = {
    "bool_value": bool,
    "int_value": int,
    "double_value": float,
    "bytes_value": lambda value: b64encode(value).decode(),
    "array_value": lambda value: [_value(each) for each in value.values],
    "kvlist_value": lambda value: {each.key: _value(each.value) for each in value.values},
}


def read_json(body: Mapping[str, Json], unused: list[str]) -> Iterator[Span]:
    """The spans of a request in JSON; adds to `unused` the JSON pointers to resources and scopes without any.

    Raises:
        BadRequest: it is none; the detail says where.
    """
    for resource, at in _items(body, "resourceSpans", ()):
        about = _json_attributes(_optional_object(resource, "resource", at), (at, "resource"))
        has_spans = False
        for scope, below in _items(resource, "scopeSpans", at):
            described = _optional_object(scope, "scope", below)
            own = _json_attributes(described, (below, "scope"))
            name, version = (_string(described, each, (below, "scope")) for each in ("name", "version"))
            repeated = _json_repeated(resource.get("resource"), about) + _json_repeated(described, own)
            made_by = _scope(name, version, own, about, repeated)
            has_some = False
            for span, place in _items(scope, "spans", below):
                has_spans = has_some = True
                yield _json_span(span, made_by, place)
            if not has_some and (own or name or version):
                unused.append(pointer_to(below))
        if about and not has_spans:
            unused.append(pointer_to(at))


def _json_span(span: Mapping[str, Json], scope: Scope, at: Place) -> Span:
    status = _optional_object(span, "status", at)
    code = status.get("code")
    for name in ("attributes", "events"):
        if isinstance(sent := span.get(name), list):
            _check_count(len(sent), f"a span's {name}", (at, name))
    attributes = _json_attributes(span, at)
    repeated = _json_repeated(span, attributes)
    events: list[SpanEvent] = []
    for each, place in _items(span, "events", at) if span.get("events") else ():
        held = _json_attributes(each, place)
        events.append(SpanEvent(_string(each, "name", place), _whole(each.get("timeUnixNano"), place), held))
        repeated += _json_repeated(each, held)
    return Span(
        _hexadecimal(span, "traceId", at),
        _hexadecimal(span, "spanId", at),
        _hexadecimal(span, "parentSpanId", at),
        _string(span, "name", at),
        _whole(span.get("startTimeUnixNano"), (at, "startTimeUnixNano")),
        _whole(span.get("endTimeUnixNano"), (at, "endTimeUnixNano")),
        attributes,
        events or (),
        [
            {
                "trace_id": _string(each, "traceId", place),
                "span_id": _string(each, "spanId", place),
                **_json_attributes(each, place),
            }
            for each, place in islice(_items(span, "links", at), MAX_LINKS)
        ]
        if span.get("links")
        else (),
        scope,
        isinstance(code, (int, str)) and code in {STATUS_ERROR, "STATUS_CODE_ERROR"},
        _string(status, "message", (at, "status")),
        repeated,
        at,
    )


def _json_repeated(holder: Mapping[str, Json] | None, attributes: Sized) -> tuple[str, ...]:
    sent = (holder or {}).get("attributes") or ()
    return () if len(sent) == len(attributes) else _more_than_once(each.get("key") or "" for each in sent if each)


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
    try:
        if not isinstance(value, bool):
            return float(value)
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
    if isinstance(sent, int) and not isinstance(sent, bool) and sent in _WHOLE:
        return sent
    if isinstance(sent, float) and sent.is_integer() and int(sent) in _WHOLE:
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
    return BadRequest("Invalid trace data", [Detail(pointer_to(at), rule, message)])


def pointer_to(at: Place) -> str:
    """The JSON pointer (RFC 6901) of a place in the body."""
    return f"{pointer_to(at[0])}/{at[1]}" if at else ""
