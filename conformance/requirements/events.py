"""How an event is created and read."""

from collections.abc import Iterator, Mapping
from typing import Any

from hivestand.conformance.api import NOT_SEEN, Api, CannotTest, call_of
from hivestand.conformance.exchange import Exchange
from hivestand.conformance.history import canonical
from hivestand.conformance.operations import ADDING, BATCHES, CREATING
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import ABSENT, Expectations, Finding, Level, Matcher
from hivestand.conformance.requirements.fields import NESTED
from hivestand.conformance.requirements.times import near
from hivestand.conformance.samples import AWKWARD
from hivestand.conformance.sent import INVALID, is_sent_as_json, is_valid, sent_events

registry = Registry()
TYPES = ("chain", "model", "tool", "session")
REQUIRED = "event_type and inputs are required; event_type is one of chain, model, tool, session"
GENERATED = "Auto-generated properties (provided by the server when omitted)"
CREATED = "200: Event created successfully; Retrieve a single event by its unique identifier"
OBJECTS = ("config", "inputs", "outputs", "metadata", "metrics", "feedback", "user_properties")
OTHERS = 5  # events created at the same time
UUID = Matcher("a UUID", lambda value: canonical(value) is not None)
FULL: dict[str, Any] = {
    "event_name": "full",
    "source": "hivestand-check",
    "config": {"model": "m", "temperature": 0.5},
    "inputs": {"prompt": "What is a hivestand?", "nested": {"list": [1, None, {"a": True}]}},
    "outputs": {"text": "A hive.", "tokens": 12},
    "error": "none to speak of",
    "children_ids": ["a-child"],
    "duration": 12.5,
    "start_time": 1767225600000,
    "end_time": 1767225600012,
    "metrics": {"words": 2},
    "feedback": {"rating": 5},
    "user_properties": {"user": "u"},
}
ODD: dict[str, Any] = {
    **{name: NESTED for name in OBJECTS if name != "metadata"},
    "event_name": AWKWARD,
    "source": AWKWARD,
    "error": AWKWARD,
    "children_ids": ["z", "", AWKWARD, "a", "a"],
    "duration": 0.12345678901234566,
    "start_time": 1,
    "end_time": 0,
}
LARGE = {"id": 9007199254740993, "other": 9223372036854775807}


def body_of(operation: str, *events: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body that sends events to an operation; one event where it takes no more."""
    if operation in CREATING:
        return {"event": events[0]} if operation == "createEventLegacy" else events[0]
    return {"events": list(events)}


def create(api: Api, operation: str = "createEvent", **properties: Any) -> tuple[str, Exchange]:
    """Create an event; returns its id, empty if the response has none."""
    event = api.event(**{**properties, "metadata": api.marked(properties)["metadata"]})
    exchange = api.call(operation, body_of(operation, event))
    return canonical(exchange.response.event.get("event_id")) or "", exchange


def created(api: Api, **properties: Any) -> str:
    """The id of a new event that is to be seen: what is written before that may be lost.

    Raises:
        CannotTest: it is not.
    """
    event_id, _ = create(api, **properties)
    if not event_id:
        raise CannotTest("no event can be created")
    api.read(event_id)
    return event_id


def seen(held: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Some properties of an event."""
    return {name: held.get(name, ABSENT) for name in names}


@registry.scenario(
    "EVT-NEW-01", Level.MUST, "An event of each type is created", source=REQUIRED, operations=CREATING, costly=True
)
def each_type(api: Api, operation: str) -> Iterator[Finding]:
    """An event of each type is created: with 200, success and an id."""
    for event_type in TYPES:
        _, exchange = create(api, operation, event_type=event_type)
        returned = exchange.response.event
        yield Finding([200, True], [exchange.response.status, returned.get("success")], (exchange,))
        yield Finding(UUID, returned.get("event_id"), (exchange,))


def invalid_events(api: Api, operation: str) -> Iterator[Exchange]:
    """One thing wrong at a time."""
    for event in api.few(INVALID):
        yield api.call(operation, body_of(operation, api.marked(event)))


@registry.response(
    "EVT-NEW-02",
    Level.MUST,
    "An event without a valid type, or without inputs, is refused",
    source=f"{REQUIRED}; 400: invalid event data or missing required fields",
    operations=CREATING,
    statuses=(400,),
    tries=invalid_events,
)
def required(exchange: Exchange) -> Expectations:
    """An event without a valid type, or without inputs, is refused: with 400."""
    if is_sent_as_json(exchange.request) and not all(map(is_valid, sent_events(exchange.request))):
        yield 400, exchange.response.status


@registry.scenario(
    "EVT-NEW-03",
    Level.MUST,
    "The server fills in missing properties",
    source=GENERATED,
    operations=CREATING,
    costly=True,
)
def filled(api: Api, operation: str) -> Iterator[Finding]:
    """The server fills in missing properties: ids that differ, the session as parent, names that are unknown."""
    ids = []
    for _ in api.few(range(2)):
        exchange = api.call(operation, body_of(operation, api.marked({"event_type": "tool", "inputs": {}})))
        event_id = exchange.response.event.get("event_id")
        yield Finding(UUID, event_id, (exchange,))
        read = api.read(str(event_id))
        held = read.response.held
        ids.append(str(event_id))
        api.started.update(filter(None, (canonical(held.get("session_id")),)))
        yield Finding(UUID, held.get("session_id"), (exchange, read))
        yield Finding(held.get("session_id"), held.get("parent_id"), (exchange, read))
        yield Finding(["unknown", "unknown"], [held.get("event_name"), held.get("source")], (exchange, read))
    yield Finding(len(ids), len(set(ids)), (exchange,))


@registry.scenario(
    "EVT-NEW-04",
    Level.MUST,
    "An event is kept as it was sent",
    source="Optional properties of an event",
    operations=(*CREATING, *BATCHES, *ADDING),
    costly=True,
)
def kept(api: Api, operation: str) -> Iterator[Finding]:
    """An event is kept as it was sent: every property, at any depth, and its ids."""
    for properties in api.few((ODD, FULL)):
        event_id, parent_id = api.new_id(), api.new_id()
        ids = {"event_id": event_id, "parent_id": parent_id, "session_id": api.session_id}
        metadata = api.marked({"metadata": properties["inputs"]})["metadata"]
        sent = {**properties, **ids, "event_type": "model", "metadata": metadata}
        exchange = api.call(operation, body_of(operation, sent), api.session_id)
        read = api.read(event_id)
        yield Finding(sent, seen(read.response.held, sent), (exchange, read))


@registry.scenario(
    "EVT-NEW-05",
    Level.SHOULD,
    "The older operation refuses a body without an event",
    source="event is required",
    operations=("createEventLegacy",),
    statuses=(400,),
)
def needs_an_event(api: Api, operation: str) -> Iterator[Finding]:
    """The older operation refuses a body without an event: an object under `event`."""
    for body in api.few(({}, {"event": []}, {"event": None}, api.event()), 2):
        exchange = api.call(operation, body)
        yield Finding(400, exchange.response.status, (exchange,))


def with_ids(api: Api, operation: str) -> Iterator[Exchange]:
    """In either case of its letters, of two versions."""
    for event_id in api.few((api.new_id(), api.new_id().upper(), api.new_id()[:14] + "7" + api.new_id()[15:])):
        yield create(api, operation, event_id=event_id)[1]


@registry.response(
    "EVT-NEW-06",
    Level.MUST,
    "The event_id that was sent is returned",
    source="event_id (string, UUID): Unique identifier for the event",
    operations=CREATING,
    tries=with_ids,
)
def keeps_its_id(exchange: Exchange) -> Expectations:
    """The event_id that was sent is returned: in either case of its letters."""
    for event in sent_events(exchange.request) if exchange.response.status == 200 else ():  # noqa: PLR2004
        if isinstance(event, dict) and canonical(event.get("event_id")):
            yield canonical(event["event_id"]), canonical(exchange.response.event.get("event_id"))


@registry.scenario(
    "EVT-NEW-07",
    Level.SHOULD,
    "A 64-bit integer inside an event is kept exactly",
    source="Additional metadata: ids of other systems are such numbers",
    operations=CREATING,
)
def int64_is_kept(api: Api, operation: str) -> Iterator[Finding]:
    """A 64-bit integer inside an event is kept exactly: beyond what a double can tell apart."""
    event_id, exchange = create(api, operation, **dict.fromkeys(OBJECTS, LARGE))
    read = api.read(event_id)
    for name in OBJECTS:
        held = read.response.held.get(name)
        found = {key: str(held.get(key)) for key in LARGE} if isinstance(held, dict) else held
        yield Finding({key: str(value) for key, value in LARGE.items()}, found, (exchange, read))


@registry.scenario(
    "EVT-NEW-08",
    Level.SHOULD,
    "An event_id is case-insensitive",
    source="RFC 9562: UUIDs are the same in either case",
    operations=CREATING,
)
def case_is_no_difference(api: Api, operation: str) -> Iterator[Finding]:
    """An event_id is case-insensitive: one that was created in capitals, and one that was not."""
    for event_id in (api.new_id(), api.new_id().upper()):
        _, exchange = create(api, operation, event_id=event_id, event_name="in any letters")
        reads = [api.look(asked) for asked in (event_id.lower(), event_id.upper())]
        found = [read.response.held.get("event_name", ABSENT) for read in reads]
        if found == [ABSENT, ABSENT]:
            raise CannotTest(NOT_SEEN)
        yield Finding(["in any letters"] * 2, found, (exchange, *reads))


@registry.scenario(
    "EVT-NEW-09",
    Level.MUST,
    "The project of an event is ignored",
    source="project: ignored by server, project is determined from API key scope",
    operations=("createEventLegacy", "addSessionTracesLegacy", "createEventBatchLegacy"),
)
def ignores_the_project(api: Api, operation: str) -> Iterator[Finding]:
    """The project of an event is ignored: by the older operations, which take one."""
    event = api.event(event_id=api.new_id(), project="no such project")
    exchange = api.call(operation, body_of(operation, event), api.session_id)
    yield Finding(200, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-NEW-10", Level.INFO, "Missing properties of an event are empty", source="open", operations=CREATING
)
def rest_is_empty(api: Api, operation: str) -> Iterator[Finding]:
    """Missing properties of an event are empty: objects, lists and nulls; it begins when it comes."""
    event_id, exchange = create(api, operation)
    read = api.read(event_id)
    empty: dict[str, Any] = {name: {} for name in OBJECTS if name != "metadata"}
    empty |= {"error": None, "children_ids": [], "end_time": None, "duration": None}
    yield Finding(empty, seen(read.response.held, empty), (exchange, read))
    yield Finding(near(exchange.response.began), read.response.held.get("start_time"), (exchange, read))


@registry.scenario("EVT-NEW-11", Level.INFO, "An id that is not a UUID is replaced", source="open", operations=CREATING)
def replaces_ids(api: Api, operation: str) -> Iterator[Finding]:
    """An id that is not a UUID is replaced: always by the same, so that a parent is found."""
    parent_id, parent = create(api, operation, event_id="mine")
    yield Finding([200, UUID.holds(parent_id)], [parent.response.status, True], (parent,))
    event_id, exchange = create(api, operation, parent_id="mine")
    read = api.read(event_id)
    yield Finding(parent_id, read.response.held.get("parent_id"), (parent, exchange, read))


@registry.scenario("EVT-NEW-12", Level.INFO, "An unknown property is ignored", source="open", operations=CREATING)
def ignores_unknown(api: Api, operation: str) -> Iterator[Finding]:
    """An unknown property is ignored: it is no error, and no property of the event; unless the schema is asked for."""
    if api.is_strict:
        return
    event_id, exchange = create(api, operation, colour="blue")
    yield Finding(200, exchange.response.status, (exchange,))
    read = api.read(event_id)
    yield Finding(ABSENT, read.response.held.get("colour", ABSENT), (exchange, read))


@registry.scenario(
    "EVT-NEW-13",
    Level.INFO,
    "An event whose id exists is merged into it",
    source="open",
    operations=CREATING,
)
def merges_again(api: Api, operation: str) -> Iterator[Finding]:
    """An event whose id exists is merged into it: as a session is: metadata and user_properties, and nothing else."""
    event_id = created(api, event_name="first", user_properties={"first": 1})
    _, exchange = create(api, operation, event_id=event_id, event_name="second", user_properties={"second": 2})
    read = api.look(event_id, lambda event: "second" in str(event.get("user_properties")))
    expected = {"event_name": "first", "user_properties": {"first": 1, "second": 2}}
    yield Finding(expected, seen(read.response.held, expected), (exchange, read))


@registry.scenario(
    "EVT-NEW-14",
    Level.INFO,
    "An event of type session without an id gets its session's",
    source="open",
    operations=CREATING,
)
def is_the_session(api: Api, operation: str) -> Iterator[Finding]:
    """An event of type session without an id gets its session's: and no parent."""
    session_id = api.new_id()
    event_id, exchange = create(api, operation, event_type="session", session_id=session_id)
    yield Finding(session_id, event_id, (exchange,))
    read = api.read(event_id)
    yield Finding(None, read.response.held.get("parent_id", ABSENT), (exchange, read))


@registry.scenario(
    "EVT-NEW-15",
    Level.SHOULD,
    "Concurrently created events are all stored as sent",
    source=CREATED,
    operations=CREATING,
    costly=True,
)
def at_once(api: Api, operation: str) -> Iterator[Finding]:
    """Concurrently created events are all stored as sent: none is lost, and none shows what is another's."""
    names = [f"beside {number}" for number in api.few(range(OTHERS), 3)]
    events = [api.event(event_id=api.new_id(), event_name=name, inputs={"of": name}) for name in names]
    exchanges = api.at_once([call_of(operation, body_of(operation, event)) for event in events])
    for event, exchange in zip(events, exchanges, strict=True):
        returned = [exchange.response.status, canonical(exchange.response.event.get("event_id"))]
        yield Finding([200, event["event_id"]], returned, (exchange,))
        read = api.read(event["event_id"])
        expected = {name: event[name] for name in ("event_name", "inputs")}
        yield Finding(expected, seen(read.response.held, expected), (exchange, read))


@registry.scenario(
    "EVT-SEEN-01",
    Level.SHOULD,
    "A created event can be read soon",
    source=CREATED,
    operations=(*CREATING, *BATCHES, *ADDING),
)
def is_seen(api: Api, operation: str) -> Iterator[Finding]:
    """A created event can be read soon.

    Within seconds: how soon is not said. Requirements that would have to read it are skipped where it is not.
    """
    if reason := api.lacking("getEvent"):
        raise CannotTest(f"getEvent: {reason}")
    event_id = api.new_id()
    exchange = api.call(operation, body_of(operation, api.event(event_id=event_id)), api.session_id)
    read = api.look(event_id)
    yield Finding([200, event_id], [read.response.status, read.response.held.get("event_id")], (exchange, read))


@registry.scenario(
    "EVT-GET-01",
    Level.MUST,
    "An unknown event gets 404",
    source="404: Event not found",
    operations=("getEvent",),
    statuses=(404,),
)
def unknown(api: Api, operation: str) -> Iterator[Finding]:
    """An unknown event gets 404: by an id that nobody has."""
    exchange = api.call(operation, id_=api.new_id())
    yield Finding(404, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-GET-02",
    Level.MUST,
    "An invalid event_id gets 400",
    source="400: invalid event_id",
    operations=("getEvent",),
    statuses=(400,),
)
def malformed_id(api: Api, operation: str) -> Iterator[Finding]:
    """An invalid event_id gets 400: no UUID at all, or not quite."""
    for event_id in api.few(("no-uuid", f"{api.new_id()}0", api.new_id()[:-1] + "g")):
        exchange = api.call(operation, id_=event_id)
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-GET-03",
    Level.SHOULD,
    "A session can be read as an event",
    source="The server creates a session event",
    operations=("getEvent",),
)
def reads_a_session(api: Api, _: str) -> Iterator[Finding]:
    """A session can be read as an event: by its id."""
    session_id = api.new_id()
    started = api.start(api.marked({"session_id": session_id, "event_name": "read me", "inputs": {"a": 1}}))
    read = api.look(session_id)
    own = {"event_id": session_id, "session_id": session_id, "event_type": "session"}
    expected = {**own, "event_name": "read me", "inputs": {"a": 1}}
    yield Finding(expected, seen(read.response.held, expected), (started, read))


@registry.scenario(
    "EVT-GET-04",
    Level.SHOULD,
    "One token cannot read another token's event",
    source="Bearer authentication: a token is an account's",
    operations=("getEvent",),
    needs="--second-token",
    statuses=(404,),
)
def tokens_are_apart(api: Api, operation: str) -> Iterator[Finding]:
    """One token cannot read another token's event: 404, as if it were not there."""
    exchange = api.call(operation, id_=created(api), token="second")  # noqa: S106 - a name for one
    yield Finding(404, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-GET-05",
    Level.INFO,
    "An event is returned with all its properties",
    source="open",
    operations=("getEvent",),
)
def reads_everything(api: Api, _: str) -> Iterator[Finding]:
    """An event is returned with all its properties: whatever was sent, and whose it is."""
    read = api.read(created(api))
    names = {*OBJECTS, *FULL, "event_id", "session_id", "parent_id", "event_type"}
    names |= {"org_id", "workspace_id", "project_id"}
    yield Finding([], sorted(names - read.response.held.keys()), (read,))
