"""Map a span to its event.

Pure. What becomes of an attribute stands in `mapping.yaml`; here are the parts that attributes play, and the ways in
which their values are changed. Nothing is lost: a value whose place is taken becomes metadata under its full name, and
what cannot be kept at all is named.
"""

import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, cached_property
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from hivestand.handlers.event.encoding import loads
from hivestand.handlers.event.normalise import Event, Json, id_of, uuid_of
from hivestand.handlers.otlp.chat import ChatMessages, Replies, messages_in, prompt_in, replies_in
from hivestand.handlers.otlp.decoding import MAX_DEPTH, Span, SpanEvent
from hivestand.handlers.otlp.nesting import nest, with_lists
from hivestand.handlers.otlp.plan import Plan, Plans, TypeCheck
from hivestand.handlers.otlp.table import NOBODY, Place, Row, Rule, load_table

MAX_READ: Final = 50_000  # brackets, colons and commas in the JSON texts of one span that are read as values
MAX_FLAT: Final = (
    8_000  # members of the metadata that attributes without a place become; more are nested in two members
)
SESSION_NAME: Final = "Session"  # of a session that spans create without naming it
SOURCE: Final = "otlp"  # of an event that does not say its own
_MILLISECOND: Final = 1_000_000  # nanoseconds
_FAILED: Final = 400  # the first HTTP status that is an error
_ABSENT: Final = object()
_VARIANTS: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))  # the variant bits of RFC 9562, by digit


@cache
def _plans() -> Plans:
    """The plans of the table, which is read for the first span."""
    return Plans(load_table())


class Mapped(NamedTuple):
    """What became of a span.

    Attributes:
        event: its event.
        told: what of it was not used as it was sent, by the names of attributes, and why.
        creates: whether it asks for its session to be created.
        names_session: whether it says itself which session it is of.
        session_name: what it says of its session's name.
        name_said_by: the attribute that says it, empty if there is none.
        source: what it says of the source.
        placed: where each attribute went, for an explanation; empty unless that is asked for.
        type_rule: the rule that decided the event's type.
    """

    event: Event
    told: Collection[tuple[str, str]]
    creates: bool
    names_session: bool
    session_name: str | None
    name_said_by: str
    source: str | None
    placed: Sequence["Placement"] = ()
    type_rule: str = ""


class Placement(NamedTuple):
    """Where the value of an attribute went: the attribute, the row that says so, and the place, as `metadata.a`."""

    attribute: str
    row: Row | None
    place: str


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


class EventIds:
    """The ids of the events of spans, by trace and span: the one that a span names, otherwise one made from both."""

    def __init__(self, spans: Iterable[Span]) -> None:
        """Take the ids that these spans name themselves: the parent of another span is found by that."""
        named = ((span, span.attributes.get("honeyhive_event_id")) for span in spans)
        self._ids = {_of(span): own for span, sent in named if sent is not None and (own := uuid_of(sent))}

    def __getitem__(self, place: tuple[str, str]) -> str:
        """The id of the event of the span at a place, the same each time the span is sent."""
        known = self._ids.get(place)
        if known is None:
            digits = blake2b(bytes.fromhex(place[0] + place[1]), digest_size=16).hexdigest()
            variant = _VARIANTS[digits[16]]
            known = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
            self._ids[place] = known
        return known


def children_of(spans: Iterable[Span], ids: EventIds) -> Mapping[tuple[str, str], list[str]]:
    """The event ids of the direct children of spans, by trace and span, as far as they are among these."""
    children: dict[tuple[str, str], list[str]] = {}
    for span in spans:
        if not _is_root(span):
            children.setdefault((span.trace_id, span.parent_id.zfill(16)), []).append(ids[_of(span)])
    return children


def unusable(span: Span) -> str:
    """Why a span cannot be used; empty if it can."""
    if len(span.trace_id) != 32 or not int(span.trace_id, 16):  # noqa: PLR2004 - hexadecimal digits of sixteen bytes
        return "a span has no valid trace id"
    if len(span.span_id) != 16 or not int(span.span_id, 16):  # noqa: PLR2004 - of eight
        return "a span has no valid span id"
    return ""


def event_of(
    span: Span,
    ids: EventIds,
    children: Mapping[tuple[str, str], list[str]],
    now: Callable[[], int],
    *,
    is_explained: bool = False,
) -> Mapped:
    """The event of a span.

    `ids` and `children` are those of the spans that came with it; `now` returns the time, Unix milliseconds, for a span
    without one. With `is_explained`, `placed` says where each attribute went.
    """
    mapping = _Mapping(span, is_explained=is_explained)
    place = _of(span)
    event = mapping.event(place, ids, children.get(place, ()), now)
    parts = mapping.parts
    return Mapped(
        event,
        mapping.told,
        "create" in parts and parts["create"] in (True, "true", "True", "TRUE", "1"),
        "session" in parts,
        parts.get("session_name"),
        mapping.played.get("session_name", ""),
        parts.get("source"),
        mapping.placed,
        mapping.type_rule,
    )


def _of(span: Span) -> tuple[str, str]:
    return span.trace_id, span.span_id


def _is_root(span: Span) -> bool:
    return not span.parent_id or not span.parent_id.strip("0")


class _Mapping:
    """A span as it becomes an event.

    Attributes:
        parts: what the attributes say that play a part, by part.
        played: the attribute that plays a part, by part.
        told: what was not used as it was sent, as names and reasons.
        placed: where each attribute went, if that is asked for.
    """

    def __init__(self, span: Span, *, is_explained: bool) -> None:
        """Take the span, and place its attributes."""
        inherited = span.scope.attributes
        attributes = {**inherited, **span.attributes} if inherited else span.attributes
        self._span = span
        self._is_explained = is_explained
        self._objects: dict[str, dict[str, Json]] = {
            "inputs": {},
            "outputs": {},
            "config": {},
            "metadata": {},
            "metrics": {},
            "feedback": {},
            "user_properties": {},
        }
        self._nested: list[tuple[str, str]] = []
        self._functions: dict[int, dict[str, Json]] = {}
        self._last: list[tuple[Place, Json]] = []
        self.parts: dict[str, Json] = {}
        self.played: dict[str, str] = {}
        self.told: dict[tuple[str, str], None] = {}
        self.placed: list[Placement] = []
        if span.repeated:
            self.told.update(dict.fromkeys((name, "repeated") for name in span.repeated))
        if span.scope.told:
            self.told.update(dict.fromkeys(span.scope.told))
        if len(attributes) < len(inherited) + len(span.attributes):
            self._tell_overridden(inherited)
        plans = _plans()
        plan_for = plans.explained if is_explained else plans.plan_for
        self._plan = plan_for(span.scope.name, attributes)
        checks = self._plan.checks if span.events else self._plan.types
        self.type, self.type_rule = _type_of(attributes, checks, span.events)
        self._place_all(attributes, self._plan)

    @cached_property
    def _texts(self) -> JsonTexts:
        return JsonTexts()

    @cached_property
    def _chat(self) -> ChatMessages:
        return ChatMessages()

    @cached_property
    def _replies(self) -> Replies:
        return Replies()

    def _tell_overridden(self, inherited: Mapping[str, Json]) -> None:
        own = self._span.attributes
        for name in inherited.keys() & own.keys():
            if not _same(inherited[name], own[name]):
                self.told[name, "overridden"] = None

    def _place_all(self, attributes: Mapping[str, Json], plan: Plan) -> None:
        """Place the attributes that rows name, in the order of the rows, and then all others."""
        self._move(attributes, plan)
        parts, played = self.parts, self.played
        for part, name, copies in plan.parts:
            value = attributes[name]
            if not (_FITS[part](value) if type(value) is not str or part not in _TEXTS else value):
                if value is not None:
                    self._flat(name, self._finite(name, value))
                continue
            copied = [self._objects[holder].setdefault(key, value) for holder, key in copies]
            if part not in parts:
                parts[part] = value
                played[part] = name
            elif parts[part] != value and value not in copied:
                self._flat(name, self._finite(name, value))
        if plan.ignored:
            self.told.update(plan.ignored)
        for rule, name in plan.steps:
            self._step(rule, name, self._finite(name, attributes[name]))
        for name in plan.flat:
            self._flat(name, self._finite(name, attributes[name]))

    def _move(self, attributes: Mapping[str, Json], plan: Plan) -> None:
        """Move the values whose place nothing else can take."""
        for holder, pairs in plan.direct:
            target = self._objects[holder]
            for key, name in pairs:
                value = attributes[name]
                if type(value) in _MAY_BE_INFINITE:
                    value = self._finite(name, value)
                if value is not None:
                    target[key] = value
        for key, name in plan.arguments:
            value = attributes[name]
            self._objects["inputs"][key] = (
                value if type(value) is str and value[:1] not in _JSON else self._argument(value)
            )

    def _step(self, rule: Rule, name: str, value: Json) -> None:
        """Do with an attribute what its row says."""
        way = "" if rule.row is None else rule.row.way
        if rule.part:
            self._play(rule, name, value)
        elif value is None:
            return
        elif way:
            _WAYS[way](self, rule, name, value)
        else:
            self._put(rule, name, value)

    def event(self, place: tuple[str, str], ids: EventIds, children: Sequence[str], now: Callable[[], int]) -> Event:
        """The span's event."""
        span, parts, objects = self._span, self.parts, self._objects
        if span.events:
            self._take_events()
        self._finish()
        session_id = self._session_id()
        return {
            "event_id": ids[place],
            "session_id": session_id,
            "parent_id": self._parent_id(ids, session_id),
            "children_ids": list(children),
            "event_type": self.type,
            "event_name": self._name(),
            "error": self._error(),
            "source": parts.get("source", SOURCE),
            "duration": self._duration(),
            "start_time": span.start // _MILLISECOND if span.start else now(),
            "end_time": span.end // _MILLISECOND if span.end else None,
            "config": objects["config"],
            "inputs": objects["inputs"],
            "outputs": objects["outputs"],
            "metrics": objects["metrics"],
            "feedback": objects["feedback"],
            "metadata": objects["metadata"],
            "user_properties": objects["user_properties"],
        }

    def _session_id(self) -> str:
        """The id of the session that the span names, otherwise its trace's."""
        named = self.parts.get("session")
        if named is None:
            self.told["session_id", "missing"] = None
            return id_of(self._span.trace_id)
        known = uuid_of(named)
        if known is None:
            self.told[self.played["session"], "format"] = None
        return known or id_of(str(named))

    def _parent_id(self, ids: EventIds, session_id: str) -> str:
        """The id of the parent event; for the root of a trace the session, unless the span names another."""
        span, named = self._span, self.parts.get("parent")
        if _is_root(span):
            return id_of(named) if named else session_id
        parent_id = ids[span.trace_id, span.parent_id.zfill(16)]
        if named and id_of(named) not in (parent_id, session_id):
            self.told[self.played["parent"], "ignored"] = None
        return parent_id

    def _name(self) -> str:
        """The name that is said, otherwise the span's; a span's that differs is kept as metadata."""
        name: str | None = self.parts.get("event_name")
        span_name = self._span.name
        if name is None:
            return span_name
        if span_name not in ("", name):
            self._set("metadata", "span_name", span_name)
        return name

    def _duration(self) -> float:
        """Milliseconds: what is said, otherwise from the span's times."""
        said: float | None = self.parts.get("duration")
        return (self._span.end - self._span.start) / _MILLISECOND if said is None else said

    def _error(self) -> str | None:
        """What is said, an HTTP status that is one, the exception, the status; what else is known of it is metadata."""
        span, parts = self._span, self.parts
        error: str | None = parts.get("error")
        status = parts.get("status")
        if status is not None:
            if error is None and status >= _FAILED:
                error = str(status)
            else:
                self._set("metadata", "status_code", status)
        if error is None and span.events:
            said = (each.attributes.get("exception.message") for each in span.events if each.name == "exception")
            error = next((str(each) for each in said if each), None)
        if error is None and span.is_failed:
            error = span.message or "error"
        if span.message and span.message != error:
            self._set("metadata", "status_message", span.message)
        return error

    def _take_events(self) -> None:
        """Keep the span's events as `_event.<name>.<number>.<attribute>`, and the messages among them as messages."""
        counts: dict[str, int] = {}
        metadata = self._objects["metadata"]
        for place, each in enumerate(self._span.events):
            if len(metadata) > MAX_FLAT:
                metadata["span_events"] = [self._whole(each) for each in self._span.events[place:]]
                break
            number = counts.get(each.name, 0)
            counts[each.name] = number + 1
            beginning = f"_event.{each.name}.{number}."
            metadata[f"{beginning}_name"] = each.name
            metadata[f"{beginning}_timestamp"] = each.time
            for name, value in each.attributes.items():
                metadata[f"{beginning}{name}"] = self._finite(name, value)
        self._chat.take_events(self._span.events, self._texts.parsed)
        self._replies.take_events(self._span.events, self._texts.parsed, is_tool=self.type == "tool")

    def _whole(self, event: SpanEvent) -> Json:
        attributes = {name: self._finite(name, value) for name, value in event.attributes.items()}
        return {"name": event.name, "time": event.time, "attributes": attributes}

    def _finish(self) -> None:
        """Put together what came in pieces, fill what is filled last, and say where the span stands."""
        objects = self._objects
        for holder, key in self._nested:
            if isinstance(value := objects[holder].get(key), dict):
                objects[holder][key] = with_lists(value)
        if "_chat" in self.__dict__ and self._chat.has_any:
            messages = self._chat.messages
            if not _same(objects["inputs"].setdefault("chat_history", messages), messages):
                self._keep("inputs.chat_history", messages)
        if "_replies" in self.__dict__ and self._replies.has_any:
            outputs = objects["outputs"]
            for key, value in self._replies.outputs.items():
                if not _same(outputs.setdefault(key, value), value):
                    self._keep(f"outputs.{key}", value)
        self._put_functions()
        for place, value in self._last:
            objects[place.holder].setdefault(place.key, value)
        if self._plan.has_tokens:
            _add_total(objects["metadata"])
        self._set_lineage()

    def _put_functions(self) -> None:
        """Put the functions that a model could call into the inputs."""
        if self._functions:
            functions = [self._functions[number] for number in sorted(self._functions)]
            if self._is_free(Place("inputs", "functions")):
                self._objects["inputs"]["functions"] = functions
            else:
                self._set("metadata", "functions", functions)

    def _set_lineage(self) -> None:
        """Say in the metadata what made the span, and where it stands in its trace."""
        span, metadata = self._span, self._objects["metadata"]
        said: dict[str, Json] = {
            "trace_id": span.trace_id,
            "span_id": span.span_id,
            "parent_span_id": span.parent_id,
            "has_otlp_lineage": True,
        }
        if span.scope.about:
            said["scope"] = span.scope.about
        if self._plan.instrumentor is not NOBODY:
            said["instrumentor"] = self._plan.instrumentor.name
        if span.links:
            said["span_links"] = [self._finite("links", dict(each)) for each in span.links]
        if self._plan.has_plain_lineage and not span.events:
            metadata.update(said)
        else:
            for name, value in said.items():
                self._set("metadata", name, value)

    def _set(self, holder: str, key: str, value: Json) -> None:
        """Set what the span says itself; an attribute that was there makes room."""
        taken = self._objects[holder].get(key, value)
        self._objects[holder][key] = value
        if not _same(taken, value):
            self._keep(f"{key}.value", taken)

    def _play(self, rule: Rule, name: str, value: Json) -> None:
        """Let an attribute play its part, unless another did already."""
        part = rule.part
        fits = _FITS[part](value)
        if part == "nothing":
            self.told[name, "ignored"] = None
            self._note(rule, name, "")
        elif not fits:
            self._flat(name, value)
        elif part not in self.parts:
            self.parts[part] = value
            self.played[part] = name
            self._note(rule, name, part)
        elif not _same(self.parts[part], value):
            self._flat(name, value)
        else:
            self._note(rule, name, part)
        if fits and rule.copies:
            self._copy(rule, name, value)

    def _put(self, rule: Rule, name: str, value: Json, copied: Json = _ABSENT) -> None:
        """Put a value into its place, and copies of it where nothing else is."""
        place = rule.place
        holder = self._objects[place.holder]
        there = holder.get(place.key, _ABSENT)
        if there is _ABSENT:
            holder[place.key] = value
            self._note(rule, name, f"{place.holder}.{place.key}")
        elif not _same(there, value):
            self._flat(name, value)
        if rule.copies:
            self._copy(rule, name, value if copied is _ABSENT else copied)

    def _copy(self, rule: Rule, name: str, value: Json) -> None:
        for place in rule.copies:
            if place.is_last:
                self._last.append((place, value))
            elif self._is_free(place):
                self._objects[place.holder][place.key] = value
                self._note(rule, name, f"{place.holder}.{place.key}")

    def _is_free(self, place: Place) -> bool:
        return place.key not in self._objects[place.holder]

    def _flat(self, name: str, value: Json) -> None:
        """Keep a value as metadata under the full name of its attribute."""
        if value is None:
            return
        metadata = self._objects["metadata"]
        if name not in metadata and len(metadata) < MAX_FLAT:
            metadata[name] = value
            self._note(None, name, f"metadata.{name}")
        elif name not in metadata or not _same(metadata[name], value):
            self._keep(name, value)

    def _keep(self, name: str, value: Json) -> None:
        """Keep a value whose name is taken, or that is one of too many."""
        metadata = self._objects["metadata"]
        holder = metadata.setdefault("attributes", {})
        if isinstance(holder, dict) and name not in holder:
            holder[name] = value
            self._note(None, name, f"metadata.attributes.{name}")
        else:
            self._tell(name, "ignored")

    def _tell(self, name: str, reason: str) -> None:
        self.told[name, reason] = None
        self._note(None, name, "")

    def _note(self, rule: Rule | None, name: str, place: str) -> None:
        if self._is_explained:
            self.placed.append(Placement(name, None if rule is None else rule.row, place))

    def _finite(self, name: str, value: Json) -> Json:
        """The value with null for what JSON cannot write; that is told."""
        if type(value) not in _MAY_BE_INFINITE:
            return value
        finite = _finite(value)
        if finite is not value:
            self.told[name, "range"] = None
        return finite

    def path(self, rule: Rule, name: str, value: Json) -> None:
        """Put a value at a path in one of HoneyHive's own objects."""
        place = rule.place.holder
        if not rule.path:
            self._members_of(rule, name, self._texts.parsed(value), "value")
            return
        if place == "inputs":
            value = self._argument(value)
        if "." in rule.path:
            self._nested.append((place, rule.path.partition(".")[0]))
        if nest(self._objects[place], rule.path.split(".", MAX_DEPTH), value):
            self._note(rule, name, f"{place}.{rule.path}")
        else:
            self._flat(name, value)

    def _argument(self, value: Json) -> Json:
        """An argument of a traced function; the SDK sends objects and lists as the JSON text of `json.dumps`."""
        if not isinstance(value, str) or value[:1] not in _JSON:
            return value
        read = self._texts.parsed(value)
        return read if read is value or json.dumps(read) == value else value

    def rest(self, rule: Rule, name: str, value: Json) -> None:
        """Put a value under what follows the pattern in its name."""
        self._put(rule, name, value)

    def json(self, rule: Rule, name: str, value: Json) -> None:
        """Put the value of a JSON text."""
        self._put(rule, name, self._texts.parsed(value))

    def members(self, rule: Rule, name: str, value: Json) -> None:
        """Put the members of a JSON object; anything else goes to the row's key."""
        self._members_of(rule, name, self._texts.parsed(value), rule.place.key)

    def _members_of(self, rule: Rule, name: str, value: Json, key: str) -> None:
        """Put the members of an object into the rule's object; a list or another value under `key`."""
        if isinstance(value, dict):
            for member, each in value.items():
                self._put_member(rule, name, member, each)
        elif key:
            self._put_member(rule, name, key, value)
        else:
            self._flat(name, value)

    def _put_member(self, rule: Rule, name: str, key: str, value: Json) -> None:
        place = Place(rule.place.holder, key)
        if self._is_free(place):
            self._objects[place.holder][key] = value
            self._note(rule, name, f"{place.holder}.{key}")
        elif not _same(self._objects[place.holder][key], value):
            self._flat(f"{name}.{key}", value)

    def names(self, rule: Rule, name: str, value: Json) -> None:
        """Put the names in a list of tools; what else is said of them is kept under the attribute's name."""
        read = self._texts.parsed(value)
        tools = read if isinstance(read, list) else None
        if tools is None:
            self._put(rule, name, read)
            return
        named = [each.get("name", each) if isinstance(each, dict) else each for each in tools]
        self._put(rule, name, named)
        if named != tools:
            self._flat(name, tools)

    def first(self, rule: Rule, name: str, value: Json) -> None:
        """Put a list, and copies of its first item."""
        values = self._texts.parsed(value) if isinstance(value, str) and value.startswith("[") else value
        values = values if isinstance(values, list) else [values]
        self._put(rule, name, values, values[0] if values else None)

    def items(self, rule: Rule, name: str, value: Json) -> None:
        """Put a part of an item of a list."""
        item = self._functions.setdefault(rule.number, {})
        if rule.path in item and not _same(item[rule.path], value):
            self._flat(name, value)
            return
        item[rule.path] = value
        self._note(rule, name, f"{rule.place.holder}.{rule.place.key}")

    def message(self, rule: Rule, name: str, value: Json) -> None:
        """Put a part of a message into the conversation."""
        if self._chat.take(_source(rule), rule.number, rule.path, value):
            self._note(rule, name, "inputs.chat_history")
        else:
            self._flat(name, value)

    def messages(self, rule: Rule, name: str, value: Json) -> None:
        """Put the messages of a JSON text into the conversation."""
        read, others = prompt_in(self._texts.parsed(value))
        if read is None or not self._chat.take_all(_source(rule), read):
            self._flat(name, value)
            return
        self._note(rule, name, "inputs.chat_history")
        self._members_of(rule, name, others, "")

    def reply(self, rule: Rule, name: str, value: Json) -> None:
        """Put a part of a reply into the outputs."""
        if self._replies.take(_source(rule), rule.number, rule.path, value):
            self._note(rule, name, "outputs")
        else:
            self._flat(name, value)

    def replies(self, rule: Rule, name: str, value: Json) -> None:
        """Put the replies of a JSON text into the outputs."""
        read = replies_in(self._texts.parsed(value))
        if read is None or not self._replies.take_all(_source(rule), read):
            self._flat(name, value)
        else:
            self._note(rule, name, "outputs")

    def input(self, rule: Rule, name: str, value: Json) -> None:
        """Put what went in: a conversation for a model, otherwise arguments."""
        if self.type == "model":
            read = self._texts.parsed(value)
            messages, others = messages_in(read)
            if messages is not None:
                if self._chat.take_all(_source(rule), messages):
                    self._note(rule, name, "inputs.chat_history")
                    self._members_of(rule, name, others, "")
                else:
                    self._flat(name, value)
                return
        self._members_of(rule, name, self._texts.parsed(value), "value")

    def output(self, rule: Rule, name: str, value: Json) -> None:
        """Put what came out: a model's reply, a tool's message, or a chain's results."""
        if self.type == "chain":
            self._members_of(rule, name, self._texts.parsed(value), "value")
        elif self.type == "tool":
            self._put_member(rule, name, "message", value)
        elif self._replies.take_content(value):
            self._note(rule, name, "outputs.content")
        else:
            self._flat(name, value)


_WAYS: Final[Mapping[str, Callable[[_Mapping, Rule, str, Json], None]]] = {
    name: getattr(_Mapping, name)
    for name in (
        "path",
        "rest",
        "json",
        "members",
        "names",
        "first",
        "items",
        "message",
        "messages",
        "reply",
        "replies",
    )
} | {"input": _Mapping.input, "output": _Mapping.output}
_JSON: Final = ("{", "[")  # how the JSON text of an object or a list begins
_MAY_BE_INFINITE: Final = frozenset({float, list, dict})


def _source(rule: Rule) -> int:
    """The number of the row by which messages come, as those of one row belong together."""
    return -1 if rule.row is None else rule.row.number


def _type_of(
    attributes: Mapping[str, Json], checks: Sequence[TypeCheck], events: Sequence[SpanEvent]
) -> tuple[str, str]:
    """The type of a span's event, and the rule that says so: the first of the table that applies."""
    for check in checks:
        if check.without is not None and attributes.get(check.without):
            continue
        if check.values is not None:
            said = attributes[check.names[0]]
            if isinstance(said, str) and (known := check.values.get(said.lower())):
                return known, check.rule
        elif check.is_last or any(attributes[name] for name in check.names) or _is_seen(check, events):
            return check.type, check.rule
    return "tool", ""


def _is_seen(check: TypeCheck, events: Sequence[SpanEvent]) -> bool:
    """Whether a span has an event that is enough for a rule."""
    return bool(events and check.events) and any(f"_event.{each.name}" in check.events for each in events)


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and value != ""


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


_TEXTS: Final = frozenset({"session", "session_name", "source", "event_name", "parent"})  # parts that any text can play
# which values can play a part; any other becomes metadata
_FITS: Final[Mapping[str, Callable[[Json], bool]]] = {
    **dict.fromkeys(("session_name", "source", "event_name", "parent"), _is_text),
    "session": lambda value: _is_text(value) or (isinstance(value, int) and not isinstance(value, bool)),
    "create": lambda value: value is not None,
    "event_id": lambda value: uuid_of(value) is not None,
    "error": lambda value: isinstance(value, str),
    "status": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "duration": _is_number,
    "nothing": lambda value: value is not None,
}


def _same(one: Json, other: Json) -> bool:
    """Whether two JSON values are the same: 1 is not true."""
    return type(one) is type(other) and bool(one == other)


def _finite(value: Json) -> Json:
    """The value with null for numbers that are none; the value itself where there is none of those."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        finite = [_finite(each) for each in value]
        return value if all(map(_is_it, finite, value)) else finite
    if isinstance(value, dict):
        members = {name: _finite(each) for name, each in value.items()}
        return value if all(map(_is_it, members.values(), value.values())) else members
    return value


def _is_it(one: Any, other: Any) -> bool:
    return one is other


def _add_total(metadata: dict[str, Json]) -> None:
    """Add the sum of a model's tokens where it is missing."""
    if "total_tokens" in metadata:
        return
    for sent, received in (("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens")):
        counts = [metadata[name] for name in (sent, received) if name in metadata]
        if counts and all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in counts):
            metadata["total_tokens"] = sum(counts)
            return
