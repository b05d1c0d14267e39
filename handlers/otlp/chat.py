"""Conversations: the messages that went into a model and the replies that came out, in whichever form they are sent.

Pure. A message is an object of `role` and `content`; the calls of tools in it are flat keys, `tool_calls.0.id`, `.name`
and `.arguments`, and the arguments stay JSON text, as HoneyHive has recorded them. What has no place in that stays.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from hivestand.handlers.event.encoding import dumps
from hivestand.handlers.otlp.decoding import SpanEvent

Json = Any
Message = dict[str, Json]
Parsed = Callable[[Json], Json]

_CONTENT: Final = re.compile(r"contents\.([0-9]{1,6})\.message_content\.text")
_CALL: Final = re.compile(r"tool_calls\.([0-9]{1,6})\.tool_call\.(?:function\.)?(id|name|arguments)")
_NUMBER: Final = re.compile("([0-9]+)")
_ROLES: Final = ("system", "user", "assistant", "tool")
_EVENTS: Final = {f"gen_ai.{role}.message": role for role in _ROLES}
_CHOICE: Final = "gen_ai.choice"
_DETAILS: Final = "gen_ai.client.inference.operation.details"
# the kinds of parts that hold the call of a tool, and the names that its id, name and arguments go by
_CALLS: Final = frozenset({"tool_call", "tool-call", "tool_use", "function_call"})
_CALL_NAMES: Final = {
    "id": ("id", "toolCallId", "tool_call_id"),
    "name": ("name", "toolName"),
    "arguments": ("arguments", "args", "input"),
}
_RESULTS: Final = frozenset({"tool_call_response", "tool-result", "tool_result", "function_response"})
_RESULT_NAMES: Final = {
    "tool_call_id": ("id", "toolCallId", "tool_call_id", "tool_use_id"),
    "content": ("response", "result", "output", "content"),
}


class ChatMessages:
    """The messages that went into a model, from the first source that has any.

    Attributes:
        messages: those that came whole.
    """

    def __init__(self) -> None:
        """Start without any."""
        self._source: int | None = None
        self._whole: list[Message] = []
        self._pieces: dict[int, Message] = {}

    @property
    def has_any(self) -> bool:
        """Whether there is any."""
        return bool(self._whole or self._pieces)

    @property
    def messages(self) -> list[Message]:
        """The messages, in the order of their numbers."""
        return [*self._whole, *(_ordered(self._pieces[number]) for number in sorted(self._pieces))]

    def take(self, source: int, number: int, path: str, value: Json) -> bool:
        """Take a piece of a message; returns whether it has a place."""
        if self._source not in (None, source):
            return False
        self._source = source
        return _take(self._pieces.setdefault(number, {}), path, value)

    def take_all(self, source: int, messages: Sequence[Message]) -> bool:
        """Take whole messages; returns whether none came from elsewhere."""
        if self._source is not None:
            return False
        self._source = source
        self._whole = [*messages]
        return True

    def take_events(self, events: Iterable[SpanEvent], parsed: Parsed) -> None:
        """Take the messages among the events of a span, unless others are there; the system's come first."""
        if self._source is not None:
            return
        messages: list[Message] = []
        for each in events:
            if (role := _EVENTS.get(each.name)) is not None:
                messages.append(_message_of_event(role, each.attributes, parsed))
            elif each.name == _DETAILS:
                read, _ = messages_in(parsed(each.attributes.get("gen_ai.input.messages")))
                messages += read or ()
        self._whole = sorted(messages, key=_is_not_system)


class Replies:
    """What came out of a model, from the first source that has any.

    Attributes:
        outputs: the members of the event's outputs: those of the first reply, and of others under `choices.<number>`.
    """

    def __init__(self) -> None:
        """Start without any."""
        self._source: int | None = None
        self._replies: dict[int, Message] = {}

    @property
    def has_any(self) -> bool:
        """Whether there is any."""
        return bool(self._replies)

    @property
    def outputs(self) -> Message:
        """The replies as members of one object."""
        outputs: Message = {}
        for number in sorted(self._replies):
            prefix = f"choices.{number}." if number else ""
            outputs.update({f"{prefix}{key}": value for key, value in _ordered(self._replies[number]).items()})
        return outputs

    def take(self, source: int, number: int, path: str, value: Json) -> bool:
        """Take a piece of a reply; returns whether it has a place."""
        if self._source not in (None, source):
            return False
        self._source = source
        return _take(self._replies.setdefault(number, {}), path, value)

    def take_content(self, value: Json) -> bool:
        """Take the content of the first reply, unless it has one; returns whether it has that now."""
        first = self._replies.setdefault(0, {})
        if any(key == "content" or _CONTENT.fullmatch(key) for key in first):
            return bool(_ordered(first).get("content") == value)
        first["content"] = value
        return True

    def take_all(self, source: int, replies: Sequence[Message]) -> bool:
        """Take whole replies; returns whether none came from elsewhere."""
        if self._source is not None:
            return False
        self._source = source
        self._replies = dict(enumerate(replies))
        return True

    def take_events(self, events: Iterable[SpanEvent], parsed: Parsed, *, is_tool: bool) -> None:
        """Take the choices among the events of a span, unless replies are there; of a tool they are its result."""
        if self._source is not None:
            return
        replies: list[Message] = []
        for each in events:
            if each.name == _CHOICE:
                replies.append(_choice(each.attributes, parsed, is_tool=is_tool))
            elif each.name == _DETAILS:
                replies += replies_in(parsed(each.attributes.get("gen_ai.output.messages"))) or ()
        for number, reply in enumerate(replies):
            known = self._replies.setdefault(number, {})
            self._replies[number] = {**reply, **known}


def messages_in(value: Json) -> tuple[list[Message] | None, Message]:
    """The messages in a value, and what else it has; None where it has none.

    They are a list, the members `messages` or `new_message` of an object, or a text, which is the user's.
    """
    if isinstance(value, str):
        return [{"role": "user", "content": value}], {}
    if isinstance(value, list):
        return _all_of(value), {}
    if not isinstance(value, dict):
        return None, {}
    for name in ("messages", "new_message"):
        if name in value:
            sent = value[name] if name == "messages" else [value[name]]
            messages = _all_of(sent) if isinstance(sent, list) else None
            return messages, {key: each for key, each in value.items() if key != name} if messages is not None else {}
    return None, {}


def prompt_in(value: Json) -> tuple[list[Message] | None, Message]:
    """The messages of a prompt of the Vercel AI SDK: `messages`, or `prompt`, after `system`; and what else it has."""
    if not isinstance(value, dict) or not value.keys() & {"prompt", "system"}:
        return messages_in(value)
    rest = {key: each for key, each in value.items() if key not in ("prompt", "system")}
    messages, rest = messages_in(rest) if "messages" in rest else ([], rest)
    prompt, _ = messages_in(value["prompt"]) if "prompt" in value else ([], {})
    system = [{"role": "system", "content": value["system"]}] if "system" in value else []
    if messages is None or prompt is None:
        return None, {}
    return [*system, *messages, *prompt], rest


def replies_in(value: Json) -> list[Message] | None:
    """The replies in a list of messages; None where it is none."""
    return _all_of(value) if isinstance(value, list) else None


def _all_of(sent: Sequence[Json]) -> list[Message] | None:
    """The messages in a list, or in lists of a list; None where an item is none."""
    flat = [each for item in sent for each in (item if isinstance(item, list) else [item])]
    if not flat or not all(isinstance(each, dict) and each.keys() & _MARKS for each in flat):
        return None
    return [_message(each) for each in flat]


_MARKS: Final = frozenset({"role", "content", "parts"})


def _message(sent: Mapping[str, Json]) -> Message:
    """A message with its parts joined to text, and the calls of tools as flat keys."""
    message: Message = {}
    rest: list[Json] = []
    for key, value in sent.items():
        if key in ("parts", "content") and isinstance(value, list):
            rest += _join_parts(message, value)
        elif key == "tool_calls" and isinstance(value, list):
            left = [each for each in value if not _take_call(message, each)]
            if left:
                message[key] = left
        elif key in message and message[key] != value:
            message[f"{key}.value"] = value
        else:
            message[key] = value
    if rest:
        message["parts"] = rest
    return message


def _join_parts(message: Message, parts: Sequence[Json]) -> list[Json]:
    """Join the texts of parts to the content, take calls and results of tools; returns the parts that are left."""
    texts: list[str] = []
    left: list[Json] = []
    for part in parts:
        text = _text(part)
        if text is not None:
            texts.append(text)
        elif not _take_call(message, part) and not _take_result(message, part):
            left.append(part)
    if texts:
        message["content"] = "\n".join([*([message["content"]] if "content" in message else []), *texts])
    return left


def _text(part: Json) -> str | None:
    """The text of a part that is nothing else."""
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or part.get("type", "text") != "text" or len(part) > 1 + ("type" in part):
        return None
    text = part.get("text", part.get("content"))
    return text if isinstance(text, str) else None


def _take_call(message: Message, part: Json) -> bool:
    """Take the call of a tool as flat keys; returns whether the part is one, and nothing else."""
    if not isinstance(part, dict):
        return False
    function = part.get("function")
    call = part
    if isinstance(function, dict):
        call = {**{key: each for key, each in part.items() if key != "function"}, **function}
    if not isinstance(function, dict) and part.get("type") not in _CALLS:
        return False
    found = _found(call, _CALL_NAMES)
    if found is None or "name" not in found:
        return False
    number = sum(1 for key in message if key.startswith("tool_calls.") and key.endswith(".name"))
    for key, value in found.items():
        is_text = key != "arguments" or isinstance(value, str)
        message[f"tool_calls.{number}.{key}"] = value if is_text else dumps(value).decode()
    return True


def _take_result(message: Message, part: Json) -> bool:
    """Take the result of a tool as the message's content; returns whether the part is one, and nothing else."""
    if not isinstance(part, dict) or part.get("type") not in _RESULTS or message.keys() & _RESULT_NAMES.keys():
        return False
    found = _found(part, _RESULT_NAMES)
    if found is None:
        return False
    message.update(found)
    return True


def _found(part: Mapping[str, Json], names: Mapping[str, Sequence[str]]) -> Message | None:
    """The members of a part by the names that are wanted; None where it has others, or two of a kind."""
    wanted = {each: name for name, spellings in names.items() for each in spellings}
    found: Message = {}
    for key, value in part.items():
        if key == "type":
            continue
        name = wanted.get(key)
        if name is None or name in found:
            return None
        found[name] = value
    return found


def _message_of_event(role: str, attributes: Mapping[str, Json], parsed: Parsed) -> Message:
    """The message of an event, whose attributes are its members."""
    message: Message = {"role": attributes.get("role") or role}
    if "content" in attributes:
        message.update(_content(attributes["content"], parsed))
    if role == "tool" and "id" in attributes:
        message["tool_call_id"] = attributes["id"]
    _take_calls(message, attributes, parsed)
    return message


def _choice(attributes: Mapping[str, Json], parsed: Parsed, *, is_tool: bool) -> Message:
    """The reply of an event `gen_ai.choice`; of a tool its result."""
    sent = parsed(attributes["message"]) if _is_json(attributes.get("message")) else attributes.get("message")
    if is_tool:
        result = {} if sent is None else {"result": _content(sent, parsed).get("content", sent)}
        return {**result, **({"tool_call_id": attributes["id"]} if "id" in attributes else {})}
    reply: Message = {"role": attributes.get("role") or "assistant"}
    if isinstance(sent, dict) and sent.keys() & {"role", "content", "tool_calls"}:
        reply.update(_message(sent))
    elif sent is not None:
        reply.update(_content(sent, parsed))
    if "finish_reason" in attributes:
        reply["finish_reason"] = attributes["finish_reason"]
    _take_calls(reply, attributes, parsed)
    return reply


def _take_calls(message: Message, attributes: Mapping[str, Json], parsed: Parsed) -> None:
    calls = attributes.get("tool_calls", attributes.get("tool.calls"))
    for each in read if isinstance(read := parsed(calls), list) else ():
        _take_call(message, each)


def _content(value: Json, parsed: Parsed) -> Message:
    """Content: text as it is, or the parts of a JSON text or list."""
    read = parsed(value) if _is_json(value) else value
    if isinstance(read, list) and read:
        message: Message = {}
        left = _join_parts(message, read)
        return {**message, "parts": left} if left else message
    return {"content": value}


def _is_json(value: Json) -> bool:
    return isinstance(value, str) and value[:1] in ("[", "{")


def _take(message: Message, path: str, value: Json) -> bool:
    """Take a piece of a message by its path; returns whether the path was free, or had the same value."""
    if call := _CALL.fullmatch(path):
        path = f"tool_calls.{call[1]}.{call[2]}"
    if path in message and message[path] != value:
        return False
    message[path] = value
    return True


def _ordered(pieces: Mapping[str, Json]) -> Message:
    """A message with its keys in order, numbers in them as numbers, and its texts joined to the content."""
    message: Message = {}
    texts: list[str] = []
    for key in sorted(pieces, key=_place):
        value = pieces[key]
        if "content" not in pieces and _CONTENT.fullmatch(key) and isinstance(value, str):
            texts.append(value)
        else:
            message[key] = value
    return {**message, "content": "\n".join(texts)} if texts else message


def _place(key: str) -> tuple[int, list[tuple[int, str]]]:
    """Where a key of a message stands: role and content first, and numbers in others as numbers."""
    first = ("role", "content").index(key) if key in ("role", "content") else 2
    return first, [(int(part), "") if part.isdigit() and len(part) < 9 else (-1, part) for part in _NUMBER.split(key)]  # noqa: PLR2004 - digits


def _is_not_system(message: Message) -> bool:
    return message.get("role") != "system"
