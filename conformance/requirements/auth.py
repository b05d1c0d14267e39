"""Who may post: bearer tokens."""

import re
from collections.abc import Iterator
from dataclasses import replace

from hivestand.conformance.api import Api, request_of
from hivestand.conformance.exchange import Exchange
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import ABSENT, Finding, Level, Matcher

registry = Registry()
NO = False
scenario = registry.scenario
BEARER = "Bearer authentication header of the form Bearer <token>, where <token> is your auth token"
ERROR = "documented error body"
JSON = {"Content-Type": "application/json"}
BEARER_CHALLENGE = Matcher("a challenge of scheme Bearer", lambda text: bool(re.search(r"(?i)(^|[,\s])bearer\b", text)))
SHAPE = Matcher(
    "an object with a number statusCode, strings message and errorCode, and success false",
    lambda body: (
        isinstance(body, dict)
        and isinstance(body.get("statusCode"), int)
        and isinstance(body.get("message"), str)
        and isinstance(body.get("errorCode"), str)
        and body.get("success") is False
    ),
)


def _without(api: Api, operation: str) -> Exchange:
    return api.send(replace(request_of({}, operation), token=None))


def _bad(api: Api, operation: str) -> Exchange:
    return api.send(replace(request_of({}, operation), token="bad"))  # noqa: S106 - a name for one


def _other_headers(api: Api, operation: str) -> Iterator[Exchange]:
    for scheme in api.few(("", "Token", "Basic", "Bearerx", "Bearer:"), 2):
        yield api.send(replace(request_of({}, operation), scheme=scheme))
    for value in api.few(("Bearer", "Bearer ", ""), 1):
        yield api.send(replace(request_of({}, operation), token=None, headers={**JSON, "Authorization": value}))


@scenario("SES-AUTH-01", Level.MUST, "A request without a token gets 401", source=BEARER, statuses=(401,))
def missing(api: Api, operation: str) -> Iterator[Finding]:
    """A request without a token gets 401: no header at all."""
    exchange = _without(api, operation)
    yield Finding(401, exchange.response.status, (exchange,))


@scenario("SES-AUTH-02", Level.MUST, "A request with a bad token gets 401", source=BEARER, statuses=(401,))
def refused(api: Api, operation: str) -> Iterator[Finding]:
    """A request with a bad token gets 401: the token that is given as bad."""
    exchange = _bad(api, operation)
    yield Finding(401, exchange.response.status, (exchange,))


@scenario(
    "SES-AUTH-03",
    Level.MUST,
    "A header without a bearer token gets 401",
    source=BEARER,
    costly=True,
    statuses=(401,),
)
def no_bearer(api: Api, operation: str) -> Iterator[Finding]:
    """A header without a bearer token gets 401: another scheme, or no token behind it."""
    for exchange in _other_headers(api, operation):
        yield Finding(401, exchange.response.status, (exchange,))


@scenario(
    "SES-AUTH-04",
    Level.SHOULD,
    "The scheme is case-insensitive",
    source="RFC 9110, 11.1",
)
def scheme_in_any_case(api: Api, operation: str) -> Iterator[Finding]:
    """The scheme is case-insensitive: `bearer` is Bearer."""
    for scheme in ("bearer", "BEARER"):
        exchange = api.send(replace(request_of(api.marked({}), operation), scheme=scheme))
        yield Finding(200, exchange.response.status, (exchange,))


@scenario(
    "SES-AUTH-05",
    Level.SHOULD,
    "A 401 says how to authenticate",
    source="RFC 9110, 11.6.1",
    statuses=(401,),
)
def says_how(api: Api, operation: str) -> Iterator[Finding]:
    """A 401 says how to authenticate: by WWW-Authenticate."""
    for exchange in (_without(api, operation), _bad(api, operation)):
        if exchange.response.status == 401:  # noqa: PLR2004
            challenge = exchange.response.headers.get("www-authenticate", ABSENT)
            yield Finding(BEARER_CHALLENGE, challenge, (exchange,))


@scenario(
    "SES-AUTH-06", Level.SHOULD, "A 401 has the documented error body", source=ERROR, costly=True, statuses=(401,)
)
def error_body(api: Api, operation: str) -> Iterator[Finding]:
    """A 401 has the documented error body: and says the status again."""
    for exchange in (_without(api, operation), _bad(api, operation)):
        yield Finding(SHAPE, exchange.response.json, (exchange,))
        yield Finding(exchange.response.status, exchange.response.event.get("statusCode"), (exchange,))


@scenario("SES-AUTH-07", Level.MUST, "A refused request changes nothing", source=BEARER, costly=True)
def refused_changes_nothing(api: Api, operation: str) -> Iterator[Finding]:
    """A refused request changes nothing: a merge without a token is not done."""
    session_id = api.new_id()
    api.start(api.marked({"session_id": session_id, "metadata": {"mine": 1}}), operation)
    intruder = {"session_id": session_id, "metadata": {"intruder": 1}}
    for token in (None, "bad"):
        api.send(replace(request_of(intruder, operation), token=token))
    last = api.start(api.marked({"session_id": session_id}), operation)
    yield Finding(NO, "intruder" in str(last.response.event.get("metadata")), (last,))
