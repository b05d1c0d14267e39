"""That the operations on events are there, and what holds of each of them: tokens, media types, bodies, answers."""

import json
from collections.abc import Iterator
from dataclasses import replace

from skep.conformance.api import UNKNOWN, Api
from skep.conformance.exchange import Exchange
from skep.conformance.operations import CREATING, EVENTS, SEARCHING, UPDATING, WITH_BODY
from skep.conformance.registry import Registry
from skep.conformance.requirement import Expectations, Finding, Level, Matcher
from skep.conformance.requirements.auth import BEARER
from skep.conformance.requirements.events import body_of
from skep.conformance.schema import answer_violations, violations

registry = Registry()
PUBLISHED = tuple(name for name in EVENTS if name != "exportTraces")
DESCRIBED = tuple(name for name in PUBLISHED if name not in UPDATING)
BODIES = tuple(name for name in WITH_BODY if name in EVENTS)
KNOWN = Matcher("a status of an operation that is there, not 404, 405 or 501", lambda status: status not in UNKNOWN)
TRACES = "released clients send their spans there"


@registry.scenario(
    "EVT-ROUTE-01",
    Level.MUST,
    "The published operation is there",
    source="paths of the published document",
    operations=PUBLISHED,
    is_of_presence=True,
)
def is_there(api: Api, operation: str) -> Iterator[Finding]:
    """It takes what it has to take."""
    exchange = api.sampled(operation)
    yield Finding(KNOWN, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-ROUTE-02",
    Level.SHOULD,
    "Spans of OpenTelemetry are taken",
    source=TRACES,
    operations=("exportTraces",),
    is_of_presence=True,
)
def takes_spans(api: Api, operation: str) -> Iterator[Finding]:
    """As OTLP over HTTP."""
    exchange = api.sampled(operation)
    yield Finding(KNOWN, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-ROUTE-03", Level.MUST, "What the schema allows is taken", source="the request schema", operations=PUBLISHED
)
def takes_a_sample(api: Api, operation: str) -> Iterator[Finding]:
    """With 200."""
    exchange = api.sampled(operation)
    yield Finding(200, exchange.response.status, (exchange,))


@registry.answer(
    "EVT-ANS-01", Level.MUST, "A success keeps its schema", source="response schema of 200", operations=DESCRIBED
)
def keeps_the_schema(exchange: Exchange) -> Expectations:
    """But for updates, whose answer has none."""
    if exchange.response.status == 200:  # noqa: PLR2004
        yield [], answer_violations(exchange.request.operation, exchange.response.json)


@registry.answer(
    "EVT-ANS-02",
    Level.SHOULD,
    "An update is answered with a JSON object",
    source="the released Python SDK needs one",
    operations=UPDATING,
)
def update_is_json(exchange: Exchange) -> Expectations:
    """Though nothing says what is in it."""
    if exchange.response.status == 200:  # noqa: PLR2004
        yield Matcher("a JSON object", lambda value: isinstance(value, dict)), exchange.response.json


@registry.answer(
    "EVT-ANS-03",
    Level.SHOULD,
    "A success says that it is JSON",
    source="RFC 9110, 8.3",
    operations=EVENTS,
)
def says_json(exchange: Exchange) -> Expectations:
    """By its media type."""
    if exchange.response.status == 200:  # noqa: PLR2004
        yield "application/json", exchange.response.media_type


@registry.scenario(
    "EVT-AUTH-01",
    Level.MUST,
    "Without a token it is 401",
    source=BEARER,
    operations=EVENTS,
    statuses=(401,),
)
def missing(api: Api, operation: str) -> Iterator[Finding]:
    """No header at all."""
    exchange = api.send(replace(api.sample(operation), token=None))
    yield Finding(401, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-AUTH-02",
    Level.MUST,
    "With a bad token it is 401",
    source=BEARER,
    operations=EVENTS,
    statuses=(401,),
    costly=True,
)
def refused(api: Api, operation: str) -> Iterator[Finding]:
    """The token that is given as bad."""
    exchange = api.send(replace(api.sample(operation), token="bad"))  # noqa: S106 - a name for one
    yield Finding(401, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-HTTP-01",
    Level.SHOULD,
    "A body that is no JSON object is refused",
    source="400: bad request",
    operations=BODIES,
    statuses=(400,),
)
def no_object(api: Api, operation: str) -> Iterator[Finding]:
    """With 400."""
    for body in api.few((b"[]", b"{", b"", b"null", b'{"a": NaN}'), 2):
        exchange = api.send(replace(api.sample(operation), body=body))
        yield Finding(400, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-HTTP-02",
    Level.SHOULD,
    "What is declared as something else is refused",
    source="RFC 9110, 15.5.16",
    operations=BODIES,
    statuses=(415,),
)
def other_media_type(api: Api, operation: str) -> Iterator[Finding]:
    """With 415."""
    for media_type in api.few(("text/plain", "application/xml")):
        exchange = api.send(replace(api.sample(operation), headers={"Content-Type": media_type}))
        yield Finding(415, exchange.response.status, (exchange,))


@registry.scenario(
    "EVT-STRICT-02",
    Level.MUST,
    "A property of another type is refused, if that is asked for",
    source="Prefer: handling=strict",
    operations=BODIES,
    statuses=(400,),
    needs="--strict",
)
def wrong_type_is_refused(api: Api, operation: str) -> Iterator[Finding]:
    """With 400, where there would be a fallback."""
    sound = api.sample(operation)
    wrong = {"metadata": 7, "event": 7, "events": 7, "ignore_order": 7, "resourceSpans": 7}
    body = {**sound.json, **{name: value for name, value in wrong.items() if name in sound.json}}
    if operation in CREATING:
        body = dict(body_of(operation, {**api.event(), "metadata": 7}))
    elif operation in SEARCHING:
        body["ignore_order"] = 7
    exchange = api.send(replace(sound, body=json.dumps(body).encode()))
    yield Finding(400, exchange.response.status, (exchange,))


@registry.answer(
    "EVT-STRICT-01",
    Level.MUST,
    "A body that breaks the schema is refused, if that is asked for",
    source="Prefer: handling=strict",
    operations=BODIES,
    statuses=(400,),
    needs="--strict",
)
def violation_is_refused(exchange: Exchange) -> Expectations:
    """With 400."""
    request = exchange.request
    strictly = request.headers.get("Prefer") == "handling=strict" and request.token == "first"  # noqa: S105
    is_json = request.headers.get("Content-Type") == "application/json" and request.json is not None
    if strictly and is_json and violations(request.operation, request.json):
        yield 400, exchange.response.status
