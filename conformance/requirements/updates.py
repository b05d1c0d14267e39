"""What an update changes of an event, and what it leaves."""

from collections.abc import Iterator, Mapping
from typing import Any

from hivestand.conformance.api import Api, call_of
from hivestand.conformance.exchange import Exchange, SentRequest
from hivestand.conformance.operations import UPDATING
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import Expectations, Finding, Level, Matcher
from hivestand.conformance.requirements.events import FULL, LARGE, created, seen
from hivestand.conformance.requirements.fields import NESTED
from hivestand.conformance.sent import is_sent_as_json

registry = Registry()
NO = False
MERGED = ("metadata", "feedback", "metrics", "config", "user_properties")
MERGE = "metadata, feedback, metrics, config, user_properties: fields to merge into the event"
OMITTED = "Only the provided fields are modified; omitted fields are left unchanged"
OUTPUTS = "outputs: must be an object or null; null preserves the existing outputs; non-object values are rejected"
ODD = {"a.b": {"c": 1}, "": "", "$set": 0.5, "KEPT": [], "null": None, "deep": NESTED}  # keys that mean nothing
AT_ONCE = 6
REFUSED = Matcher("400 or 404", lambda status: status in {400, 404})


def update_of(operation: str, event_id: str, change: Mapping[str, Any], **details: Any) -> SentRequest:
    """The request that updates an event."""
    body = change if operation == "updateEvent" else {**change, "event_id": event_id}
    return call_of(operation, body, event_id, **details)


def update(api: Api, operation: str, event_id: str, change: Mapping[str, Any], **details: Any) -> Exchange:
    """Send an update."""
    return api.send(update_of(operation, event_id, change, **details))


def held_in(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object of an event, empty where it is none."""
    value = event.get(name)
    return value if isinstance(value, dict) else {}


def changed(api: Api, event_id: str, key: str) -> Exchange:
    """The event when all of its objects that merge have a key, which an update gave them."""
    return api.read(event_id, lambda event: all(key in held_in(event, name) for name in MERGED))


@registry.scenario(
    "EVT-UPD-01",
    Level.MUST,
    "An update adds to objects and keeps what is there",
    source=MERGE,
    operations=UPDATING,
    costly=True,
)
def merges(api: Api, operation: str) -> Iterator[Finding]:
    """An update adds to objects and keeps what is there.

    Five of them, key by key; whose value wins where both have a key is another requirement's.
    """
    event_id = created(api, **{name: {"old": 1, "kept": {"a": None}} for name in MERGED})
    exchange = update(api, operation, event_id, {name: {"new": [2], **ODD} for name in MERGED})
    yield Finding(200, exchange.response.status, (exchange,))
    changed(api, event_id, "new")
    again = update(api, operation, event_id, {name: {"newer": True} for name in MERGED})
    read = changed(api, event_id, "newer")
    expected = {"old": 1, "kept": {"a": None}, "new": [2], "newer": True, **ODD}
    for name in MERGED:
        yield Finding(expected, seen(held_in(read.response.held, name), expected), (exchange, again, read))


@registry.scenario(
    "EVT-UPD-02",
    Level.MUST,
    "Outputs are replaced; null keeps them",
    source=OUTPUTS,
    operations=UPDATING,
    costly=True,
)
def replaces_outputs(api: Api, operation: str) -> Iterator[Finding]:
    """Outputs are replaced; null keeps them: no key of before is left."""
    event_id, outputs = created(api, outputs={"old": 1}), {"new": {"a": 1}, **ODD}
    exchange = update(api, operation, event_id, {"outputs": outputs, "duration": 2})
    read = api.read(event_id, lambda event: event.get("duration") == 2)  # noqa: PLR2004
    yield Finding([200, outputs], [exchange.response.status, read.response.held.get("outputs")], (exchange, read))
    exchange = update(api, operation, event_id, {"outputs": None, "duration": 1})
    read = api.read(event_id, lambda event: event.get("duration") == 1)
    yield Finding([200, outputs], [exchange.response.status, read.response.held.get("outputs")], (exchange, read))


def wrong_outputs(api: Api, operation: str) -> Iterator[Exchange]:
    """Strings, arrays, scalars."""
    event_id = created(api)
    for outputs in api.few(("text", [1], 7, True, [], "")):
        yield update(api, operation, event_id, {"outputs": outputs})


@registry.response(
    "EVT-UPD-03",
    Level.MUST,
    "Outputs that are not an object are refused",
    source=f"{OUTPUTS}; 400: Bad request",
    operations=UPDATING,
    statuses=(400,),
    tries=wrong_outputs,
)
def refuses_outputs(exchange: Exchange) -> Expectations:
    """Outputs that are not an object are refused: with 400."""
    if is_sent_as_json(exchange.request) and not isinstance(exchange.request.json.get("outputs"), dict | None):
        yield 400, exchange.response.status


@registry.scenario(
    "EVT-UPD-04",
    Level.MUST,
    "Duration, end time and children are set",
    source="duration, end_time; children_ids to set (must be non-empty; an empty array is ignored)",
    operations=UPDATING,
    costly=True,
)
def sets(api: Api, operation: str) -> Iterator[Finding]:
    """Duration, end time and children are set: and an empty list of children is ignored."""
    event_id = created(api, children_ids=["a"], duration=1, end_time=1)
    change = {"duration": 7.5, "end_time": 1767225607500, "children_ids": ["c", "b"]}
    exchange = update(api, operation, event_id, change)
    read = api.read(event_id, lambda event: event.get("duration") == change["duration"])
    yield Finding(200, exchange.response.status, (exchange,))
    yield Finding(change, seen(read.response.held, change), (exchange, read))
    exchange = update(api, operation, event_id, {"children_ids": [], "duration": 0})
    read = api.read(event_id, lambda event: event.get("duration") == 0)
    found = [exchange.response.status, read.response.held.get("children_ids"), read.response.held.get("duration")]
    yield Finding([200, ["c", "b"], 0], found, (exchange, read))


@registry.scenario(
    "EVT-UPD-05",
    Level.MUST,
    "Omitted fields stay, and unknown fields are ignored",
    source=f"{OMITTED}; extra fields are accepted by the server but silently ignored",
    operations=UPDATING,
    costly=True,
)
def leaves_the_rest(api: Api, operation: str) -> Iterator[Finding]:
    """Omitted fields stay, and unknown fields are ignored.

    Type, name, inputs and times too, which are no fields of an update.
    """
    event_id = created(api, event_type="chain", **FULL)
    before = api.read(event_id)
    extra: dict[str, Any] = {"event_name": "other", "event_type": "tool", "inputs": {}, "error": None, "source": ""}
    extra |= {"start_time": 1, "session_id": api.new_id(), "parent_id": api.new_id(), "colour": 1}
    exchange = update(api, operation, event_id, {**extra, "metadata": {"done": 1}})
    yield Finding(200, exchange.response.status, (exchange,))
    after = api.read(event_id, lambda event: "done" in held_in(event, "metadata"))
    names = {**FULL, "event_type": "", "session_id": "", "parent_id": ""}
    yield Finding(seen(before.response.held, names), seen(after.response.held, names), (exchange, after))
    yield Finding(1, held_in(after.response.held, "metadata").get("done"), (exchange, after))


@registry.scenario(
    "EVT-UPD-06",
    Level.SHOULD,
    "An update with a session's id updates the session",
    source="released clients update a session by it",
    operations=UPDATING,
)
def reaches_the_session(api: Api, operation: str) -> Iterator[Finding]:
    """An update with a session's id updates the session: the response to the next post shows it, and merges with it."""
    session_id = api.new_id()
    api.start(api.marked({"session_id": session_id, "outputs": {"old": 1}, "user_properties": {"mine": 1}}))
    api.look(session_id)
    exchange = update(api, operation, session_id, {"metadata": {"enriched": 1}, "outputs": {"new": 1}})
    yield Finding(200, exchange.response.status, (exchange,))
    api.look(session_id, lambda event: "enriched" in held_in(event, "metadata"))
    after = api.start(api.marked({"session_id": session_id, "metadata": {"posted": 1}}))
    held = after.response.event
    found = [held_in(held, "metadata").get("enriched"), held_in(held, "metadata").get("posted"), held.get("outputs")]
    yield Finding([1, 1, {"new": 1}], found, (exchange, after))
    yield Finding({"mine": 1}, held.get("user_properties"), (exchange, after))


@registry.scenario(
    "EVT-UPD-07",
    Level.SHOULD,
    "An update needs an id",
    source="event_id (string, UUID), required; 400: Bad request",
    operations=UPDATING,
    statuses=(400,),
)
def needs_an_id(api: Api, operation: str) -> Iterator[Finding]:
    """An update needs an id: with 400 for one that is none, or 404 where ids may be any text."""
    exchange = update(api, operation, "no-uuid", {"metadata": {"a": 1}})
    yield Finding(REFUSED, exchange.response.status, (exchange,))
    if operation == "updateEventLegacy":
        exchange = api.call(operation, {"metadata": {"a": 1}})
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-UPD-08",
    Level.INFO,
    "An update of an unknown event gets 404",
    source="open",
    operations=UPDATING,
    statuses=(404,),
)
def unknown(api: Api, operation: str) -> Iterator[Finding]:
    """An update of an unknown event gets 404: nothing says what it is."""
    exchange = update(api, operation, api.new_id(), {"metadata": {"a": 1}})
    yield Finding(404, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-UPD-09",
    Level.SHOULD,
    "A refused update changes nothing",
    source="400: Bad request",
    operations=UPDATING,
    statuses=(400,),
)
def refused_is_not_done(api: Api, operation: str) -> Iterator[Finding]:
    """A refused update changes nothing: not what is sound of it."""
    event_id = created(api, outputs={"old": 1}, duration=1)
    exchange = update(api, operation, event_id, {"duration": 2, "metadata": {"refused": 1}, "outputs": "text"})
    read = api.read(event_id)
    held = read.response.held
    found = [held.get("outputs"), held.get("duration"), "refused" in held_in(held, "metadata")]
    yield Finding([{"old": 1}, 1, False], found, (exchange, read))


@registry.scenario(
    "EVT-UPD-10",
    Level.SHOULD,
    "If both have a key, the update's value wins",
    source="Update fields on an existing event",
    operations=UPDATING,
)
def new_value_wins(api: Api, operation: str) -> Iterator[Finding]:
    """If both have a key, the update's value wins: else nothing could be corrected."""
    event_id = created(api, **{name: {"both": 1} for name in MERGED})
    for value in api.few((2, "1")):
        exchange = update(api, operation, event_id, {name: {"both": value} for name in MERGED})
        read = api.read(event_id, lambda event: all(held_in(event, n).get("both") == value for n in MERGED))  # noqa: B023
        found = [held_in(read.response.held, name).get("both") for name in MERGED]
        yield Finding([value] * len(MERGED), found, (exchange, read))


@registry.scenario(
    "EVT-UPD-11", Level.INFO, "Objects are merged at the top level only", source="open", operations=UPDATING
)
def one_level_deep(api: Api, operation: str) -> Iterator[Finding]:
    """Objects are merged at the top level only: of what is below, the new value wins whole."""
    event_id = created(api, **{name: {"both": {"a": 1}} for name in MERGED})
    exchange = update(api, operation, event_id, {name: {"both": {"b": 2}, "new": 1} for name in MERGED})
    read = changed(api, event_id, "new")
    found = [held_in(read.response.held, name).get("both") for name in MERGED]
    yield Finding([{"b": 2}] * len(MERGED), found, (exchange, read))


@registry.scenario(
    "EVT-UPD-12",
    Level.SHOULD,
    "One token cannot update another token's event",
    source="Bearer authentication: a token is an account's",
    operations=UPDATING,
    needs="--second-token",
)
def tokens_are_apart(api: Api, operation: str) -> Iterator[Finding]:
    """One token cannot update another token's event: nor is it created there."""
    event_id = created(api)
    theirs = update(api, operation, event_id, {"metadata": {"theirs": 1}}, token="second")  # noqa: S106 - a name for one
    read = api.read(event_id)
    yield Finding(NO, "theirs" in held_in(read.response.held, "metadata"), (theirs, read))


@registry.scenario(
    "EVT-UPD-13",
    Level.SHOULD,
    "No concurrent update is lost",
    source=MERGE,
    operations=UPDATING,
    costly=True,
)
def none_is_lost(api: Api, operation: str) -> Iterator[Finding]:
    """No concurrent update is lost: each adds a key of its own to each object."""
    event_id = created(api)
    keys = [f"k{number}" for number in api.few(range(AT_ONCE), 4)]
    exchanges = tuple(api.at_once([update_of(operation, event_id, {n: {key: key} for n in MERGED}) for key in keys]))
    yield Finding([200] * len(keys), [each.response.status for each in exchanges], exchanges)
    read = api.read(event_id, lambda event: all(key in held_in(event, n) for key in keys for n in MERGED))
    for name in MERGED:
        found = [held_in(read.response.held, name).get(key) for key in keys]
        yield Finding(keys, found, (*exchanges, read))


@registry.scenario("EVT-UPD-14", Level.INFO, "A field of the wrong type is ignored", source="open", operations=UPDATING)
def wrong_types_are_ignored(api: Api, operation: str) -> Iterator[Finding]:
    """A field of the wrong type is ignored: all but outputs, unless the schema is asked for."""
    if api.is_strict:
        return
    event_id = created(api, duration=1, **{name: {"old": 1} for name in MERGED if name != "metadata"})
    before = api.read(event_id)
    wrong = {**dict.fromkeys(MERGED, 7), "duration": "2", "children_ids": "a", "end_time": "soon"}
    exchange = update(api, operation, event_id, wrong)
    yield Finding(200, exchange.response.status, (exchange,))
    read = api.read(event_id)
    names = dict.fromkeys((*MERGED, "duration", "children_ids"))
    yield Finding(seen(before.response.held, names), seen(read.response.held, names), (exchange, read))


@registry.scenario(
    "EVT-UPD-15",
    Level.SHOULD,
    "An update creates no event",
    source="Update fields on an existing event",
    operations=UPDATING,
)
def creates_nothing(api: Api, operation: str) -> Iterator[Finding]:
    """An update creates no event: of an id that there is not."""
    event_id = api.new_id()
    exchange = update(api, operation, event_id, api.marked({"outputs": {}}))
    read = api.call("getEvent", id_=event_id)
    yield Finding(NO, bool(read.response.held), (exchange, read))


@registry.scenario(
    "EVT-UPD-16",
    Level.SHOULD,
    "An update keeps a 64-bit integer exactly",
    source="Metric values, arbitrary metadata: ids of other systems are such numbers",
    operations=UPDATING,
)
def int64_is_kept(api: Api, operation: str) -> Iterator[Finding]:
    """An update keeps a 64-bit integer exactly: those that were there, and those that come to them."""
    event_id = created(api, **{name: {"old": LARGE["id"]} for name in MERGED})
    exchange = update(api, operation, event_id, {name: {"new": LARGE["other"]} for name in MERGED})
    read = changed(api, event_id, "new")
    for name in MERGED:
        held = held_in(read.response.held, name)
        expected = [str(LARGE["id"]), str(LARGE["other"])]
        yield Finding(expected, [str(held.get("old")), str(held.get("new"))], (exchange, read))


@registry.scenario(
    "EVT-UPD-17",
    Level.MUST,
    "An update of one event leaves others unchanged",
    source=OMITTED,
    operations=UPDATING,
    costly=True,
)
def stays_at_home(api: Api, operation: str) -> Iterator[Finding]:
    """An update of one event leaves others unchanged: of the same session, and however alike their ids are."""
    event_id = api.new_id()
    other_id = event_id[:-1] + ("0" if event_id[-1] != "0" else "1")
    for each in (event_id, other_id):
        created(api, event_id=each, duration=1)
    exchange = update(api, operation, event_id, {"duration": 2, "metrics": {"leak": 1}})
    api.read(event_id, lambda event: event.get("duration") == 2)  # noqa: PLR2004
    read = api.read(other_id)
    held = read.response.held
    yield Finding([1, {}], [held.get("duration"), held_in(held, "metrics")], (exchange, read))
