"""What holds for every response, whatever was sent."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from hivestand.conformance.api import Api
from hivestand.conformance.exchange import Exchange
from hivestand.conformance.history import canonical, session_of
from hivestand.conformance.operations import ALL, ROUTES
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import ABSENT, Expectations, Finding, Level, Matcher
from hivestand.conformance.requirements.auth import SHAPE
from hivestand.conformance.samples import is_int64, is_number
from hivestand.conformance.schema import violations

registry = Registry()
response_rule = registry.response
NO_SERVER_ERROR = Matcher("no 5xx status", lambda status: status < 500)  # noqa: PLR2004
JSON_TYPE = Matcher("application/json, or what ends in +json", lambda t: t == "application/json" or t.endswith("+json"))
WRONG: tuple[tuple[str, Any, str], ...] = (
    ("event_name", None, "/event_name"),
    ("start_time", "1", "/start_time"),
    ("metadata", [], "/metadata"),
    ("children_ids", ["a", 1], "/children_ids/1"),
    ("duration", True, "/duration"),
    ("session_id", 7, "/session_id"),
    *((name, 7, f"/{name}") for name in ("session_name", "event_name", "source")),
    *((name, "1", f"/{name}") for name in ("end_time", "duration")),
    *((name, [], f"/{name}") for name in ("config", "inputs", "outputs", "user_properties")),
    ("children_ids", {}, "/children_ids"),
)
YES = True
MAX_VIOLATIONS = 100  # violations of a body that are checked one by one
TIMES = ("start_time", "end_time")
STRICT = "handling=strict"
ERROR = "documented error body"


@response_rule(
    "SES-ANY-01", Level.SHOULD, "No request of the run causes a server error", source="RFC 9110, 15.6", operations=ALL
)
def no_server_error(exchange: Exchange) -> Expectations:
    """No request of the run causes a server error: however odd."""
    yield NO_SERVER_ERROR, exchange.response.status


@response_rule(
    "SES-ANY-02",
    Level.SHOULD,
    "A 400 or 401 has the documented body",
    source=ERROR,
    statuses=(400, 401),
    operations=ALL,
)
def error_body(exchange: Exchange) -> Expectations:
    """A 400 or 401 has the documented body: whatever it was that was refused."""
    is_its_method = exchange.request.method == ROUTES[exchange.request.operation].method
    if exchange.response.status in {400, 401} and is_its_method:
        yield SHAPE, exchange.response.json


@response_rule(
    "SES-ANY-05",
    Level.SHOULD,
    "Every other error has the documented body",
    source=ERROR,
    statuses=(403, 404, 405, 408, 413, 415, 500, 503),
    operations=ALL,
)
def other_error_body(exchange: Exchange) -> Expectations:
    """Every other error that HTTP brings with it has the documented body, except where a response has none."""
    is_other = exchange.response.status >= 400 and exchange.response.status not in {400, 401}  # noqa: PLR2004
    if is_other and exchange.request.method != "HEAD":
        yield SHAPE, exchange.response.json


@response_rule(
    "SES-ANY-08",
    Level.SHOULD,
    "An error that is JSON is declared as JSON",
    source="RFC 9110, 8.3",
    statuses=(400, 401, 403, 404, 405, 413, 415, 500, 503),
    operations=ALL,
)
def error_is_declared(exchange: Exchange) -> Expectations:
    """An error that is JSON is declared as JSON: as JSON, or as a kind of it."""
    if exchange.response.status >= 400 and exchange.response.event:  # noqa: PLR2004
        yield JSON_TYPE, exchange.response.media_type


@response_rule(
    "SES-ANY-06", Level.INFO, "A 503 says when to try again", source="RFC 9110, 10.2.3 and 15.6.4", statuses=(503,)
)
def says_when(exchange: Exchange) -> Expectations:
    """A 503 says when to try again: by Retry-After."""
    if exchange.response.status == 503:  # noqa: PLR2004
        yield Matcher("a Retry-After", bool), exchange.response.headers.get("retry-after")


@response_rule("SES-ANY-03", Level.MUST, "A valid body starts a session", source="No required properties")
def valid_is_taken(exchange: Exchange) -> Expectations:
    """A valid body starts a session: with 200, the one documented success; times beyond 64 bits are open."""
    session = session_of(exchange.request) or {}
    is_usual = all(is_int64(int(time)) for time in map(session.get, TIMES) if is_number(time))
    if is_usual and _is_posted_json(exchange) and not violations(exchange.request.operation, exchange.request.json):
        yield 200, exchange.response.status


@registry.scenario(
    "SES-ANY-07",
    Level.SHOULD,
    "The same request gets the same response each time",
    source="No required properties: every field has a server-side fallback",
)
def alike_each_time(api: Api, operation: str) -> Iterator[Finding]:
    """The same request gets the same response each time.

    With the same status and the same properties, thirty times in a row.
    """
    exchanges = [api.start(api.marked({}), operation) for _ in api.few(range(30), 2)]
    for exchange in exchanges:
        yield Finding(200, exchange.response.status, (exchange,))
        yield Finding(sorted(exchanges[0].response.event), sorted(exchange.response.event), (exchange,))


@response_rule(
    "SES-ANY-04", Level.SHOULD, "No property of a session is refused", source="every field has a server-side fallback"
)
def object_is_taken(exchange: Exchange) -> Expectations:
    """No property of a session is refused: of any type or name, unless the schema is asked for."""
    session = exchange.request.json
    if exchange.request.operation == "startSessionLegacy" and isinstance(session, dict):
        session = session.get("session")
    if _is_posted_json(exchange) and isinstance(session, dict) and not _is_strict(exchange):
        yield 200, exchange.response.status


@response_rule(
    "SES-STRICT-01",
    Level.MUST,
    "An invalid body is refused under the strict profile",
    source="Prefer: handling=strict",
    statuses=(400,),
    needs="--strict",
)
def violation_is_refused(exchange: Exchange) -> Expectations:
    """An invalid body is refused under the strict profile: with 400."""
    strictly = _is_strict(exchange) and _is_posted_json(exchange)
    if strictly and violations(exchange.request.operation, exchange.request.json):
        yield 400, exchange.response.status


@response_rule(
    "SES-STRICT-02",
    Level.MUST,
    "A refusal names the violation by JSON pointer",
    source="Prefer: handling=strict",
    statuses=(400,),
    needs="--strict",
)
def violation_isnamed_in(exchange: Exchange) -> Expectations:
    """A refusal names the violation by JSON pointer: one of them, at least."""
    if _is_strict(exchange) and _is_posted_json(exchange) and exchange.response.status == 400:  # noqa: PLR2004
        broken = violations(exchange.request.operation, exchange.request.json)
        if broken:
            yield YES, any(pointers & named_in(exchange) for pointers in broken)


@response_rule(
    "SES-STRICT-06",
    Level.SHOULD,
    "A refusal names every violation, and nothing else",
    source="Prefer: handling=strict",
    statuses=(400,),
    needs="--strict",
)
def all_arenamed_in(exchange: Exchange) -> Expectations:
    """A refusal names every violation, and nothing else: so that one request is enough to mend a body."""
    if _is_strict(exchange) and _is_posted_json(exchange) and exchange.response.status == 400:  # noqa: PLR2004
        broken = violations(exchange.request.operation, exchange.request.json)
        named = named_in(exchange)
        if 0 < len(broken) <= MAX_VIOLATIONS:
            yield [], [max(pointers) for pointers in broken if not pointers & named]
            yield [], sorted(named.difference(*broken))


@response_rule("SES-STRICT-03", Level.SHOULD, "An applied preference is echoed", source="RFC 7240, 3", needs="--strict")
def preference_is_echoed(exchange: Exchange) -> Expectations:
    """An applied preference is echoed: by Preference-Applied."""
    if _is_strict(exchange) and exchange.response.status == 200:  # noqa: PLR2004
        yield STRICT, exchange.response.headers.get("preference-applied", ABSENT)


@registry.scenario(
    "SES-ANY-09",
    Level.MUST,
    "The first session of the run is still there at its end",
    source="posting twice with the same session_id … returns the existing event",
)
def first_is_still_there(api: Api, operation: str) -> Iterator[Finding]:
    """The first session of the run is still there at its end: however many came after it."""
    first = api.steps[min(api.steps)].event if api.steps else {}
    last = api.start(api.marked({"session_id": first.get("session_id"), "metadata": {operation: 1}}), operation)
    names = ("event_name", "source", "start_time")
    held = last.response.event.get("metadata")
    expected = {"session_id": canonical(first.get("session_id")), "merged": 1}
    found = {
        "session_id": canonical(last.response.event.get("session_id")),
        "merged": held.get(operation) if isinstance(held, dict) else None,
    }
    for name in names:
        expected[name], found[name] = first.get(name), last.response.event.get(name)
    yield Finding(expected, found, (last,))


@registry.scenario(
    "SES-ANY-10", Level.MUST, "No generated id is used twice in a run", source="Server generates a UUIDv4 if omitted"
)
def ids_differ(api: Api, operation: str) -> Iterator[Finding]:
    """No generated id is used twice in a run: of all the sessions that were started without one."""
    made = [
        step.exchange
        for step in api.steps.values()
        if step.exchange.request.operation == operation and "session_id" not in step.sent
    ]
    counted = Counter(str(exchange.response.event.get("session_id")) for exchange in made)
    twice = [exchange for exchange in made if counted[str(exchange.response.event.get("session_id"))] > 1]
    if made:
        yield Finding([], [each.response.event.get("session_id") for each in twice[:2]], tuple(twice[:2] or made[:1]))


@registry.scenario(
    "SES-STRICT-04",
    Level.MUST,
    "The type of each session property is checked",
    source="Prefer: handling=strict",
    statuses=(400,),
    needs="--strict",
    costly=True,
)
def each_is_checked(api: Api, operation: str) -> Iterator[Finding]:
    """The type of each session property is checked: one violation at a time, each named by its JSON pointer."""
    prefix = "/session" if operation == "startSessionLegacy" else ""
    for name, value, pointer in api.few(WRONG, 2):
        exchange = api.start({name: value}, operation)
        yield Finding(400, exchange.response.status, (exchange,))
        yield Finding(YES, f"{prefix}{pointer}" in named_in(exchange), (exchange,))


@registry.scenario(
    "SES-STRICT-05",
    Level.MUST,
    "A refused session is not stored",
    source="Prefer: handling=strict",
    statuses=(400,),
    needs="--strict",
    costly=True,
)
def refused_is_not_stored(api: Api, operation: str) -> Iterator[Finding]:
    """A refused session is not stored: the next post of its id starts the session."""
    session_id = api.new_id()
    api.start({"session_id": session_id, "source": "refused", "inputs": 7}, operation)
    later = api.start(api.marked({"session_id": session_id, "source": "taken"}), operation)
    yield Finding([200, "taken"], [later.response.status, later.response.event.get("source")], (later,))


def _is_posted_json(exchange: Exchange) -> bool:
    request = exchange.request
    media_type = {name.lower(): value for name, value in request.headers.items()}.get("content-type", "")
    plain = media_type.partition(";")[0].strip().lower() == "application/json"
    posted = request.method == "POST" and request.path.partition("?")[0] in {"/v1/sessions", "/session/start"}
    let_in = request.token in {"first", "second"} and request.scheme == "Bearer"
    return plain and posted and let_in and request.json is not None


def named_in(exchange: Exchange) -> set[str]:
    """The pointers in the details of an error."""
    details = exchange.response.event.get("details")
    return (
        {str(each.get("pointer")) for each in details if isinstance(each, dict)} if isinstance(details, list) else set()
    )


def _is_strict(exchange: Exchange) -> bool:
    return any(name.lower() == "prefer" and STRICT in value for name, value in exchange.request.headers.items())
