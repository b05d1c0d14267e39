"""The leaves of a request, and which of them are lost: neither readable again nor named in the fallbacks.

A leaf is a text, number or truth value at any depth. Of a span it is each attribute of span, resource, scope and
events, the names and ids, both times in milliseconds, and the message of its status.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

EXEMPT = frozenset({"single_session", "is_single_session"})
OF_A_SPAN = frozenset(
    {"kind", "flags", "traceState", "droppedAttributesCount", "droppedEventsCount", "droppedLinksCount"}
)
ASKS = "honeyhive.session_auto_create"
KIND = "type"  # of a part of a message, which is joined to its content if it is text
PLAIN = frozenset({"", "true", "false", "0", "1"})  # values that are found anywhere, so their names have to fit
UUID = re.compile("[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
# an entry of the header: a display string, a string or a token
ENTRY = re.compile(r'(?:%"([^"]*)"|"((?:[^"\\]|\\.)*)"|([^;,"\s]+));reason=[\w-]+(?:;count=\d+)?(?:, |$)')


class Leaf(NamedTuple):
    """A value, the JSON pointer to it, and the name of its property or attribute."""

    pointer: str
    name: str
    value: Any


def leaves_of(body: Any) -> Iterator[Leaf]:
    """The leaves of a body."""
    if isinstance(body, dict) and "resourceSpans" in body:
        yield from _of_spans(body)
    else:
        yield from _of_json(body, "", "")


def _of_json(value: Any, pointer: str, name: str) -> Iterator[Leaf]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key not in EXEMPT:
                yield from _of_json(each, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", key)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _of_json(each, f"{pointer}/{number}", name)
    elif value is not None:
        yield Leaf(pointer, name, value)


def _of_spans(body: Mapping[str, Any]) -> Iterator[Leaf]:
    for number, resource in enumerate(body["resourceSpans"]):
        at = f"/resourceSpans/{number}"
        yield from _of_attributes(resource.get("resource") or {}, f"{at}/resource")
        for place, scope in enumerate(resource.get("scopeSpans") or ()):
            below = f"{at}/scopeSpans/{place}"
            about = scope.get("scope") or {}
            yield from _of_attributes(about, f"{below}/scope")
            yield from (
                Leaf(f"{below}/scope/{name}", name, about[name]) for name in ("name", "version") if name in about
            )
            for count, span in enumerate(scope.get("spans") or ()):
                yield from _of_span(span, f"{below}/spans/{count}")


def _of_span(span: Mapping[str, Any], at: str) -> Iterator[Leaf]:
    for name in ("traceId", "spanId", "parentSpanId", "name"):
        if span.get(name):
            yield Leaf(f"{at}/{name}", name, span[name])
    for name, stored in (("startTimeUnixNano", "start_time"), ("endTimeUnixNano", "end_time")):
        if int(span.get(name) or 0):
            yield Leaf(f"{at}/{name}", stored, int(span[name]) // 1_000_000)
    message = (span.get("status") or {}).get("message")
    if message:
        yield Leaf(f"{at}/status/message", "message", message)
    yield from _of_attributes(span, at)
    for number, event in enumerate(span.get("events") or ()):
        yield Leaf(f"{at}/events/{number}/name", "name", event["name"])
        yield from _of_attributes(event, f"{at}/events/{number}")


def _of_attributes(holder: Mapping[str, Any], at: str) -> Iterator[Leaf]:
    for number, each in enumerate(holder.get("attributes") or ()):
        if each["key"] != ASKS:
            for leaf in _of_json(_plain(each.get("value")), f"{at}/attributes/{number}", each["key"]):
                yield leaf._replace(name=each["key"])


def _plain(value: Any) -> Any:
    """The value of an AnyValue in OTLP's JSON."""
    if not value:
        return None
    ((kind, held),) = value.items()
    if kind == "intValue":
        return int(held)
    if kind == "arrayValue":
        return [_plain(each) for each in held.get("values", ())]
    if kind == "kvlistValue":
        return {each["key"]: _plain(each.get("value")) for each in held.get("values", ())}
    return held


def named_in(fallbacks: str) -> list[str]:
    """The names in the header `Hivestand-Fallbacks`."""
    return [
        unquote(display) if display else re.sub(r"\\(.)", r"\1", quoted) or token
        for display, quoted, token in ENTRY.findall(fallbacks)
    ]


def lost(leaves: Iterable[Leaf], events: Sequence[Any], fallbacks: str) -> list[Leaf]:
    """The leaves that are neither in the events nor named."""
    held: dict[str, set[str]] = {}
    for path, value in _values(events, ()):
        held.setdefault(_known(value), set()).update(path)
    names = named_in(fallbacks)
    return [
        leaf for leaf in leaves if not _is_readable(leaf, held) and not any(_is_named(leaf, each) for each in names)
    ]


def _is_readable(leaf: Leaf, held: Mapping[str, set[str]]) -> bool:
    value = _parsed(leaf.value)
    if isinstance(value, (dict, list)):  # JSON text that may be stored as values, and each of them elsewhere
        inner = (each for each in _of_json(value, leaf.pointer, leaf.name) if each.name != KIND)
        return _known(leaf.value) in held or all(_is_readable(each, held) for each in inner)
    known = _known(leaf.value)
    if known in PLAIN:
        own = f"{leaf.name}.{leaf.pointer.rpartition('/')[2]}"  # a member of an attribute's value has two names
        return any(_resembles(own, name) for name in held.get(known, ()))
    # the texts of the parts of a message are lines of its content
    return known in held or any(known in text.split("\n") for text in held)


def _is_named(leaf: Leaf, name: str) -> bool:
    """Whether a name is that of the leaf, of what is above it, or a pointer to either."""
    pointer = f"{leaf.pointer}/"
    escaped = name.replace("~", "~0").replace("/", "~1")
    return pointer.startswith(f"{name}/") or f"/{escaped}/" in pointer or name == leaf.name


def _resembles(name: str, stored: str) -> bool:
    return bool(_words(name) & _words(stored)) or stored.isdigit()


def _words(name: str) -> set[str]:
    """The words of a name, in whatever way they are joined."""
    return {each.lower() for each in re.split(r"[._/]|(?<=[a-z])(?=[A-Z])", name) if each}


def _values(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each value that can be read, with the names above it; JSON text is read, too."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _values(each, (*path[-2:], key))
    elif isinstance(value, list):
        for each in value:
            yield from _values(each, path)
    elif value is not None:
        yield path, value
        read = _parsed(value)
        if isinstance(read, (dict, list)):
            yield from _values(read, path)


def _parsed(value: Any) -> Any:
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _known(value: Any) -> str:
    """A value as text: ids in any spelling, 1.0 as 1."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return (
        text.lower().replace("-", "")
        if re.fullmatch(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}", text)
        else text
    )
