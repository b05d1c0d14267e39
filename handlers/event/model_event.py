"""The calls of models as the older operations take them, and the events that they stand for.

Pure. The older reference documents such a call as one flat object; what each of its properties becomes of an event is
our decision, after the events that it documents beside them.
"""

from collections.abc import Mapping
from typing import Final

from hivestand.handlers.event.normalise import EVENT_FIELDS, Json

_CONFIG: Final = ("model", "provider", "hyperparameters", "template", "tool_choice", "response_format")


def model_event(sent: Mapping[str, Json]) -> dict[str, Json]:
    """The event of a model's call; what an event has anyway, and what is unknown, stays as it is."""
    event = {name: value for name, value in sent.items() if name in EVENT_FIELDS}
    config = {name: sent[name] for name in _CONFIG if name in sent}
    inputs: dict[str, Json] = {"chat_history": sent["messages"]} if "messages" in sent else {}
    if "template_inputs" in sent:
        inputs["template_inputs"] = sent["template_inputs"]
    usage = sent.get("usage")
    metadata = dict(usage) if isinstance(usage, dict) else {} if usage is None else {"usage": usage}
    if "cost" in sent:
        metadata["cost"] = sent["cost"]
    event["event_type"] = "model"
    for name, made in (("config", config), ("inputs", inputs), ("metadata", metadata)):
        given = event.get(name)
        if made or name == "inputs":
            event[name] = {**made, **given} if isinstance(given, dict) else made
    response = sent.get("response")
    if response is not None and "outputs" not in sent:
        event["outputs"] = response if isinstance(response, (dict, list)) else {"value": response}
    used = {*EVENT_FIELDS, *_CONFIG, "messages", "template_inputs", "usage", "cost", "response"}
    return {**event, **{name: value for name, value in sent.items() if name not in used}}
