"""How many events are stored at once."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hivestand.conformance.api import NOT_SEEN, Api, CannotTest
from hivestand.conformance.exchange import Exchange
from hivestand.conformance.history import canonical
from hivestand.conformance.operations import ADDING, BATCHES
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import Expectations, Finding, Level, Matcher
from hivestand.conformance.requirements.events import UUID, body_of, seen
from hivestand.conformance.requirements.updates import held_in
from hivestand.conformance.sent import INVALID, is_sent_as_json, is_valid, sent_events

registry = Registry()
REQUIRED = "Each event must include event_type (one of chain, model, tool, session) and inputs"
SINGLE = "If true, all events share a single session created from session_properties; defaults to false"
UNKNOWN = "Unknown top-level fields and unknown per-event fields are rejected"
ONE_OF = "Exactly one of logs and events: neither 400, both 400"
NAMES = ("single_session", "session_properties")
OLD_NAMES = ("is_single_session", "session")
FIELDS = frozenset(
    (
        *("event_id", "session_id", "parent_id", "project_id", "children_ids", "event_type", "event_name", "source"),
        *("config", "inputs", "outputs", "metadata", "metrics", "feedback", "user_properties"),
        *("error", "start_time", "end_time", "duration"),
    )
)
MANY = 150  # events of a batch


def of_several(api: Api, operation: str) -> Iterator[Exchange]:
    """With an id of its own in the middle, and none at all."""
    events = [api.event(event_name=f"batch {number}") for number in range(3)]
    events[1]["event_id"] = api.new_id().upper()
    for each in api.few((events, [])):
        yield api.call(operation, {"events": each})


@registry.response(
    "EVT-BAT-01",
    Level.MUST,
    "A batch returns an id for each event",
    source="200: Events created, event_ids",
    operations=BATCHES,
    tries=of_several,
)
def an_id_for_each(exchange: Exchange) -> Expectations:
    """A batch returns an id for each event: all of them different, and those that were sent among them."""
    if exchange.response.status == 200:  # noqa: PLR2004
        sent, returned = sent_events(exchange.request), exchange.response.event.get("event_ids")
        ids = [canonical(each) for each in returned] if isinstance(returned, list) else []
        own = [own_id for each in sent if isinstance(each, dict) and (own_id := canonical(each.get("event_id")))]
        yield len(sent), len(ids)
        if not _may_share_ids(sent):
            yield len(sent) - len(own) + len(set(own)), len(set(ids))
        yield [], sorted(map(str, set(own) - set(ids)))
        if ids:
            yield UUID, min(ids, key=str)


def _may_share_ids(sent: Sequence[Any]) -> bool:
    """Whether events of a batch may have the same id though they were not sent with the same UUID.

    A session without an id may have its session's, and others of the batch may be of that, too. An id that is no UUID,
    or not in the 36-character form, may be made one: the same for the same text, in any letter case.
    """
    events = [each for each in sent if isinstance(each, dict)]
    ids = [each["event_id"] for each in events if each.get("event_id")]
    alike = Counter(map(_alike, ids))
    return any(each.get("event_type") == "session" and not each.get("event_id") for each in events) or any(
        alike[_alike(each)] > 1 for each in ids if canonical(each) is None
    )


def _alike(sent: Any) -> str:
    """A text that is the same for ids that a server may take for the same."""
    text = str(sent).strip().lower()
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return text


@registry.scenario(
    "EVT-BAT-02",
    Level.MUST,
    "A single-session batch makes one session",
    source=SINGLE,
    operations=BATCHES,
    costly=True,
)
def one_session(api: Api, operation: str) -> Iterator[Finding]:
    """A single-session batch makes one session: which is started from its properties."""
    for flag, properties in [NAMES] + [OLD_NAMES] * (operation == "createEventBatchLegacy"):
        session = api.marked({"session_name": "one of a batch", "start_time": 1767225600000, "metadata": {"a": 1}})
        session["user_properties"] = {"user": "u"}
        events = [api.event(session_id=api.new_id()), api.marked({"event_type": "tool", "inputs": {}})]
        exchange = api.call(operation, {"events": events, flag: True, properties: session})
        yield Finding(200, exchange.response.status, (exchange,))
        reads = [api.read(str(event_id)) for event_id in exchange.response.event.get("event_ids") or ()]
        ids = sorted({str(read.response.held.get("session_id")) for read in reads})
        api.started.update(filter(None, map(canonical, ids)))
        yield Finding(1, len(ids), (exchange, *reads))
        last = _session(api, ids[0]) if ids else exchange
        held = last.response.held or last.response.event
        expected = {"event_type": "session", "event_name": "one of a batch", "start_time": 1767225600000}
        yield Finding(expected, seen(held, expected), (exchange, last))
        found = [held_in(held, "metadata").get("a"), held.get("user_properties")]
        yield Finding([1, {"user": "u"}], found, (exchange, last))


def _session(api: Api, session_id: str) -> Exchange:
    """A session by its id, or by its next post, which returns the existing one."""
    read = api.look(session_id)
    return read if read.response.held else api.start(api.marked({"session_id": session_id}))


def invalid_batches(api: Api, operation: str) -> Iterator[Exchange]:
    """One event that is sound, and one that is not."""
    for wrong in api.few(INVALID):
        yield api.call(operation, {"events": [api.event(), api.marked(wrong)]}, api.session_id)


@registry.response(
    "EVT-BAT-03",
    Level.MUST,
    "A batch with an event that cannot be stored is refused",
    source=f"{REQUIRED}; 400: invalid event data or missing required fields",
    operations=("createEventBatch", "createSessionEventBatch"),
    statuses=(400,),
    tries=invalid_batches,
)
def refuses_a_batch(exchange: Exchange) -> Expectations:
    """A batch with an event that cannot be stored is refused: with 400."""
    if is_sent_as_json(exchange.request) and not all(map(is_valid, sent_events(exchange.request))):
        yield 400, exchange.response.status


@registry.scenario(
    "EVT-BAT-04",
    Level.SHOULD,
    "Nothing of a refused batch is stored",
    source="400: it was refused",
    operations=(*BATCHES, *ADDING),
    statuses=(400,),
)
def stores_nothing(api: Api, operation: str) -> Iterator[Finding]:
    """Nothing of a refused batch is stored: not what came before the event that is wrong."""
    event_id = api.new_id()
    events = [api.event(event_id=event_id), {"event_type": "tool", "inputs": 7}]
    exchange = api.call(operation, {"events": events}, api.session_id)
    yield Finding(400, exchange.response.status, (exchange,))
    read = api.call("getEvent", id_=event_id)
    yield Finding({}, read.response.held, (exchange, read))


@registry.scenario(
    "EVT-BAT-05",
    Level.SHOULD,
    "A batch needs a list of events",
    source="events is required",
    operations=(*BATCHES, *ADDING),
    statuses=(400,),
)
def needs_events(api: Api, operation: str) -> Iterator[Finding]:
    """A batch needs a list of events: of objects."""
    for body in api.few(({}, {"events": {}}, {"events": None}, {"events": [7]})):
        exchange = api.call(operation, body, api.session_id)
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-BAT-06",
    Level.SHOULD,
    "The ids are in the order of the events",
    source="event_ids; events: Array of events to create",
    operations=BATCHES,
)
def in_order(api: Api, operation: str) -> Iterator[Finding]:
    """The ids are in the order of the events: else nobody could tell which is whose."""
    events = [api.event(event_name=f"in order {number}") for number in range(3)]
    events[1]["event_id"] = api.new_id()
    exchange = api.call(operation, {"events": events})
    reads = [api.read(str(event_id)) for event_id in exchange.response.event.get("event_ids") or ()]
    found = [read.response.held.get("event_name") for read in reads]
    yield Finding([each["event_name"] for each in events], found, (exchange, *reads))


@registry.scenario(
    "EVT-BAT-07",
    Level.SHOULD,
    "A single-session batch returns the session's id",
    source="session_id, in the example of 200",
    operations=BATCHES,
)
def returns_the_session(api: Api, operation: str) -> Iterator[Finding]:
    """A single-session batch returns the session's id: it is that of the events."""
    flag, properties = NAMES if operation == "createEventBatch" else OLD_NAMES
    body = {"events": [api.marked({"event_type": "tool", "inputs": {}})], flag: True, properties: api.marked({})}
    exchange = api.call(operation, body)
    returned = exchange.response.event.get("session_id")
    yield Finding(UUID, returned, (exchange,))
    for event_id in exchange.response.event.get("event_ids") or ():
        read = api.read(str(event_id))
        yield Finding(read.response.held.get("session_id"), canonical(returned), (exchange, read))


@registry.scenario(
    "EVT-BAT-08",
    Level.MUST,
    "In any other batch each event keeps its session",
    source=SINGLE,
    operations=BATCHES,
    costly=True,
)
def keeps_sessions(api: Api, operation: str) -> Iterator[Finding]:
    """In any other batch each event keeps its session: where that is not asked for, and where it is declined."""
    for declined in api.few(({}, {"single_session": False})):
        session_ids = [api.new_id(), api.new_id()]
        events = [api.event(session_id=session_id, event_id=api.new_id()) for session_id in session_ids]
        exchange = api.call(operation, {"events": events, **declined})
        reads = [api.read(str(each["event_id"])) for each in events]
        found = [read.response.held.get("session_id") for read in reads]
        yield Finding(session_ids, found, (exchange, *reads))


@registry.scenario(
    "EVT-BAT-09",
    Level.SHOULD,
    "A large batch is stored completely",
    source="Create multiple events in a single request",
    operations=(*BATCHES, *ADDING),
)
def all_of_many(api: Api, operation: str) -> Iterator[Finding]:
    """A large batch is stored completely: as a search counts it."""
    session_id = api.new_id()
    api.start(api.marked({"session_id": session_id}))
    api.look(session_id)
    only = {"field": "event_type", "operator": "is", "value": "tool", "type": "string"}
    events = [api.event(session_id=session_id, event_name=f"many {number}") for number in range(MANY)]
    exchange = api.call(operation, {"events": events}, session_id)
    yield Finding(200, exchange.response.status, (exchange,))
    found = api.find(session_id, MANY, filters=[only], limit=MANY)
    if not found.response.found:
        raise CannotTest(NOT_SEEN)
    names = {str(each.get("event_name")) for each in found.response.found}
    yield Finding(MANY, len(names), (exchange, found))


@registry.scenario(
    "EVT-ADD-01",
    Level.MUST,
    "Added events belong to the session in the path",
    source="stored with session_id set from the URL path, overriding any session_id in the event body",
    operations=ADDING,
    costly=True,
)
def of_the_path(api: Api, operation: str) -> Iterator[Finding]:
    """Added events belong to the session in the path: whatever session an event names."""
    ids = [api.new_id(), api.new_id(), api.new_id()]
    events = [api.event(event_id=ids[0], session_id=api.new_id()), api.event(event_id=ids[1])]
    events.append(api.marked({"event_id": ids[2], "event_type": "tool", "inputs": {}}))
    exchange = api.call(operation, {"events": events}, api.session_id)
    yield Finding([200, True], [exchange.response.status, exchange.response.event.get("success")], (exchange,))
    for event_id in ids:
        read = api.read(event_id)
        yield Finding(api.session_id, read.response.held.get("session_id"), (exchange, read))


def with_unknown(api: Api, operation: str) -> Iterator[Exchange]:
    """Of the batch, and of its second event; what the older operations take, too."""
    bodies: tuple[Mapping[str, Any], ...] = (
        {"events": [api.event()], "colour": 1},
        {"events": [api.event(), api.event(colour=1)]},
        {"events": [api.event(project="p")]},
        {"events": [api.event()], "logs": []},
    )
    for body in api.few(bodies, 2):
        yield api.call(operation, body, api.session_id)


@registry.response(
    "EVT-ADD-02",
    Level.MUST,
    "Unknown properties are refused",
    source=UNKNOWN,
    operations=("createSessionEventBatch",),
    statuses=(400,),
    tries=with_unknown,
)
def unknown(exchange: Exchange) -> Expectations:
    """Unknown properties are refused: with 400."""
    events = sent_events(exchange.request)
    names = {name for each in events if isinstance(each, dict) for name in each}
    if is_sent_as_json(exchange.request) and (names - FIELDS or exchange.request.json.keys() - {"events"}):
        yield 400, exchange.response.status


def by_either_name(api: Api, operation: str) -> Iterator[Exchange]:
    """One, the other, neither, both."""
    for names in (("logs",), ("events",), (), ("logs", "events")):
        yield api.call(operation, {name: [api.event()] for name in names}, api.session_id)


@registry.response(
    "EVT-ADD-04",
    Level.MUST,
    "Exactly one of logs and events is required",
    source=ONE_OF,
    operations=("addSessionTracesLegacy",),
    statuses=(400,),
    tries=by_either_name,
)
def exactly_one(exchange: Exchange) -> Expectations:
    """Exactly one of logs and events is required: either alone is taken, where its events are sound."""
    if is_sent_as_json(exchange.request):
        names = [name for name in ("logs", "events") if name in exchange.request.json]
        if len(names) != 1:
            yield 400, exchange.response.status


@registry.scenario(
    "EVT-ADD-05",
    Level.MUST,
    "Events are stored under either name",
    source=ONE_OF,
    operations=("addSessionTracesLegacy",),
)
def stored_by_either_name(api: Api, operation: str) -> Iterator[Finding]:
    """Events are stored under either name: the older one, too."""
    ids = {"events": api.new_id(), "logs": api.new_id()}
    exchanges = {
        name: api.call(operation, {name: [api.event(event_id=event_id)]}, api.session_id)
        for name, event_id in ids.items()
    }
    api.read(ids["events"])
    for name, exchange in exchanges.items():
        yield Finding(200, exchange.response.status, (exchange,))
        read = api.look(ids[name])
        yield Finding(ids[name], read.response.held.get("event_id"), (exchange, read))


def invalid_traces(api: Api, operation: str) -> Iterator[Exchange]:
    """Of each that its schema refuses."""
    wrongs: Sequence[dict[str, Any]] = ({"event_type": 7}, {"event_type": ["tool"]}, {"inputs": "text"})
    for wrong in api.few(wrongs):
        yield api.call(operation, {"events": [api.event(), api.event(**wrong)]}, api.session_id)


def _is_bearable(event: Any) -> bool:
    """Whether an event is one that an older client may have sent."""
    if not isinstance(event, dict):
        return False
    is_named = isinstance(event.get("event_type", ""), str)
    return is_named and isinstance(event.get("inputs", {}), (dict, list))


@registry.response(
    "EVT-ADD-06",
    Level.MUST,
    "An invalid payload is refused",
    source="400: invalid event payload",
    operations=("addSessionTracesLegacy",),
    statuses=(400,),
    tries=invalid_traces,
)
def refuses_traces(exchange: Exchange) -> Expectations:
    """An invalid payload is refused.

    A type that is no text, or inputs that are no object; that they are there is not asked for in so many words, and
    released clients send other types (`generic`), and lists.
    """
    if is_sent_as_json(exchange.request) and not all(map(_is_bearable, sent_events(exchange.request))):
        yield 400, exchange.response.status


@registry.scenario(
    "EVT-ADD-07",
    Level.INFO,
    "The older operations need a type and inputs too",
    source="open",
    operations=("addSessionTracesLegacy", "createEventBatchLegacy"),
    statuses=(400,),
)
def older_ones_need_them(api: Api, operation: str) -> Iterator[Finding]:
    """The older operations need a type and inputs too: their schema does not."""
    for wrong in INVALID[:2]:
        exchange = api.call(operation, {"events": [api.marked(wrong)]}, api.session_id)
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-ADD-08", Level.INFO, "Events can be added to an unknown session", source="open", operations=ADDING
)
def to_an_unknown_session(api: Api, operation: str) -> Iterator[Finding]:
    """Events can be added to an unknown session: they are stored all the same."""
    session_id, event_id = api.new_id(), api.new_id()
    exchange = api.call(operation, {"events": [api.event(event_id=event_id, session_id=session_id)]}, session_id)
    yield Finding(200, exchange.response.status, (exchange,))
    read = api.look(event_id)
    yield Finding(session_id, read.response.held.get("session_id"), (exchange, read))


@registry.scenario(
    "EVT-ADD-09",
    Level.SHOULD,
    "The session id in a path must be a UUID",
    source="session_id (string, UUID) in the path; 400: Bad request",
    operations=("createSessionEventBatch",),
    statuses=(400,),
)
def needs_a_uuid(api: Api, operation: str) -> Iterator[Finding]:
    """The session id in a path must be a UUID: with 400 for anything else."""
    exchange = api.call(operation, {"events": [api.event()]}, "no-uuid")
    yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-ADD-10",
    Level.SHOULD,
    "The older operations accept unknown properties",
    source="LegacyEvent has any others",
    operations=("addSessionTracesLegacy", "createEventBatchLegacy", "createEventLegacy"),
)
def older_ones_take_them(api: Api, operation: str) -> Iterator[Finding]:
    """The older operations accept unknown properties: and do not keep the rest from being stored."""
    event_id = api.new_id()
    exchange = api.call(operation, body_of(operation, api.event(event_id=event_id, colour=1)), api.session_id)
    yield Finding(200, exchange.response.status, (exchange,))
    read = api.read(event_id)
    yield Finding(Matcher("the event", bool), read.response.held.get("event_id"), (exchange, read))
