"""What a session shows of its events, gone wrong."""

from collections.abc import Callable
from functools import partial
from typing import Any

from mutants.mutant import Group, Patch, responses

mutant = Group("what sessions add up")
Event = dict[str, Any]


def shown(change: Callable[[Event], Event]) -> Patch:
    """Other sessions in the responses of those that read one event."""

    def changed(body: Event) -> Event:
        event: Any = body.get("event")
        is_session = isinstance(event, dict) and event.get("event_type") == "session"
        return {**body, "event": change(event)} if is_session else body

    return responses(changed, ("getEvent",))


def totals(change: Callable[[Event], Event]) -> Patch:
    """Other metadata of sessions."""
    return shown(lambda event: {**event, "metadata": change(event["metadata"])})


def times(change: Callable[[str, Any], Any]) -> Patch:
    """Other numbers of a session; `change` is told the name, and returns the number."""
    return totals(lambda held: {name: change(name, value) for name, value in held.items()})


def stuck(name: str, value: Any) -> Patch:
    """A member of a session that is always the same."""
    return shown(lambda event: {**event, name: value})


def plus(name: str) -> Patch:
    """A number that is too high."""
    return times(lambda each, value: value + 2 if each == name and isinstance(value, int) else value)


def zero(name: str) -> Patch:
    """A number that stays zero."""
    return times(lambda each, value: 0 if each == name else value)


for name in ("num_events", "num_model_events"):
    mutant(f"{name.replace('_', '-')}-stays-zero", "AGG-COUNT-01")(partial(zero, name))
    mutant(f"{name.replace('_', '-')}-is-too-high", "AGG-COUNT-01")(partial(plus, name))
mutant("nothing-is-counted", "AGG-COUNT-01")(
    lambda: totals(lambda held: {name: value for name, value in held.items() if not name.startswith("num_")})
)


def verdict(value: bool) -> Patch:  # noqa: FBT001 - it is the value
    """Feedback that is always said to be there, or never."""
    return times(lambda name, held: value if name == "has_feedback" else held)


mutant("feedback-is-always-there", "AGG-COUNT-02")(partial(verdict, True))  # noqa: FBT003 - likewise
mutant("feedback-is-never-there", "AGG-COUNT-02")(partial(verdict, False))  # noqa: FBT003 - likewise
for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
    mutant(f"{name.replace('_', '-')}-are-not-summed", "AGG-SUM-01")(partial(zero, name))
mutant("tokens-of-all-events-are-summed", "AGG-SUM-01")(
    partial(times, lambda name, value: value * 3 // 2 if name.endswith("_tokens") and isinstance(value, int) else value)
)
for name in ("start_time", "end_time", "duration"):
    mutant(f"{name.replace('_', '-')}-of-a-session-is-its-own", "AGG-TIME-01")(partial(stuck, name, None))
mutant("durations-of-sessions-are-always-computed", "AGG-TIME-02")(
    lambda: shown(
        lambda event: (
            {**event, "duration": event["end_time"] - event["start_time"]}
            if event.get("end_time") is not None and event.get("start_time") is not None
            else event
        )
    )
)
mutant("totals-that-were-sent-stay", "AGG-OWN-01")(
    lambda: totals(lambda held: {**held, "num_events": 777} if held.get("num_events") == 3 else held)
)
