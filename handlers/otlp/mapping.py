"""Map a span to an event: the body that `createEvent` would get for it.

Pure. The attributes are those that the released Python SDK sends, which flattens what it is given: the first item of a
list `name` in the outputs is `honeyhive_outputs.name.0`. Any other attribute becomes metadata under its own name, so
that nothing is lost.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Final
from uuid import UUID

from hivestand.handlers.event.encoding import loads
from hivestand.handlers.event.normalise import TYPES, Json, uuid_of
from hivestand.handlers.otlp.decoding import MAX_DEPTH, Span

_PREFIX: Final = "honeyhive_"
_SECTIONS: Final = frozenset({"inputs", "outputs", "metadata", "metrics", "config", "feedback", "user_properties"})
_ABOUT: Final = "traceloop.association.properties."  # the SDK repeats session and project under this prefix
_SESSION: Final = ("honeyhive.session_id", "honeyhive_session_id", f"{_ABOUT}session_id")
_SESSION_NAME: Final = ("honeyhive.session_name", "honeyhive_session_name")
_SOURCE: Final = ("honeyhive_source", "honeyhive.source", f"{_ABOUT}source")
_PARENT: Final = ("honeyhive.parent_id", "honeyhive_parent_id", f"{_ABOUT}parent_id")
_NAME: Final = ("honeyhive_event_name", "honeyhive.event_name", "traceloop.entity.name")
_TYPE: Final = ("honeyhive_event_type", "honeyhive.event_type")
_USED: Final = frozenset(
    {
        *(name for names in (_SESSION, _SESSION_NAME, _SOURCE, _PARENT, _NAME, _TYPE) for name in names),
        *("honeyhive_event_id", "honeyhive_error", "honeyhive_duration_ms"),
        *("honeyhive_project", "honeyhive.project", f"{_ABOUT}project", "honeyhive.session_auto_create"),
    }
)
# what other instrumentations say of the kind of a span: OpenInference's, OpenLLMetry's and the semantic conventions'
_KIND: Final = ("openinference.span.kind", "traceloop.span.kind", "gen_ai.operation.name")
_TYPE_OF_KIND: Final[Mapping[str, str]] = {
    **dict.fromkeys(("llm", "chat", "completion", "text_completion", "generate_content", "embeddings"), "model"),
    **dict.fromkeys(("chain", "agent", "workflow", "invoke_agent", "create_agent"), "chain"),
}
_ENTITY: Final = {
    "traceloop.entity.input": "inputs",
    "traceloop.entity.output": "outputs",
}  # JSON, by the TypeScript SDK
MAX_READ: Final = 50_000  # brackets, colons and commas in the JSON texts of one span that are read as values
_NANOSECONDS: Final = 1_000_000  # of a millisecond
_MAX_DIGITS: Final = 8  # digits of a place in a list
_MAX_GAPS: Final = 8  # missing items that a list may have; OTLP drops null


class SessionsOfSpans:
    """The sessions that the spans of a request name.

    Attributes:
        sessions: the body that starts each, by id.
    """

    def __init__(self) -> None:
        """Start without any."""
        self.sessions: dict[str, dict[str, Json]] = {}

    def note(self, span: Span, event: Mapping[str, Json]) -> None:
        """Take what a span, and the event that it is mapped to, say of their session."""
        session = self.sessions.setdefault(event["session_id"], {"session_id": event["session_id"]})
        if "start_time" in event:
            session["start_time"] = min(event["start_time"], session.get("start_time", event["start_time"]))
        for name, value in (("session_name", _first(span.attributes, _SESSION_NAME)), ("source", event.get("source"))):
            if value is not None:
                session.setdefault(name, value)


class JsonTexts:
    """Reads the JSON texts among the attributes of a span, up to `MAX_READ` brackets, colons and commas in all.

    Nothing else runs while a span is mapped, so one that is full of such texts keeps the others as text.
    """

    def __init__(self) -> None:
        """Start before the first text of a span."""
        self._left = MAX_READ

    def parsed(self, value: Json) -> Json:
        """The value of a JSON text; the text itself if it is not JSON, or too much."""
        if not isinstance(value, str):
            return value
        weight = sum(map(value.count, "[{:,"))
        if weight > self._left:
            return value
        self._left -= weight
        try:
            return loads(value.encode())
        except (ValueError, RecursionError):
            return value


def own_ids_of(spans: Iterable[Span]) -> Mapping[tuple[str, str], str]:
    """The event ids that spans name themselves, by trace and span: the parent of another span is found by that."""
    return {_of(span): own for span in spans if (own := uuid_of(span.attributes.get("honeyhive_event_id")))}


def event_of(span: Span, own: Mapping[tuple[str, str], str] | None = None) -> dict[str, Json]:
    """The body of a span's event; `own` holds the event ids that spans name themselves, by trace and span."""
    own = own or {}
    attributes = span.attributes
    session_id = uuid_of(_first(attributes, _SESSION)) or str(UUID(hex=span.trace_id))
    sections = _read_sections(attributes)
    error, error_type = _error(span)
    if error_type is not None:
        sections["metadata"].setdefault("error_type", error_type)
    happened = [each for each in span.events if each.name != "exception"]
    if happened:
        sections["metadata"].setdefault("span_events", [each._asdict() for each in happened])
    duration = attributes.get("honeyhive_duration_ms")
    event = {
        "event_id": own.get(_of(span)) or _id_of(span.trace_id, span.span_id),
        "session_id": session_id,
        "parent_id": _parent_id(span, own, session_id),
        "event_type": _type(attributes),
        "event_name": _first(attributes, _NAME) or span.name,
        "error": error,
        "duration": (span.end - span.start) / _NANOSECONDS if duration is None else duration,
        **sections,
    }
    for name, time in (("start_time", span.start), ("end_time", span.end)):
        if time:
            event[name] = time // _NANOSECONDS
    source = _first(attributes, _SOURCE)
    if source is not None:
        event["source"] = source
    return event


def unusable(span: Span) -> str:
    """Why a span cannot be used; empty if it can."""
    if len(span.trace_id) != 32 or not int(span.trace_id, 16):  # noqa: PLR2004 - hexadecimal digits of sixteen bytes
        return "a span has no valid trace id"
    if len(span.span_id) != 16 or not int(span.span_id, 16):  # noqa: PLR2004 - of eight
        return "a span has no valid span id"
    return ""


def _of(span: Span) -> tuple[str, str]:
    return span.trace_id, span.span_id


def _id_of(trace_id: str, span_id: str) -> str:
    """The id of a span's event, the same each time the span is sent."""
    return str(UUID(bytes=blake2b(bytes.fromhex(trace_id + span_id), digest_size=16).digest(), version=4))


def _parent_id(span: Span, own: Mapping[tuple[str, str], str], session_id: str) -> str:
    """The id of the parent event; for the root of a trace the session, unless the span names another."""
    if not span.parent_id.strip("0"):
        return uuid_of(_first(span.attributes, _PARENT)) or session_id
    return own.get((span.trace_id, span.parent_id)) or _id_of(span.trace_id, span.parent_id.zfill(16))


def _type(attributes: Mapping[str, Json]) -> str:
    """The event type that the span names, or that its kind implies; otherwise `tool`, as in the SDK."""
    said = _first(attributes, _TYPE)
    if said in TYPES:
        return str(said)
    kind = str(_first(attributes, _KIND) or "").lower()
    return "model" if "llm.request.type" in attributes else _TYPE_OF_KIND.get(kind, "tool")


def _error(span: Span) -> tuple[str | None, str | None]:
    """The error and its type: from the SDK's attribute, the recorded exception, or the status."""
    exception = next((each.attributes for each in span.events if each.name == "exception"), {})
    type_ = exception.get("exception.type")
    error = span.attributes.get("honeyhive_error")
    if error is None and span.failure is not None:
        error = exception.get("exception.message") or span.failure or type_ or "error"
    return (None if error is None else str(error)), type_


def _first(attributes: Mapping[str, Json], names: Iterable[str]) -> Json:
    for name in names:
        value = attributes.get(name)
        if value is not None:
            return value
    return None


def _read_sections(attributes: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    """The objects of the event by name, with flattened attributes nested again."""
    sections: dict[str, dict[str, Json]] = {name: {} for name in _SECTIONS}
    nested = set()
    texts = JsonTexts()
    for name, value in attributes.items():
        if name in _USED:
            continue
        section, _, path = name[len(_PREFIX) :].partition(".")
        if section not in _SECTIONS or not name.startswith(_PREFIX):
            _keep_unknown(sections, name, value, texts)
        elif "." in path:
            nested.add(section)
            _nest(sections[section], path.split(".", MAX_DEPTH), value)
        else:
            sections[section][path or "value"] = _argument(value, texts) if section == "inputs" else value
    for section in nested:
        for name, value in sections[section].items():
            if isinstance(value, dict):
                sections[section][name] = _with_lists(value)
    return sections


def _keep_unknown(sections: Mapping[str, dict[str, Json]], name: str, value: Json, texts: JsonTexts) -> None:
    if name in _ENTITY:
        read = texts.parsed(value)
        sections[_ENTITY[name]].update(read if isinstance(read, dict) else {"result": read})
    elif name == "honeyhive_user_id":
        sections["user_properties"].setdefault("user_id", value)
    elif name == "honeyhive_error_type":
        sections["metadata"].setdefault("error_type", value)
    else:
        sections["metadata"].setdefault(name, value)


def _argument(value: Json, texts: JsonTexts) -> Json:
    """An argument of a traced function; the SDK sends objects and lists as the JSON text of `json.dumps`."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    read = texts.parsed(value)
    return read if read is value or json.dumps(read) == value else value


def _nest(holder: dict[str, Json], path: Sequence[str], value: Json) -> None:
    """Put a value at a path; if something else is in the way, under the rest of the path."""
    for place, name in enumerate(path[:-1]):
        inner = holder.setdefault(name, {})
        if not isinstance(inner, dict):
            holder[".".join(path[place:])] = value
            return
        holder = inner
    holder[path[-1]] = value


def _with_lists(value: dict[str, Json]) -> Json:
    """The value with a list for each object whose keys are list positions; missing items were null."""
    inner = {name: _with_lists(each) if isinstance(each, dict) else each for name, each in value.items()}
    if "0" not in inner or not all(name.isascii() and name.isdigit() and len(name) < _MAX_DIGITS for name in inner):
        return inner
    length = max(map(int, inner)) + 1
    if length > 2 * len(inner) + _MAX_GAPS:
        return inner
    return [inner.get(str(place)) for place in range(length)]
