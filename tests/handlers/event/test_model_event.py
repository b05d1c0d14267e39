"""The events of models' calls, as the older operations take them."""

from typing import Any

import pytest

from hivestand.handlers.event.model_event import model_event
from hivestand.handlers.event.normalise import Fallback


def test_each_part_of_a_call_has_its_place() -> None:
    """In the object of an event that it belongs to; what is unknown stays, to be told later."""
    event, told = model_event(
        {
            "model": "m",
            "messages": [{"role": "user"}],
            "response": {"content": "yes"},
            "usage": {"total_tokens": 3},
            "cost": 0.5,
            "other": 1,
        }
    )
    assert not told
    assert {
        "event_type": "model",
        "config": {"model": "m"},
        "inputs": {"chat_history": [{"role": "user"}]},
        "outputs": {"content": "yes"},
        "metadata": {"total_tokens": 3, "cost": 0.5},
        "other": 1,
    } == event


@pytest.mark.parametrize(
    ("sent", "held", "told"),
    [
        ({"model": "a", "config": {"model": "b"}}, {"config": {"model": "b"}}, Fallback("model", "ignored")),
        ({"model": "a", "config": "x"}, {"config": {"model": "a"}}, Fallback("config", "type")),
        ({"model": "a", "config": [1]}, {"config": {"model": "a", "value": [1]}}, Fallback("config", "list")),
        ({"usage": {"a": 1}, "metadata": {"a": 2}}, {"metadata": {"a": 2}}, Fallback("usage", "ignored")),
        ({"response": {"a": 1}, "outputs": {"b": 2}}, {"outputs": {"b": 2}}, Fallback("response", "ignored")),
        ({"event_type": "tool"}, {"event_type": "model"}, Fallback("event_type", "ignored")),
    ],
)
def test_what_has_no_room_is_told(sent: dict[str, Any], held: dict[str, Any], told: Fallback) -> None:
    """What the event has anyway goes before what the call has beside it."""
    event, fallbacks = model_event(sent)
    assert (held, [told]) == ({name: event[name] for name in held}, fallbacks)


@pytest.mark.parametrize("sent", [{"model": "a", "config": {"model": "a"}}, {"response": {"a": 1}, "outputs": None}])
def test_nothing_is_told_of_what_is_kept(sent: dict[str, Any]) -> None:
    """The same value twice, and null, take nothing away."""
    assert [] == model_event(sent)[1]
