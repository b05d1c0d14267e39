"""How events are found."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from skep.conformance.api import Api
from skep.conformance.exchange import Exchange
from skep.conformance.operations import SEARCHING
from skep.conformance.registry import Registry
from skep.conformance.requirement import Finding, Level

registry = Registry()
YES, NO = True, False
START = 1767225600000  # 2026-01-01T00:00:00Z
FOUND = "Search events via POST with filtering and pagination"
ORDER = "Results are always ordered by start_time descending"
OPERATORS = "operators and types of a filter"
LARGEST = {"searchEvents": 1000, "exportEventsLegacy": 7500}
ENDS = {"searchEvents": ("start_time", "end_time"), "exportEventsLegacy": ("$gte", "$lte")}
EVENTS: tuple[Mapping[str, Any], ...] = (
    {
        "event_name": "a",
        "event_type": "tool",
        "start_time": START,
        "duration": 1,
        "metadata": {"cost": 0.5, "ok": True},
    },
    {"event_name": "b", "event_type": "model", "start_time": START + 1000, "duration": 20, "metadata": {"cost": 2}},
    {
        "event_name": "ab",
        "event_type": "chain",
        "start_time": START + 2000,
        "error": "broken",
        "metadata": {"ok": False},
    },
    {"event_name": "c", "event_type": "tool", "start_time": START + 3000, "metadata": {"tags": ["x", "y"]}},
)
# field, operator, value, type, and the names of the events that it holds for
FILTERS: tuple[tuple[str, str, Any, str, set[str]], ...] = (
    ("event_name", "is", "a", "string", {"a"}),
    ("event_name", "is not", "a", "string", {"b", "ab", "c"}),
    ("event_name", "contains", "a", "string", {"a", "ab"}),
    ("event_name", "not contains", "a", "string", {"b", "c"}),
    ("event_type", "is", "tool", "string", {"a", "c"}),
    ("error", "exists", None, "string", {"ab"}),
    ("error", "not exists", None, "string", {"a", "b", "c"}),
    ("duration", "is", 20, "number", {"b"}),
    ("duration", "greater than", 5, "number", {"b"}),
    ("metadata.cost", "less than", 1, "number", {"a"}),
    ("metadata.ok", "is", False, "boolean", {"ab"}),
    ("start_time", "after", "2026-01-01T00:00:01Z", "datetime", {"ab", "c"}),
    ("start_time", "before", "2026-01-01T00:00:01Z", "datetime", {"a"}),
    ("start_time", "is", "2026-01-01T00:00:01Z", "datetime", {"b"}),
)


def a_session(api: Api, events: Sequence[Mapping[str, Any]] = EVENTS) -> str:
    """The id of a new session that holds these events and no session event."""
    session_id = api.new_id()
    made = [api.event(**{**each, "session_id": session_id}) for each in events]
    api.call("createEventBatch", {"events": made})
    api.started.add(session_id)
    return session_id


def names(exchange: Exchange) -> list[Any]:
    """Of the events that were found."""
    found = exchange.response.event.get("events")
    return [each.get("event_name") for each in found if isinstance(each, dict)] if isinstance(found, list) else []


@registry.scenario(
    "EVT-FIND-01",
    Level.MUST,
    "A search finds what was stored, the last to start first",
    source=ORDER,
    operations=SEARCHING,
)
def finds(api: Api, operation: str) -> Iterator[Finding]:
    """All of it, and nothing else."""
    exchange = api.find(a_session(api), len(EVENTS), operation)
    yield Finding([200, ["c", "ab", "b", "a"]], [exchange.response.status, names(exchange)], (exchange,))


@registry.scenario(
    "EVT-FIND-02",
    Level.MUST,
    "Pages are of the size that is asked for",
    source=FOUND,
    operations=SEARCHING,
    costly=True,
)
def pages(api: Api, operation: str) -> Iterator[Finding]:
    """And together they are all there is."""
    session_id = a_session(api)
    exchanges = [api.find(session_id, len(EVENTS), operation, limit=3, page=page) for page in (1, 2, 3)]
    yield Finding([["c", "ab", "b"], ["a"], []], [names(each) for each in exchanges], tuple(exchanges))


@registry.scenario("EVT-FIND-03", Level.SHOULD, "The count is that of all pages", source="count", operations=SEARCHING)
def counts(api: Api, operation: str) -> Iterator[Finding]:
    """However small the page."""
    exchange = api.find(a_session(api), len(EVENTS), operation, limit=1)
    yield Finding(len(EVENTS), exchange.response.event.get("count"), (exchange,))


@registry.scenario(
    "EVT-FIND-04",
    Level.MUST,
    "A page larger than the largest is refused",
    source="limit: maximum 1000",
    operations=("searchEvents",),
    statuses=(400,),
)
def largest_page(api: Api, operation: str) -> Iterator[Finding]:
    """The largest is taken; none at all and less than one page are not."""
    for body, status in (
        ({"limit": LARGEST[operation]}, 200),
        ({"limit": LARGEST[operation] + 1}, 400),
        ({"limit": 0}, 400),
        ({"page": 0}, 400),
    ):
        exchange = api.call(operation, body)
        yield Finding(status, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-FIND-05",
    Level.SHOULD,
    "An export larger than the largest is refused",
    source="limit: max 7500",
    operations=("exportEventsLegacy",),
    statuses=(400,),
)
def largest_export(api: Api, operation: str) -> Iterator[Finding]:
    """The largest is taken."""
    yield from largest_page(api, operation)


@registry.scenario(
    "EVT-FIND-06", Level.SHOULD, "Each operator compares as its name says", source=OPERATORS, operations=SEARCHING
)
def compares(api: Api, operation: str) -> Iterator[Finding]:
    """By the type that is named."""
    session_id = a_session(api)
    api.find(session_id, len(EVENTS), operation)
    for field, operator, value, type_, expected in api.few(FILTERS, 6):
        each = {"field": field, "operator": operator, "value": value, "type": type_}
        exchange = api.find(session_id, len(expected), operation, filters=[each])
        yield Finding(sorted(expected), sorted(map(str, names(exchange))), (exchange,))


@registry.scenario(
    "EVT-FIND-07", Level.SHOULD, "Every filter has to hold", source="filter criteria to apply", operations=SEARCHING
)
def all_hold(api: Api, operation: str) -> Iterator[Finding]:
    """Not one of them alone."""
    session_id = a_session(api)
    filters = [
        {"field": "event_type", "operator": "is", "value": "tool", "type": "string"},
        {"field": "event_name", "operator": "contains", "value": "a", "type": "string"},
    ]
    exchange = api.find(session_id, 1, operation, filters=filters)
    yield Finding(["a"], names(exchange), (exchange,))


@registry.scenario(
    "EVT-FIND-08",
    Level.MUST,
    "A date range has both its ends",
    source="date range (inclusive)",
    operations=SEARCHING,
    costly=True,
)
def dates(api: Api, operation: str) -> Iterator[Finding]:
    """To the millisecond."""
    since, until = ENDS[operation]
    between = {since: "2026-01-01T00:00:01.000Z", until: "2026-01-01T00:00:02.000Z"}
    exchange = api.find(a_session(api), 2, operation, dateRange=between)
    yield Finding(["ab", "b"], names(exchange), (exchange,))


@registry.scenario(
    "EVT-FIND-09",
    Level.SHOULD,
    "A filter that is none is refused",
    source="operator and type are of a list",
    operations=SEARCHING,
    statuses=(400,),
)
def malformed(api: Api, operation: str) -> Iterator[Finding]:
    """With 400, so that nothing is taken for found."""
    sound = {"field": "event_name", "operator": "is", "value": "a", "type": "string"}
    wrong = [{**sound, "operator": "resembles"}, {**sound, "type": "colour"}, {"operator": "is"}, "event_name"]
    for each in api.few(wrong, 2):
        exchange = api.call(operation, {"filters": [each]})
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-FIND-10",
    Level.SHOULD,
    "An export has the properties that are asked for",
    source="projections: Fields to include in the response",
    operations=("exportEventsLegacy",),
)
def projects(api: Api, operation: str) -> Iterator[Finding]:
    """And no others."""
    exchange = api.find(a_session(api), len(EVENTS), operation, projections=["event_name", "start_time"])
    found = exchange.response.event.get("events") or []
    yield Finding([["event_name", "start_time"]] * len(EVENTS), [sorted(each) for each in found], (exchange,))


@registry.scenario(
    "EVT-FIND-11",
    Level.SHOULD,
    "Nothing of one token is found with another",
    source="Bearer authentication: a token is an account's",
    operations=SEARCHING,
    needs="--second-token",
)
def tokens_are_apart(api: Api, operation: str) -> Iterator[Finding]:
    """By the id of a session of the first."""
    session_id = a_session(api)
    api.find(session_id, len(EVENTS), operation)
    by_session = {"field": "session_id", "operator": "is", "value": session_id, "type": "string"}
    exchange = api.call(operation, {"filters": [by_session]}, token="second")  # noqa: S106 - a name for one
    yield Finding([[], 0], [names(exchange), exchange.response.event.get("count")], (exchange,))


@registry.scenario(
    "EVT-FIND-12",
    Level.SHOULD,
    "A search shows an event as it is now",
    source="updates are of the event",
    operations=SEARCHING,
)
def shows_updates(api: Api, operation: str) -> Iterator[Finding]:
    """After an update."""
    session_id, event_id = api.new_id(), api.new_id()
    api.call("createEvent", api.event(session_id=session_id, event_id=event_id, event_name="updated"))
    api.started.add(session_id)
    api.find(session_id, 1, operation)
    api.call("updateEvent", {"metrics": {"score": 1}}, event_id)
    exchange = api.find(session_id, 1, operation)
    found = exchange.response.event.get("events") or [{}]
    yield Finding({"score": 1}, found[0].get("metrics"), (exchange,))
