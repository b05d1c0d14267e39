"""The calls of models as the older operations take them, and the events that they stand for.

Pure. The older reference documents such a call as one flat object; what each of its properties becomes of an event is
our decision, after the events that it documents beside them.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from hivestand.handlers.event.normalise import EVENT_FIELDS, Fallback, Json

_CONFIG: Final = ("model", "provider", "hyperparameters", "template", "tool_choice", "response_format")
_USED: Final = frozenset(
    {*EVENT_FIELDS, *_CONFIG, "messages", "template_inputs", "usage", "cost", "response"} - {"event_type"}
)


class _Member(NamedTuple):
    """A member of an object of the event, and the property of the call that it comes from."""

    holder: str
    key: str
    value: Json
    name: str


def model_event(sent: Mapping[str, Json]) -> tuple[dict[str, Json], list[Fallback]]:
    """The event of a model's call, and what of the call it has no room for.

    What an event has anyway, and what is unknown, stays as it is, and goes before what the call has beside it.
    """
    told: list[Fallback] = []
    event = {name: value for name, value in sent.items() if name in EVENT_FIELDS or name not in _USED}
    if sent.get("event_type") not in (None, "model"):
        told.append(Fallback("event_type", "ignored"))
    event["event_type"] = "model"
    if event.get("inputs") is None:
        event["inputs"] = {}
    for member in _members(sent):
        held = event.get(member.holder)
        if not isinstance(held, dict):
            if held is not None:
                told.append(Fallback(member.holder, "list" if isinstance(held, list) else "type"))
            held = {"value": held} if isinstance(held, list) else {}
        if member.key in held and held[member.key] != member.value:
            told.append(Fallback(member.name, "ignored"))
        event[member.holder] = {member.key: member.value, **held}
    response = sent.get("response")
    if response is not None:
        if event.get("outputs") is None:
            event["outputs"] = response if isinstance(response, (dict, list)) else {"value": response}
        else:
            told.append(Fallback("response", "ignored"))
    return event, told


def _members(sent: Mapping[str, Json]) -> Iterator[_Member]:
    for name in _CONFIG:
        if name in sent:
            yield _Member("config", name, sent[name], name)
    if "messages" in sent:
        yield _Member("inputs", "chat_history", sent["messages"], "messages")
    if "template_inputs" in sent:
        yield _Member("inputs", "template_inputs", sent["template_inputs"], "template_inputs")
    usage = sent.get("usage")
    if isinstance(usage, dict):
        for key, value in usage.items():
            yield _Member("metadata", key, value, "usage")
    elif usage is not None:
        yield _Member("metadata", "usage", usage, "usage")
    if "cost" in sent:
        yield _Member("metadata", "cost", sent["cost"], "cost")
