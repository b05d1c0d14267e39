"""That the operations on events are there, and what holds of each of them: tokens, media types, bodies, responses."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hivestand.conformance.api import NOT_FOUND, NOT_SEEN, Api, CannotTest, call_of
from hivestand.conformance.exchange import Exchange, SentRequest
from hivestand.conformance.operations import (
    ADDING,
    BATCHES,
    CREATING,
    EVENTS,
    ROUTES,
    SEARCHING,
    SESSIONS,
    UPDATING,
    WITH_BODY,
)
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import ABSENT, Expectations, Finding, Level, Matcher
from hivestand.conformance.requirements.auth import BEARER, BEARER_CHALLENGE
from hivestand.conformance.requirements.events import body_of, created
from hivestand.conformance.requirements.everything import NO_SERVER_ERROR, STRICT, named_in
from hivestand.conformance.requirements.updates import update_of
from hivestand.conformance.samples import is_int64, is_number
from hivestand.conformance.schema import response_violations, statuses_of, violations
from hivestand.conformance.sent import is_its_own, is_sent_as_json

registry = Registry()
PUBLISHED = tuple(name for name in EVENTS if name != "exportTraces")
DESCRIBED = tuple(name for name in PUBLISHED if name not in UPDATING)
BODIES = tuple(name for name in WITH_BODY if name in EVENTS)
THERE = "an operation that is there"
SERVER_ERROR = 500
TAKEN = Matcher("200; or 404 of what there is not, 409 of what there is", lambda status: status in {200, 404, 409})
WRITING = tuple(name for name in PUBLISHED if name not in {*SEARCHING, "getEvent"})
TRACES = "released clients send their spans there"
NO = False
ODD = (
    b"[" * 2000,
    b'{"inputs":' * 2000,
    b'{"event_type":"tool","inputs":{"a":1e400}}',
    b'{"event":{"event_type":"tool","inputs":{}},"event_type":"tool","inputs":{"a":"\\ud800"}}',
    b'{"filters":[{"field":"a.b.c..","operator":"is","value":"\\u0000","type":"string"}],"events":[[]],"logs":{}}',
    b'{"dateRange":{"start_time":"+275760-09-13T00:00:00Z","end_time":"0000-00-00","$gte":1e30,"$lte":-1e30}}',
    b'{"page":1e15,"limit":1,"metadata":{"__proto__":{"a":1},"$where":"1"},"resourceSpans":[{"scopeSpans":[null]}]}',
)


def _presence(api: Api, operation: str) -> Finding:
    exchange = api.sampled(operation)
    said = f"{exchange.response.status}, as for one that is not"
    return Finding(THERE, said if api.is_unknown(exchange.response) else THERE, (exchange,))


@registry.scenario(
    "SES-ROUTE-01",
    Level.MUST,
    "Both operations that start a session exist",
    source="paths of the published document",
    operations=SESSIONS,
    is_of_presence=True,
)
def starts_sessions(api: Api, operation: str) -> Iterator[Finding]:
    """Both operations that start a session exist: the older one, too."""
    yield _presence(api, operation)


@registry.scenario(
    "EVT-ROUTE-01",
    Level.MUST,
    "The published operation exists",
    source="paths of the published document",
    operations=PUBLISHED,
    is_of_presence=True,
)
def is_there(api: Api, operation: str) -> Iterator[Finding]:
    """The published operation exists: it takes what it has to take."""
    yield _presence(api, operation)


@registry.scenario(
    "EVT-ROUTE-02",
    Level.SHOULD,
    "OpenTelemetry spans are accepted",
    source=TRACES,
    operations=("exportTraces",),
    is_of_presence=True,
)
def takes_spans(api: Api, operation: str) -> Iterator[Finding]:
    """OpenTelemetry spans are accepted: as OTLP over HTTP."""
    yield _presence(api, operation)


@registry.scenario(
    "EVT-ROUTE-03", Level.MUST, "What the schema allows is accepted", source="the request schema", operations=PUBLISHED
)
def takes_a_sample(api: Api, operation: str) -> Iterator[Finding]:
    """What the schema allows is accepted: with 200."""
    exchange = api.sampled(operation)
    if exchange.response.status == NOT_FOUND:
        raise CannotTest(NOT_SEEN)
    yield Finding(200, exchange.response.status, (exchange,))


@registry.response(
    "EVT-ANS-01",
    Level.MUST,
    "A success is valid under its schema",
    source="response schema of 200",
    operations=DESCRIBED,
)
def keeps_the_schema(exchange: Exchange) -> Expectations:
    """A success is valid under its schema: except for updates, whose response has none."""
    if exchange.response.status == 200:  # noqa: PLR2004
        yield [], response_violations(exchange.request.operation, exchange.response.json)


@registry.response(
    "EVT-ANS-02",
    Level.SHOULD,
    "The response to an update is a JSON object",
    source="the released Python SDK needs one",
    operations=UPDATING,
)
def update_is_json(exchange: Exchange) -> Expectations:
    """The response to an update is a JSON object: though nothing says what is in it."""
    if exchange.response.status == 200:  # noqa: PLR2004
        yield Matcher("a JSON object", lambda value: isinstance(value, dict)), exchange.response.json


@registry.response(
    "EVT-ANS-03",
    Level.SHOULD,
    "A success is declared as JSON",
    source="RFC 9110, 8.3",
    operations=EVENTS,
)
def says_json(exchange: Exchange) -> Expectations:
    """A success is declared as JSON: by its media type."""
    if exchange.response.status == 200:  # noqa: PLR2004
        yield "application/json", exchange.response.media_type


@registry.response(
    "EVT-ANS-04",
    Level.SHOULD,
    "Every status is documented",
    source="responses of the operation; 413, 415 and the like by RFC 9110",
    operations=EVENTS,
)
def is_documented(exchange: Exchange) -> Expectations:
    """Every status is documented.

    But for errors of the server, and other methods, which other requirements are about.
    """
    if is_its_own(exchange.request) and exchange.response.status < SERVER_ERROR:
        expected = Matcher("a documented status", statuses_of(exchange.request.operation).__contains__)
        yield expected, exchange.response.status


@registry.response(
    "EVT-ANS-05",
    Level.MUST,
    "A valid body is accepted",
    source="the request schema",
    operations=WRITING,
)
def valid_is_taken(exchange: Exchange) -> Expectations:
    """A valid body is accepted.

    With 200; times beyond 64 bits are open, and so is what is said of what there is not, or is already.
    """
    request = exchange.request
    if is_sent_as_json(request) and not violations(request.operation, request.json) and _is_usual(request.json):
        yield TAKEN, exchange.response.status


def _is_usual(value: Any) -> bool:
    """Whether no time in it is beyond 64 bits."""
    if isinstance(value, dict):
        times = (value.get(name) for name in ("start_time", "end_time"))
        return all(is_int64(int(time)) for time in times if is_number(time)) and all(map(_is_usual, value.values()))
    return not isinstance(value, list) or all(map(_is_usual, value))


@registry.scenario(
    "EVT-AUTH-01",
    Level.MUST,
    "A request without a token gets 401",
    source=BEARER,
    operations=EVENTS,
    statuses=(401,),
)
def missing(api: Api, operation: str) -> Iterator[Finding]:
    """A request without a token gets 401: no header at all."""
    exchange = api.send(replace(api.sample(operation), token=None))
    yield Finding(401, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-AUTH-02",
    Level.MUST,
    "A request with a bad token gets 401",
    source=BEARER,
    operations=EVENTS,
    statuses=(401,),
    costly=True,
)
def refused(api: Api, operation: str) -> Iterator[Finding]:
    """A request with a bad token gets 401: the token that is given as bad."""
    exchange = api.send(replace(api.sample(operation), token="bad"))  # noqa: S106 - a name for one
    yield Finding(401, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-AUTH-03",
    Level.MUST,
    "A header without a bearer token gets 401",
    source=BEARER,
    operations=EVENTS,
    statuses=(401,),
    costly=True,
)
def no_bearer(api: Api, operation: str) -> Iterator[Finding]:
    """A header without a bearer token gets 401: another scheme, or no token behind it."""
    sample = api.sample(operation)
    for scheme in api.few(("Basic", "", "Bearerx"), 1):
        exchange = api.send(replace(sample, scheme=scheme))
        yield Finding(401, exchange.response.status, (exchange,))
    empty = {**sample.headers, "Authorization": "Bearer"}
    exchange = api.send(replace(sample, token=None, headers=empty))
    yield Finding(401, exchange.response.status, (exchange,))


@registry.response(
    "EVT-AUTH-04",
    Level.SHOULD,
    "A 401 says how to authenticate",
    source="RFC 9110, 11.6.1",
    operations=EVENTS,
    statuses=(401,),
)
def says_how(exchange: Exchange) -> Expectations:
    """A 401 says how to authenticate: by WWW-Authenticate."""
    if exchange.response.status == 401:  # noqa: PLR2004
        yield BEARER_CHALLENGE, exchange.response.headers.get("www-authenticate", ABSENT)


@registry.scenario(
    "EVT-AUTH-05",
    Level.MUST,
    "A refused request changes nothing",
    source=BEARER,
    operations=(*CREATING, *BATCHES, *ADDING, *UPDATING),
    statuses=(401,),
    costly=True,
)
def refused_changes_nothing(api: Api, operation: str) -> Iterator[Finding]:
    """A refused request changes nothing: nothing is created or updated without a token."""
    event_id = created(api) if operation in UPDATING else api.new_id()
    for token in (None, "bad"):
        if operation in UPDATING:
            request = update_of(operation, event_id, {"metadata": {"intruder": 1}})
        else:
            event = api.event(event_id=event_id, event_name="intruder")
            request = call_of(operation, body_of(operation, event), api.session_id)
        refused = api.send(replace(request, token=token))
        read = api.call("getEvent", id_=event_id)
        yield Finding(NO, "intruder" in str(read.response.held), (refused, read))


@registry.scenario(
    "EVT-AUTH-06", Level.SHOULD, "The scheme is case-insensitive", source="RFC 9110, 11.1", operations=EVENTS
)
def scheme_in_any_case(api: Api, operation: str) -> Iterator[Finding]:
    """The scheme is case-insensitive: `bearer` is Bearer."""
    exchange = api.send(replace(api.sample(operation), scheme="bearer"))
    yield Finding(api.sampled(operation).response.status, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-HTTP-01",
    Level.SHOULD,
    "A body that is not a JSON object is refused",
    source="400: bad request",
    operations=BODIES,
    statuses=(400,),
)
def no_object(api: Api, operation: str) -> Iterator[Finding]:
    """A body that is not a JSON object is refused: with 400."""
    for body in api.few((b"[]", b"{", b"", b"null", b'{"a": NaN}'), 2):
        exchange = api.send(replace(api.sample(operation), body=body))
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-HTTP-02",
    Level.SHOULD,
    "A body declared as another media type is refused",
    source="RFC 9110, 15.5.16",
    operations=BODIES,
    statuses=(415,),
)
def other_media_type(api: Api, operation: str) -> Iterator[Finding]:
    """A body declared as another media type is refused: with 415."""
    for media_type in api.few(("text/plain", "application/xml")):
        exchange = api.send(replace(api.sample(operation), headers={"Content-Type": media_type}))
        yield Finding(415, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-HTTP-03",
    Level.SHOULD,
    "An unknown method gets 405 with Allow",
    source="RFC 9110, 15.5.6",
    operations=EVENTS,
    statuses=(405,),
)
def other_methods(api: Api, operation: str) -> Iterator[Finding]:
    """An unknown method gets 405 with Allow: its own among them."""
    for method in api.few(("DELETE", "PATCH")):
        exchange = api.send(replace(api.sample(operation), method=method, body=None))
        yield Finding(405, exchange.response.status, (exchange,))
        allowed = exchange.response.headers.get("allow", ABSENT)
        own = ROUTES[operation].method
        yield Finding(Matcher(f"{own} among them", lambda allow: own in allow), allowed, (exchange,))  # noqa: B023


@registry.scenario(
    "EVT-HTTP-04", Level.SHOULD, "A media type with parameters is accepted", source="RFC 9110, 8.3.1", operations=BODIES
)
def media_type_parameters(api: Api, operation: str) -> Iterator[Finding]:
    """A media type with parameters is accepted: and names of media types are read in any letters."""
    for media_type in api.few(("application/json; charset=utf-8", "Application/JSON")):
        exchange = api.send(replace(api.sample(operation), headers={"Content-Type": media_type}))
        yield Finding(200, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-HTTP-05",
    Level.SHOULD,
    "No request causes a server error",
    source="RFC 9110, 15.6",
    operations=EVENTS,
)
def no_server_error(api: Api, operation: str) -> Iterator[Finding]:
    """No request causes a server error: however odd, in the body or in a path."""
    sample = api.sample(operation)
    for body in api.few(ODD, 3) if sample.body is not None else ():
        exchange = api.send(replace(sample, body=body))
        yield Finding(NO_SERVER_ERROR, exchange.response.status, (exchange,))
    for odd in api.few(("%00", "%ff", "..%2f", "x" * 2000)) if "{" in ROUTES[operation].path else ():
        exchange = api.send(call_of(operation, sample.json, odd))
        yield Finding(NO_SERVER_ERROR, exchange.response.status, (exchange,))


def of_a_wrong_type(api: Api, operation: str) -> Iterator[Exchange]:
    """Where there would be a fallback, if there is one."""
    sound = api.sample(operation)
    if operation in UPDATING:
        body = {**sound.json, "metadata": 7}
    elif operation in SEARCHING:
        body = {**sound.json, "ignore_order": 7}
    elif operation == "exportTraces":
        body = {"resourceSpans": 7}
    else:
        body = dict(body_of(operation, {**api.event(), "metadata": 7}))
    yield api.send(replace(sound, body=json.dumps(body).encode()))


@registry.response(
    "EVT-STRICT-01",
    Level.MUST,
    "An invalid body is refused under the strict profile",
    source="Prefer: handling=strict",
    operations=BODIES,
    statuses=(400,),
    needs="--strict",
    tries=of_a_wrong_type,
)
def violation_is_refused(exchange: Exchange) -> Expectations:
    """An invalid body is refused under the strict profile: with 400."""
    if _is_strict(exchange.request) and violations(exchange.request.operation, exchange.request.json):
        yield 400, exchange.response.status


@registry.response(
    "EVT-STRICT-03",
    Level.MUST,
    "A refusal names the violation by JSON pointer",
    source="Prefer: handling=strict",
    operations=BODIES,
    statuses=(400,),
    needs="--strict",
    tries=of_a_wrong_type,
)
def violation_is_named(exchange: Exchange) -> Expectations:
    """A refusal names the violation by JSON pointer: one of them, at least."""
    if _is_strict(exchange.request) and exchange.response.status == 400:  # noqa: PLR2004
        broken = violations(exchange.request.operation, exchange.request.json)
        if broken:
            yield Matcher("a violation", bool), sorted(frozenset().union(*broken) & named_in(exchange))


def _is_strict(request: SentRequest) -> bool:
    return request.headers.get("Prefer") == STRICT and is_sent_as_json(request)
