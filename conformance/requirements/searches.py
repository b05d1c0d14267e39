"""How events are found."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from hivestand.conformance.api import NOT_SEEN, Api, CannotTest
from hivestand.conformance.exchange import Exchange
from hivestand.conformance.operations import SEARCHING
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import ABSENT, Expectations, Finding, Level, Matcher
from hivestand.conformance.requirements.events import created
from hivestand.conformance.samples import is_number, is_whole

registry = Registry()
START = 1767225600000  # 2026-01-01T00:00:00Z
FOUND = "Retrieve events based on filters; Search events via POST with filtering and pagination"
ORDER = "Results are always ordered by start_time descending"
OPERATORS = "operator: exists, not exists, is, is not, contains, not contains, greater than, less than, after, before"
MAX_LIMIT = {"searchEvents": 1000, "exportEventsLegacy": 7500}
DEFAULT = 1000  # events of a page by default
ENDS = {"searchEvents": ("start_time", "end_time"), "exportEventsLegacy": ("$gte", "$lte")}
EVENTS: tuple[Mapping[str, Any], ...] = (  # in no order
    {"event_name": "b", "event_type": "model", "start_time": START + 1000, "duration": 20, "metadata": {"cost": 2}},
    {
        "event_name": "c",
        "event_type": "tool",
        "start_time": START + 3000,
        "metadata": {"tags": ["xyz", "y"], "a.b": "dotted", "deep": {"er": {"est": "C"}}},
    },
    {
        "event_name": "a",
        "event_type": "tool",
        "start_time": START,
        "duration": 1,
        "metadata": {"cost": 0.5, "ok": True, "10": 10},
    },
    {
        "event_name": "ab",
        "event_type": "chain",
        "start_time": START + 2000,
        "error": "broken",
        "duration": 100,
        "metadata": {"ok": False, "cost": 10, "run_id": "a run"},
    },
)
NAMES = ["c", "ab", "b", "a"]  # of them, in theirs
Case = tuple[str, str, Any, str, str]  # field, operator, value, type, and the names of the events that it holds for
FILTERS: tuple[Case, ...] = (
    ("event_name", "is", "a", "string", "a"),
    ("event_name", "is not", "a", "string", "ab b c"),
    ("event_name", "contains", "b", "string", "ab b"),
    ("event_name", "not contains", "b", "string", "a c"),
    ("metadata.cost", "exists", None, "number", "a ab b"),
    ("metadata.cost", "not exists", None, "number", "c"),
    ("duration", "greater than", 19.5, "number", "ab b"),
    ("metadata.cost", "less than", 9, "number", "a b"),
    ("start_time", "after", "2026-01-01T00:00:01Z", "datetime", "ab c"),
    ("start_time", "before", "2026-01-01T00:00:01Z", "datetime", "a"),
    ("duration", "is", 20, "number", "b"),
    ("event_type", "is", "tool", "string", "a c"),
    ("metadata.ok", "is", False, "boolean", "ab"),
    ("metadata.deep.er.est", "is", "C", "string", "c"),
    ("metadata.cost", "greater than", 2, "number", "ab"),
    ("metadata.cost", "less than", 2, "number", "a"),
    ("duration", "is not", 20, "number", "a ab c"),
    ("event_id", "exists", None, "string", "a ab b c"),
)
OPEN: tuple[Case, ...] = (
    ("error", "exists", None, "string", "ab"),
    ("error", "not exists", None, "string", "a b c"),
    ("metadata.ok", "is not", True, "boolean", "ab b c"),
    ("error", "not contains", "broken", "string", "a b c"),
    ("metadata.tags", "contains", "y", "string", "c"),
    ("metadata.a.b", "is", "dotted", "string", "c"),
    ("event_name", "contains", "B", "string", ""),
    ("start_time", "is", "2026-01-01T00:00:01Z", "datetime", "b"),
    ("start_time", "after", START + 1000, "datetime", "ab c"),
)


def a_session(api: Api) -> str:
    """The id of a new session that holds these events and no session event."""
    session_id = api.new_id()
    for each in EVENTS:
        created(api, **{**each, "session_id": session_id})
    return session_id


def searched(api: Api, operation: str) -> str:
    """A session of events that an operation finds.

    Raises:
        CannotTest: it does not find one of them: that is the business of one requirement alone.
    """
    if not names(found(api, operation)):
        raise CannotTest(NOT_SEEN)
    return api.once("a session", lambda: a_session(api))


def found(api: Api, operation: str) -> Exchange:
    """What an operation finds of that session."""
    session_id = api.once("a session", lambda: a_session(api))
    return api.once(f"found by {operation}", lambda: api.find(session_id, len(EVENTS), operation))


def names(exchange: Exchange) -> list[Any]:
    """The names of the events that were found."""
    return [each.get("event_name") for each in exchange.response.found]


def search(api: Api, operation: str, *filters: Mapping[str, Any], **query: Any) -> Exchange:
    """What an operation finds of that session, when it finds it."""
    by_session = by(("session_id", "is", searched(api, operation), "string", ""))
    return api.call(operation, {"filters": [by_session, *filters], **query})


def by(case: Case) -> dict[str, Any]:
    """The filter of a case."""
    return dict(zip(("field", "operator", "value", "type"), case, strict=False))


def those(case: Case) -> list[str]:
    """The names of the events that it holds for, as they are sorted."""
    return case[-1].split()


@registry.scenario(
    "EVT-SEEN-02",
    Level.SHOULD,
    "A created event can be found soon",
    source=FOUND,
    operations=SEARCHING,
)
def is_seen(api: Api, operation: str) -> Iterator[Finding]:
    """A created event can be found soon.

    Within seconds: how soon is not said. Requirements that would have to find it are skipped where it is not.
    """
    exchange = found(api, operation)
    yield Finding(Matcher("events of the session", bool), names(exchange), (exchange,))


@registry.scenario("EVT-FIND-01", Level.MUST, "A search finds the stored events", source=FOUND, operations=SEARCHING)
def finds(api: Api, operation: str) -> Iterator[Finding]:
    """A search finds the stored events: all of a session, nothing else, each as it was sent."""
    session_id = searched(api, operation)
    exchange = found(api, operation)
    yield Finding(sorted(NAMES), sorted(map(str, names(exchange))), (exchange,))
    shown = {each.get("event_name"): each for each in exchange.response.found}
    for each in EVENTS:
        held = shown.get(each["event_name"], {})
        sent = {**each, "session_id": session_id, "metadata": api.marked(each)["metadata"]}
        yield Finding(sent, {name: held.get(name, ABSENT) for name in sent}, (exchange,))


def every_page(api: Api, operation: str) -> Iterator[Exchange]:
    """Of everything there is, and of a session; the latest of that came first."""
    for query in api.few(({}, {"limit": 2, "ignore_order": False}, {"limit": 2, "page": 2})):
        yield search(api, operation, **query)


@registry.response(
    "EVT-FIND-13",
    Level.MUST,
    "The event that started last comes first",
    source=ORDER,
    operations=("searchEvents",),
    tries=every_page,
)
def in_order(exchange: Exchange) -> Expectations:
    """The event that started last comes first, in every response."""
    times = [each.get("start_time") for each in exchange.response.found]
    for earlier, later in pairwise(time for time in times if is_number(time)):
        if later > earlier:
            yield Matcher(f"no later than {earlier}", bool), False
    yield len(times), sum(map(is_number, times))


@registry.response(
    "EVT-FIND-14",
    Level.SHOULD,
    "In an export the event that started last comes first",
    source=f"{ORDER}; ignore_order: If true, skip result ordering",
    operations=("exportEventsLegacy",),
    tries=every_page,
)
def in_order_too(exchange: Exchange) -> Expectations:
    """In an export the event that started last comes first: unless that is declined, or the times are not asked for."""
    query = exchange.request.json
    if isinstance(query, dict) and not query.get("ignore_order") and "projections" not in query:
        yield from in_order(exchange)


@registry.scenario(
    "EVT-FIND-02",
    Level.MUST,
    "Pages have the requested size",
    source=FOUND,
    operations=SEARCHING,
    costly=True,
)
def pages(api: Api, operation: str) -> Iterator[Finding]:
    """Pages have the requested size: and together they are all there is."""
    exchanges = [search(api, operation, limit=3, page=page) for page in (1, 2, 3)]
    yield Finding([3, 1, 0], [len(names(each)) for each in exchanges], tuple(exchanges))
    together = sorted(str(name) for each in exchanges for name in names(each))
    yield Finding(sorted(NAMES), together, tuple(exchanges))


@registry.response(
    "EVT-FIND-15",
    Level.MUST,
    "No page is larger than requested",
    source="limit: Limit number of results (default 1000)",
    operations=SEARCHING,
    tries=every_page,
)
def no_larger(exchange: Exchange) -> Expectations:
    """No page is larger than requested: nor than the default where nothing is."""
    query = exchange.request.json if isinstance(exchange.request.json, dict) else {}
    limit = query.get("limit", DEFAULT)
    if exchange.response.status == 200 and is_whole(limit) and limit > 0:  # noqa: PLR2004
        number = len(exchange.response.found)
        yield min(number, limit), number


@registry.scenario(
    "EVT-FIND-03",
    Level.SHOULD,
    "The count covers all pages",
    source="count, which the released Python SDK reads as the total",
    operations=SEARCHING,
)
def counts(api: Api, operation: str) -> Iterator[Finding]:
    """The count covers all pages: however small the page, and beyond the last."""
    for page in api.few((1, 4, 9)):
        exchange = search(api, operation, limit=1, page=page)
        yield Finding(len(EVENTS), exchange.response.event.get("count"), (exchange,))


@registry.scenario(
    "EVT-FIND-04",
    Level.SHOULD,
    "Page sizes out of range are refused",
    source="limit: 1 to 1000, or 7500 in the older operation; page: from 1",
    operations=SEARCHING,
    statuses=(400,),
)
def out_of_bounds(api: Api, operation: str) -> Iterator[Finding]:
    """Page sizes out of range are refused: with 400, so that nothing is taken for all there is."""
    for body in api.few(({"limit": MAX_LIMIT[operation] + 1}, {"limit": 0}, {"page": 0}, {"limit": -1}), 2):
        exchange = api.call(operation, body)
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-FIND-05",
    Level.MUST,
    "The largest page size is accepted",
    source="limit: max 1000, or 7500 in the older operation",
    operations=SEARCHING,
    costly=True,
)
def largest(api: Api, operation: str) -> Iterator[Finding]:
    """The largest page size is accepted: of a session that is small."""
    exchange = search(api, operation, limit=MAX_LIMIT[operation])
    yield Finding([200, len(EVENTS)], [exchange.response.status, len(names(exchange))], (exchange,))


@registry.scenario(
    "EVT-FIND-06", Level.SHOULD, "Each operator compares as its name says", source=OPERATORS, operations=SEARCHING
)
def compares(api: Api, operation: str) -> Iterator[Finding]:
    """Each operator compares as its name says: by the type that is named."""
    for case in api.few(FILTERS, 10):
        exchange = search(api, operation, by(case))
        yield Finding(those(case), sorted(map(str, names(exchange))), (exchange,))


@registry.scenario(
    "EVT-FIND-07",
    Level.SHOULD,
    "Every filter has to hold",
    source="Array of filter criteria to apply",
    operations=SEARCHING,
)
def all_hold(api: Api, operation: str) -> Iterator[Finding]:
    """Every filter has to hold: not one of them alone."""
    filters = [by(("event_type", "is", "tool", "string", "")), by(("event_name", "contains", "a", "string", ""))]
    for each in (filters, filters[::-1]):
        exchange = search(api, operation, *each)
        yield Finding(["a"], names(exchange), (exchange,))


@registry.scenario(
    "EVT-FIND-08",
    Level.MUST,
    "A date range includes both ends",
    source="date range (inclusive)",
    operations=SEARCHING,
    costly=True,
)
def dates(api: Api, operation: str) -> Iterator[Finding]:
    """A date range includes both ends: to the millisecond."""
    since, until = ENDS[operation]
    for first, last, expected in (("01.000", "02.000", ["ab", "b"]), ("01.001", "02.999", ["ab"])):
        between = {since: f"2026-01-01T00:00:{first}Z", until: f"2026-01-01T00:00:{last}Z"}
        exchange = search(api, operation, dateRange=between)
        yield Finding(expected, sorted(map(str, names(exchange))), (exchange,))


@registry.scenario(
    "EVT-FIND-09",
    Level.SHOULD,
    "An invalid filter is refused",
    source="operator and type are of a list; field, operator and value are required",
    operations=SEARCHING,
    statuses=(400,),
)
def malformed(api: Api, operation: str) -> Iterator[Finding]:
    """An invalid filter is refused: with 400, so that nothing is taken for found."""
    sound = by(("event_name", "is", "a", "string", ""))
    no_value = {name: value for name, value in sound.items() if name != "value"}
    wrong = [{**sound, "operator": "resembles"}, {**sound, "type": "colour"}, {"operator": "is"}, "name", no_value]
    for body in api.few([*({"filters": [each]} for each in wrong), {"filters": sound}], 2):
        exchange = api.call(operation, body)
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-FIND-10",
    Level.SHOULD,
    "An export returns the requested properties",
    source="projections: Fields to include in the response",
    operations=("exportEventsLegacy",),
)
def projects(api: Api, operation: str) -> Iterator[Finding]:
    """An export returns the requested properties: and no others."""
    exchange = search(api, operation, projections=["event_name", "start_time"])
    yield Finding([["event_name", "start_time"]] * len(EVENTS), list(map(sorted, exchange.response.found)), (exchange,))
    yield Finding(sorted(NAMES), sorted(map(str, names(exchange))), (exchange,))


@registry.scenario(
    "EVT-FIND-11",
    Level.SHOULD,
    "One token cannot find another token's events",
    source="Bearer authentication: a token is an account's",
    operations=SEARCHING,
    needs="--second-token",
)
def tokens_are_apart(api: Api, operation: str) -> Iterator[Finding]:
    """One token cannot find another token's events.

    By the id of a session of the first, whether an index or a scan is to find it.
    """
    session_id = searched(api, operation)
    for case in (("session_id", "is", session_id, "string", ""), ("session_id", "contains", session_id, "string", "")):
        exchange = api.call(operation, {"filters": [by(case)]}, token="second")  # noqa: S106 - a name for one
        yield Finding([], names(exchange), (exchange,))


@registry.scenario(
    "EVT-FIND-12",
    Level.SHOULD,
    "A search returns the current state of an event",
    source="Update fields on an existing event",
    operations=SEARCHING,
)
def shows_updates(api: Api, operation: str) -> Iterator[Finding]:
    """A search returns the current state of an event: after an update, which it finds the event by."""
    session_id = api.new_id()
    event_id = created(api, session_id=session_id)
    if not names(api.find(session_id, 1, operation)):
        raise CannotTest(NOT_SEEN)
    api.call("updateEvent", {"metrics": {"score": 1}}, event_id)
    scored = by(("metrics.score", "is", 1, "number", ""))
    exchange = api.find(session_id, 1, operation, filters=[scored])
    yield Finding([{"score": 1}], [each.get("metrics") for each in exchange.response.found], (exchange,))


@registry.scenario(
    "EVT-FIND-16",
    Level.INFO,
    "Filters treat null, case and lists as this mock does",
    source="open",
    operations=SEARCHING,
)
def fine_points(api: Api, operation: str) -> Iterator[Finding]:
    """Filters treat null, case and lists as this mock does.

    What is null is not there, what is not there is not anything, case matters, a list contains its items.
    """
    for case in OPEN:
        exchange = search(api, operation, by(case))
        yield Finding(those(case), sorted(map(str, names(exchange))), (exchange,))


@registry.scenario(
    "EVT-FIND-17",
    Level.SHOULD,
    "A filter without a type uses the type of its value",
    source="type is not required",
    operations=("searchEvents",),
)
def by_values_type(api: Api, operation: str) -> Iterator[Finding]:
    """A filter without a type uses the type of its value: a string, a number, a truth value."""
    for case in api.few([each for each in FILTERS if each[1] in {"is", "contains", "greater than"}], 3):
        untyped = {name: value for name, value in by(case).items() if name != "type"}
        exchange = search(api, operation, untyped)
        yield Finding([200, those(case)], [exchange.response.status, sorted(map(str, names(exchange)))], (exchange,))


@registry.scenario(
    "EVT-FIND-18",
    Level.SHOULD,
    "The UTC offset of a date is respected",
    source="ISO 8601 timestamp; RFC 3339, 4.2",
    operations=SEARCHING,
)
def offsets(api: Api, operation: str) -> Iterator[Finding]:
    """The UTC offset of a date is respected: the same moment, written otherwise."""
    since, until = ENDS[operation]
    for first, last in (("02:00:01+02:00", "02:00:02+02:00"), ("01:00:01.000+01:00", "00:00:02Z")):
        between = {since: f"2026-01-01T{first}", until: f"2026-01-01T{last}"}
        exchange = search(api, operation, dateRange=between)
        yield Finding(["ab", "b"], sorted(map(str, names(exchange))), (exchange,))


@registry.scenario(
    "EVT-FIND-19",
    Level.MUST,
    "ignore_order is accepted and ignored",
    source=f"ignore_order: accepted but ignored. {ORDER}",
    operations=("searchEvents",),
)
def ignores_ignore_order(api: Api, operation: str) -> Iterator[Finding]:
    """ignore_order is accepted and ignored: what began last comes first all the same."""
    for value in (True, False):
        exchange = search(api, operation, ignore_order=value)
        yield Finding([200, NAMES], [exchange.response.status, names(exchange)], (exchange,))


@registry.scenario(
    "EVT-FIND-20",
    Level.INFO,
    "The run of an experiment is read from the metadata",
    source="evaluation_id: Filter by evaluation/experiment run ID; where events have it is open",
    operations=SEARCHING,
)
def by_run(api: Api, operation: str) -> Iterator[Finding]:
    """The run of an experiment is read from the metadata: under `run_id`."""
    exchange = search(api, operation, evaluation_id="a run")
    yield Finding(["ab"], names(exchange), (exchange,))
