"""How many events are stored at once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from skep.conformance.api import Api
from skep.conformance.exchange import Exchange
from skep.conformance.operations import ADDING, BATCHES
from skep.conformance.registry import Registry
from skep.conformance.requirement import Finding, Level
from skep.conformance.requirements.events import UUID, event_in
from skep.conformance.world import canonical

registry = Registry()
REQUIRED = "Each event must include event_type and inputs"
SINGLE = "If true, all events share a single session created from session_properties"
NAMES = {"createEventBatch": ("single_session", "session_properties")}
OLD_NAMES = ("is_single_session", "session")
INVALID: tuple[dict[str, Any], ...] = ({"inputs": {}}, {"event_type": "tool"}, {"event_type": "other", "inputs": {}})


def add(api: Api, operation: str, session_id: str, events: Sequence[Mapping[str, Any]]) -> Exchange:
    """Add events to a session."""
    return api.call(operation, {"events": list(events)}, session_id)


@registry.scenario(
    "EVT-BAT-01", Level.MUST, "A batch is answered with an id for each event", source="event_ids", operations=BATCHES
)
def an_id_for_each(api: Api, operation: str) -> Iterator[Finding]:
    """In the order of the events: each id is that of its event."""
    own = api.new_id()
    events = [api.event(event_name=f"batch {number}") for number in range(3)]
    events[1]["event_id"] = own
    exchange = api.call(operation, {"events": events})
    answer = exchange.response.event
    answered = answer.get("event_ids")
    ids = answered if isinstance(answered, list) else []
    yield Finding([200, True, 3], [exchange.response.status, answer.get("success"), len(ids)], (exchange,))
    for number, event_id in enumerate(ids):
        yield Finding(UUID, event_id, (exchange,))
        read = api.read(str(event_id))
        yield Finding(f"batch {number}", event_in(read).get("event_name"), (exchange, read))
    yield Finding([own], ids[1:2], (exchange,))


@registry.scenario("EVT-BAT-02", Level.MUST, "A batch of one session is one session", source=SINGLE, operations=BATCHES)
def one_session(api: Api, operation: str) -> Iterator[Finding]:
    """Which is started from its properties, and whose id is answered."""
    flags = [NAMES["createEventBatch"]] + [OLD_NAMES] * (operation == "createEventBatchLegacy")
    for flag, properties in flags:
        session = api.marked({"session_name": "one of a batch", "start_time": 1767225600000, "metadata": {"a": 1}})
        events = [api.marked({"event_type": "tool", "inputs": {}}) for _ in range(2)]
        exchange = api.call(operation, {"events": events, flag: True, properties: session})
        session_id = canonical(exchange.response.event.get("session_id")) or ""
        yield Finding([200, True], [exchange.response.status, bool(session_id)], (exchange,))
        ids = exchange.response.event.get("event_ids") or []
        for event_id in ids:
            read = api.read(str(event_id))
            yield Finding(session_id, event_in(read).get("session_id"), (exchange, read))
        read = api.read(session_id)
        held = event_in(read)
        seen = [held.get("event_type"), held.get("event_name"), held.get("start_time")]
        yield Finding(["session", "one of a batch", 1767225600000], seen, (exchange, read))
        yield Finding(1, (held.get("metadata") or {}).get("a"), (exchange, read))


@registry.scenario(
    "EVT-BAT-03",
    Level.MUST,
    "A batch with an event that cannot be stored is refused",
    source=REQUIRED,
    operations=("createEventBatch",),
    statuses=(400,),
    costly=True,
)
def refuses_a_batch(api: Api, operation: str) -> Iterator[Finding]:
    """With 400."""
    for wrong in api.few(INVALID):
        exchange = api.call(operation, {"events": [api.event(), wrong]})
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-BAT-04",
    Level.SHOULD,
    "Nothing of a batch that is refused is stored",
    source="400: it was refused",
    operations=(*BATCHES, *ADDING),
    statuses=(400,),
)
def stores_nothing(api: Api, operation: str) -> Iterator[Finding]:
    """Not what came before the event that is wrong."""
    event_id = api.new_id()
    events = [api.event(event_id=event_id), {"event_type": "tool", "inputs": 7}]
    exchange = add(api, operation, api.session_id, events)
    yield Finding(400, exchange.response.status, (exchange,))
    read = api.call("getEvent", id_=event_id)
    yield Finding(404, read.response.status, (exchange, read))


@registry.scenario(
    "EVT-BAT-05",
    Level.SHOULD,
    "A batch needs a list of events",
    source="events is required",
    operations=(*BATCHES, *ADDING),
    statuses=(400,),
)
def needs_events(api: Api, operation: str) -> Iterator[Finding]:
    """Of objects."""
    for body in api.few(({}, {"events": {}}, {"events": [7]})):
        exchange = api.call(operation, body, api.session_id)
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-ADD-01",
    Level.MUST,
    "What is added is of the session of the path",
    source="session_id set from the URL path, overriding any in the event body",
    operations=ADDING,
)
def of_the_path(api: Api, operation: str) -> Iterator[Finding]:
    """Whatever session an event names, and in their order."""
    ids = [api.new_id(), api.new_id()]
    events = [api.event(event_id=ids[0], session_id=api.new_id()), api.event(event_id=ids[1])]
    exchange = add(api, operation, api.session_id, events)
    yield Finding([200, True], [exchange.response.status, exchange.response.event.get("success")], (exchange,))
    for event_id in ids:
        read = api.read(event_id)
        yield Finding(api.session_id, event_in(read).get("session_id"), (exchange, read))


@registry.scenario(
    "EVT-ADD-02",
    Level.MUST,
    "Unknown properties are refused",
    source="Unknown top-level fields and unknown per-event fields are rejected",
    operations=("createSessionEventBatch",),
    statuses=(400,),
)
def unknown(api: Api, operation: str) -> Iterator[Finding]:
    """Of the batch and of an event."""
    for body in ({"events": [api.event()], "colour": 1}, {"events": [api.event(), api.event(colour=1)]}):
        exchange = api.call(operation, body, api.session_id)
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-ADD-03",
    Level.MUST,
    "An event that cannot be stored is refused",
    source=REQUIRED,
    operations=("createSessionEventBatch",),
    statuses=(400,),
)
def refuses_events(api: Api, operation: str) -> Iterator[Finding]:
    """With 400."""
    for wrong in api.few(INVALID):
        exchange = add(api, operation, api.session_id, [wrong])
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-ADD-04",
    Level.MUST,
    "Exactly one of logs and events",
    source="neither: 400, both: 400",
    operations=("addSessionTracesLegacy",),
    statuses=(400,),
)
def exactly_one(api: Api, operation: str) -> Iterator[Finding]:
    """Either alone is taken."""
    event_id = api.new_id()
    for body, status in (
        ({"logs": [api.event(event_id=event_id)]}, 200),
        ({"events": [api.event()]}, 200),
        ({}, 400),
        ({"logs": [api.event()], "events": [api.event()]}, 400),
    ):
        exchange = api.call(operation, body, api.session_id)
        yield Finding(status, exchange.response.status, (exchange,))
    yield Finding(event_id, event_in(read := api.read(event_id)).get("event_id"), (read,))
