"""What a session shows of the events that are in it."""

from collections.abc import Iterator, Mapping
from typing import Any

from hivestand.conformance.api import Api
from hivestand.conformance.exchange import Exchange
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import ABSENT, Finding, Level, Matcher
from hivestand.conformance.requirements.updates import held_in

registry = Registry()
OPERATIONS = ("getEvent",)
GUIDE = "documentation of session aggregation"
START = 1767225600000  # Unix milliseconds
TOKENS = {"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19}
RESERVED = ("num_events", "num_model_events", "has_feedback", *TOKENS)
EVENTS: tuple[dict[str, Any], ...] = (
    {"event_type": "model", "start_time": START + 2000, "end_time": START + 3000, "metadata": TOKENS},
    {"event_type": "model", "start_time": START + 1000, "end_time": START + 9000, "metadata": TOKENS},
    {"event_type": "tool", "start_time": START + 4000, "end_time": START + 5000, "metadata": TOKENS},
)


def session_of(
    api: Api, events: tuple[dict[str, Any], ...] = EVENTS, **own: Any
) -> tuple[Mapping[str, Any], tuple[Exchange, ...]]:
    """A session with events, as it is read once all of them count, and what shows it."""
    session_id = api.new_id()
    posted = [api.start(api.marked({"session_id": session_id, "start_time": START, **own}))]
    posted += [
        api.call("createEvent", api.marked({"inputs": {}, "session_id": session_id, **event})) for event in events
    ]
    read = api.read(session_id, lambda event: _number(event) in {len(events), len(events) + 1})
    return read.response.held, (*posted, read)


def _usual(api: Api) -> tuple[Mapping[str, Any], tuple[Exchange, ...]]:
    return api.once("a session with events", lambda: session_of(api))


def _number(event: Mapping[str, Any]) -> float:
    number = held_in(event, "metadata").get("num_events")
    return number if isinstance(number, int | float) else 0


def _counts(number: int) -> Matcher:
    return Matcher(f"{number}, or {number + 1} with the session itself", lambda value: value in {number, number + 1})


@registry.scenario("AGG-COUNT-01", Level.MUST, "A session counts its events", source=GUIDE, operations=OPERATIONS)
def counts(api: Api, _: str) -> Iterator[Finding]:
    """A session counts its events: all of them, and those of models."""
    session, evidence = _usual(api)
    metadata = held_in(session, "metadata")
    yield Finding(_counts(len(EVENTS)), metadata.get("num_events", ABSENT), evidence)
    yield Finding(2, metadata.get("num_model_events", ABSENT), evidence)


@registry.scenario(
    "AGG-COUNT-02", Level.MUST, "A session says whether it has feedback", source=GUIDE, operations=OPERATIONS
)
def says_feedback(api: Api, _: str) -> Iterator[Finding]:
    """A session says whether it has feedback: its events', too."""
    event = {"event_type": "tool", "start_time": START}
    for feedback in ({}, {"rating": 5}):
        session, evidence = session_of(api, ({**event, "feedback": feedback},))
        yield Finding(bool(feedback), held_in(session, "metadata").get("has_feedback", ABSENT), evidence)


@registry.scenario("AGG-SUM-01", Level.MUST, "A session sums the tokens of models", source=GUIDE, operations=OPERATIONS)
def sums(api: Api, _: str) -> Iterator[Finding]:
    """A session sums the tokens of models: and of no other events."""
    session, evidence = _usual(api)
    metadata = held_in(session, "metadata")
    expected = {name: 2 * value for name, value in TOKENS.items()}
    yield Finding(expected, {name: metadata.get(name, ABSENT) for name in expected}, evidence)


@registry.scenario("AGG-TIME-01", Level.MUST, "A session spans its events", source=GUIDE, operations=OPERATIONS)
def spans(api: Api, _: str) -> Iterator[Finding]:
    """A session spans its events: from the earliest start to the latest end."""
    session, evidence = _usual(api)
    found = [session.get(name) for name in ("start_time", "end_time", "duration")]
    yield Finding([START, START + 9000, 9000], found, evidence)


@registry.scenario("AGG-TIME-02", Level.MUST, "A duration that was sent stays", source=GUIDE, operations=OPERATIONS)
def keeps_its_duration(api: Api, _: str) -> Iterator[Finding]:
    """A duration that was sent stays: whatever the times of its events."""
    session, evidence = session_of(api, duration=5)
    yield Finding(5, session.get("duration"), evidence)


@registry.scenario("AGG-OWN-01", Level.MUST, "Reserved fields cannot be sent", source=GUIDE, operations=OPERATIONS)
def are_reserved(api: Api, _: str) -> Iterator[Finding]:
    """Reserved fields cannot be sent: they are overwritten."""
    session, evidence = session_of(api, metadata=dict.fromkeys(RESERVED, 777))
    metadata = held_in(session, "metadata")
    yield Finding([], sorted(name for name in RESERVED if metadata.get(name, ABSENT) == 777), evidence)  # noqa: PLR2004


@registry.scenario(
    "AGG-SUM-02", Level.INFO, "A session sums what its models cost", source="open", operations=OPERATIONS
)
def sums_costs(api: Api, _: str) -> Iterator[Finding]:
    """A session sums what its models cost: as their metadata has it."""
    event = {"event_type": "model", "start_time": START, "metadata": {"cost": 0.25}}
    session, evidence = session_of(api, (event, event))
    yield Finding(0.5, held_in(session, "metadata").get("cost", ABSENT), evidence)
