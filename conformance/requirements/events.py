"""How an event is created, read and updated."""

from collections.abc import Iterator, Mapping
from typing import Any

from skep.conformance.api import Api
from skep.conformance.exchange import Exchange
from skep.conformance.operations import CREATING, UPDATING
from skep.conformance.registry import Registry
from skep.conformance.requirement import Finding, Level, Matcher
from skep.conformance.world import canonical

registry = Registry()
YES = True
TYPES = ("chain", "model", "tool", "session")
REQUIRED = "event_type and inputs are required; event_type is one of chain, model, tool, session"
GENERATED = "provided by the server when omitted"
MERGED = ("metadata", "feedback", "metrics", "config", "user_properties")
MERGE = "Fields to merge into the event"
UUID = Matcher("a UUID", lambda value: canonical(value) is not None)
FULL: dict[str, Any] = {
    "event_name": "full",
    "source": "skep-check",
    "config": {"model": "m", "temperature": 0.5},
    "inputs": {"prompt": "What is a skep?", "nested": {"list": [1, None, {"a": True}]}},
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


def body_of(operation: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body that creates an event, in the wrapper that the operation asks for."""
    return {"event": event} if operation == "createEventLegacy" else event


def create(api: Api, operation: str = "createEvent", **properties: Any) -> tuple[str, Exchange]:
    """Create an event; gives its id, which is empty where none was answered."""
    exchange = api.call(operation, body_of(operation, api.event(**properties)))
    return canonical(exchange.response.event.get("event_id")) or "", exchange


def update(api: Api, operation: str, event_id: str, change: Mapping[str, Any]) -> Exchange:
    """Send an update."""
    body = change if operation == "updateEvent" else {**change, "event_id": event_id}
    return api.call(operation, body, event_id)


def event_in(exchange: Exchange) -> Mapping[str, Any]:
    """The event that was read, empty where there is none."""
    event = exchange.response.event.get("event")
    return event if isinstance(event, dict) else {}


@registry.scenario(
    "EVT-NEW-01",
    Level.MUST,
    "An event of each type is created",
    source=REQUIRED,
    operations=CREATING,
    costly=True,
)
def each_type(api: Api, operation: str) -> Iterator[Finding]:
    """With 200, success and an id."""
    for event_type in TYPES:
        _, exchange = create(api, operation, event_type=event_type)
        answer = exchange.response.event
        yield Finding([200, True], [exchange.response.status, answer.get("success")], (exchange,))
        yield Finding(UUID, answer.get("event_id"), (exchange,))


@registry.scenario(
    "EVT-NEW-02",
    Level.MUST,
    "An event without a valid type, or without inputs, is refused",
    source=REQUIRED,
    operations=CREATING,
    statuses=(400,),
    costly=True,
)
def required(api: Api, operation: str) -> Iterator[Finding]:
    """With 400."""
    wrong: tuple[dict[str, Any], ...] = (
        {"inputs": {}},
        {"event_type": "tool"},
        {"event_type": "other", "inputs": {}},
        {"event_type": None, "inputs": {}},
    )
    for event in (*wrong, {"event_type": "tool", "inputs": "text"}):
        exchange = api.call(operation, body_of(operation, api.marked(event)))
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario("EVT-NEW-03", Level.MUST, "The server fills what is omitted", source=GENERATED, operations=CREATING)
def filled(api: Api, operation: str) -> Iterator[Finding]:
    """Ids that differ, the session as parent, names that are unknown."""
    ids = []
    for _ in api.few(range(2)):
        event = api.marked({"event_type": "tool", "inputs": {}})
        exchange = api.call(operation, body_of(operation, event))
        event_id = canonical(exchange.response.event.get("event_id")) or ""
        ids.append(event_id)
        read = api.read(event_id)
        held = event_in(read)
        api.started.update(each for each in (canonical(held.get("session_id")),) if each)
        yield Finding(UUID, held.get("session_id"), (exchange, read))
        yield Finding(held.get("session_id"), held.get("parent_id"), (exchange, read))
        yield Finding(["unknown", "unknown"], [held.get("event_name"), held.get("source")], (exchange, read))
    yield Finding(len(ids), len(set(ids)), (exchange,))


@registry.scenario(
    "EVT-NEW-04",
    Level.MUST,
    "An event is kept as it was sent",
    source="properties of the event",
    operations=CREATING,
    costly=True,
)
def kept(api: Api, operation: str) -> Iterator[Finding]:
    """Every property, and its ids."""
    event_id, parent_id = api.new_id(), api.new_id()
    sent = {**FULL, "event_id": event_id, "parent_id": parent_id, "event_type": "model", "session_id": api.session_id}
    answered, exchange = create(api, operation, **sent)
    yield Finding(event_id, answered, (exchange,))
    read = api.read(event_id)
    held = event_in(read)
    yield Finding(sent, {name: held.get(name, "(absent)") for name in sent}, (exchange, read))


@registry.scenario(
    "EVT-NEW-05",
    Level.SHOULD,
    "The older operation refuses a body without an event",
    source="event is required",
    operations=("createEventLegacy",),
    statuses=(400,),
)
def needs_an_event(api: Api, operation: str) -> Iterator[Finding]:
    """An object under `event`."""
    bodies: tuple[Mapping[str, Any], ...] = ({}, {"event": []}, api.event())
    for body in bodies:
        exchange = api.call(operation, body)
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-GET-01",
    Level.MUST,
    "An event that there is not is 404",
    source="404: Event not found",
    operations=("getEvent",),
    statuses=(404,),
)
def unknown(api: Api, operation: str) -> Iterator[Finding]:
    """By an id that nobody has."""
    exchange = api.call(operation, id_=api.new_id())
    yield Finding(404, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-GET-02",
    Level.MUST,
    "An id that is none is 400",
    source="400: invalid event_id",
    operations=("getEvent",),
    statuses=(400,),
)
def malformed_id(api: Api, operation: str) -> Iterator[Finding]:
    """No UUID at all."""
    exchange = api.call(operation, id_="no-uuid")
    yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-GET-03",
    Level.SHOULD,
    "A session is read as the event that it is",
    source="The server creates a session event",
    operations=("getEvent",),
)
def reads_a_session(api: Api, _: str) -> Iterator[Finding]:
    """By its id."""
    session_id = api.new_id()
    api.start(api.marked({"session_id": session_id, "event_name": "read me", "inputs": {"a": 1}}))
    read = api.read(session_id)
    held = event_in(read)
    seen = [held.get(name) for name in ("event_id", "session_id", "event_type", "event_name", "inputs")]
    yield Finding([session_id, session_id, "session", "read me", {"a": 1}], seen, (read,))


@registry.scenario(
    "EVT-GET-04",
    Level.SHOULD,
    "An event of one token is not read with another",
    source="Bearer authentication: a token is an account's",
    operations=("getEvent",),
    needs="--second-token",
    statuses=(404,),
)
def tokens_are_apart(api: Api, operation: str) -> Iterator[Finding]:
    """404, as if it were not there."""
    event_id, _ = create(api)
    api.read(event_id)
    exchange = api.call(operation, id_=event_id, token="second")  # noqa: S106 - a name for one
    yield Finding(404, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-UPD-01",
    Level.MUST,
    "What merges is merged key by key, the new value winning",
    source=MERGE,
    operations=UPDATING,
    costly=True,
)
def merges(api: Api, operation: str) -> Iterator[Finding]:
    """Five objects, at their top level."""
    before = {name: {"old": 1, "both": {"a": 1}} for name in MERGED}
    event_id, _ = create(api, **{**before, "metadata": api.marked({"metadata": before["metadata"]})["metadata"]})
    exchange = update(api, operation, event_id, {name: {"new": [2], "both": {"b": 2}} for name in MERGED})
    yield Finding(200, exchange.response.status, (exchange,))
    read = api.read(event_id, lambda event: "new" in (event.get("metadata") or {}))
    for name in MERGED:
        held = event_in(read).get(name)
        seen = {key: held.get(key) for key in ("old", "both", "new")} if isinstance(held, dict) else held
        yield Finding({"old": 1, "both": {"b": 2}, "new": [2]}, seen, (exchange, read))


@registry.scenario(
    "EVT-UPD-02",
    Level.MUST,
    "Outputs are replaced, and null keeps them",
    source="outputs to replace; null preserves",
    operations=UPDATING,
    costly=True,
)
def replaces_outputs(api: Api, operation: str) -> Iterator[Finding]:
    """No key of before is left."""
    event_id, _ = create(api, outputs={"old": 1})
    exchange = update(api, operation, event_id, {"outputs": {"new": {"a": 1}}})
    read = api.read(event_id, lambda event: event.get("outputs") == {"new": {"a": 1}})
    yield Finding([200, {"new": {"a": 1}}], [exchange.response.status, event_in(read).get("outputs")], (exchange, read))
    exchange = update(api, operation, event_id, {"outputs": None, "duration": 1})
    read = api.read(event_id, lambda event: event.get("duration") == 1)
    yield Finding([200, {"new": {"a": 1}}], [exchange.response.status, event_in(read).get("outputs")], (exchange, read))


@registry.scenario(
    "EVT-UPD-03",
    Level.MUST,
    "Outputs that are no object are refused",
    source="Non-object values are rejected",
    operations=UPDATING,
    statuses=(400,),
    costly=True,
)
def refuses_outputs(api: Api, operation: str) -> Iterator[Finding]:
    """With 400, and nothing of the update is done."""
    event_id, _ = create(api, outputs={"old": 1}, duration=1)
    for outputs in ("text", [1], 7):
        exchange = update(api, operation, event_id, {"outputs": outputs, "duration": 2})
        yield Finding(400, exchange.response.status, (exchange,))
    held = event_in(read := api.read(event_id))
    yield Finding([{"old": 1}, 1], [held.get("outputs"), held.get("duration")], (read,))


@registry.scenario(
    "EVT-UPD-04",
    Level.MUST,
    "Duration, end time and children are set",
    source="duration, end_time, children_ids to set",
    operations=UPDATING,
    costly=True,
)
def sets(api: Api, operation: str) -> Iterator[Finding]:
    """And an empty list of children is ignored."""
    event_id, _ = create(api, children_ids=["a"])
    change = {"duration": 7.5, "end_time": 1767225607500, "children_ids": ["b", "c"]}
    exchange = update(api, operation, event_id, change)
    read = api.read(event_id, lambda event: event.get("duration") == change["duration"])
    seen = {name: event_in(read).get(name) for name in change}
    yield Finding([200, change], [exchange.response.status, seen], (exchange, read))
    exchange = update(api, operation, event_id, {"children_ids": [], "duration": 8})
    read = api.read(event_id, lambda event: event.get("duration") == 8)  # noqa: PLR2004
    yield Finding([200, ["b", "c"]], [exchange.response.status, event_in(read).get("children_ids")], (exchange, read))


@registry.scenario(
    "EVT-UPD-05",
    Level.MUST,
    "What is omitted stays, and what is not known is ignored",
    source="omitted fields are left unchanged; extra fields are accepted but silently ignored",
    operations=UPDATING,
    costly=True,
)
def leaves_the_rest(api: Api, operation: str) -> Iterator[Finding]:
    """Type, name, inputs and times too."""
    event_id, _ = create(api, event_type="chain", **FULL)
    read = api.read(event_id)
    change = {"event_name": "other", "inputs": {}, "error": None, "start_time": 1, "colour": 1, "metadata": {"done": 1}}
    exchange = update(api, operation, event_id, change)
    yield Finding(200, exchange.response.status, (exchange,))
    after = api.read(event_id, lambda event: "done" in (event.get("metadata") or {}))
    before, now = ({**event_in(each), "metadata": None} for each in (read, after))
    yield Finding(before, now, (exchange, after))
    yield Finding(1, (event_in(after).get("metadata") or {}).get("done"), (exchange, after))


@registry.scenario(
    "EVT-UPD-06",
    Level.SHOULD,
    "An update of a session's id reaches the session",
    source="released clients update a session by it",
    operations=UPDATING,
)
def reaches_the_session(api: Api, operation: str) -> Iterator[Finding]:
    """As its answer to the next post shows."""
    session_id = api.new_id()
    api.start(api.marked({"session_id": session_id, "outputs": {"old": 1}}))
    exchange = update(api, operation, session_id, {"metadata": {"enriched": 1}, "outputs": {"new": 1}})
    yield Finding(200, exchange.response.status, (exchange,))
    after = api.start(api.marked({"session_id": session_id}))
    held = after.response.event
    seen = [(held.get("metadata") or {}).get("enriched"), held.get("outputs")]
    yield Finding([1, {"new": 1}], seen, (exchange, after))


@registry.scenario(
    "EVT-UPD-07",
    Level.SHOULD,
    "An update needs an event",
    source="as getEvent: 404, and 400 for no id",
    operations=UPDATING,
    statuses=(400, 404),
)
def needs_one(api: Api, operation: str) -> Iterator[Finding]:
    """404 where there is none of that id, 400 for an id that is none, and it creates nothing."""
    event_id = api.new_id()
    exchange = update(api, operation, event_id, {"metadata": {"a": 1}})
    yield Finding(404, exchange.response.status, (exchange,))
    exchange = update(api, operation, "no-uuid", {"metadata": {"a": 1}})
    yield Finding(400, exchange.response.status, (exchange,))
    exchange = api.call("getEvent", id_=event_id)
    yield Finding(404, exchange.response.status, (exchange,))
