"""What HTTP adds: broken bodies, media types, methods, and a response to every request."""

from collections.abc import Iterator
from dataclasses import replace

from hivestand.conformance.api import PATHS, Api, request_of
from hivestand.conformance.exchange import Exchange, SentRequest
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import Finding, Level, Matcher
from hivestand.conformance.requirements.auth import SHAPE

registry = Registry()
YES = True
scenario = registry.scenario
INVALID = "400: invalid session data"
NO_OBJECTS = (b"[]", b'"text"', b"7", b"null", b"true", b"[{}]")
MALFORMED = (
    b"",
    b"{",
    b'{"source": "a"',
    b"{}{}",
    b"{} x",
    b'{"a": NaN}',
    b'{"a": Infinity}',
    b"{'a': 1}",
    b'{"a": "\xff"}',
    b'{"a": 1,}',
    b'{"a": 1} // b',
    b'{"a": 01}',
    b'{"a": "\x09"}',
)
OTHER_TYPES = (
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "application/jsonlines",
    "application/x-ndjson",
)
NO_SESSIONS = (
    b"{}",
    b'{"session": null}',
    b'{"session": []}',
    b'{"session": [{}]}',
    b'{"session": "{}"}',
    b'{"source": "a"}',
)
LARGE = 16 * 1024 * 1024  # bytes
NO_SERVER_ERROR = Matcher("no 5xx status", lambda status: status < 500)  # noqa: PLR2004


def _send(api: Api, operation: str, body: bytes | None, **headers: str) -> Exchange:
    media_type = {"Content-Type": "application/json"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.send(SentRequest(operation, PATHS[operation], body, headers={**media_type, **named}))


@scenario("SES-HTTP-01", Level.SHOULD, "A body that is not an object is refused", source=INVALID, statuses=(400,))
def no_object(api: Api, operation: str) -> Iterator[Finding]:
    """A body that is not an object is refused: with 400."""
    for body in api.few(NO_OBJECTS):
        exchange = _send(api, operation, body)
        yield Finding(400, exchange.response.status, (exchange,))


@scenario(
    "SES-HTTP-02",
    Level.SHOULD,
    "A body that is not JSON is refused",
    source="RFC 8259",
    statuses=(400,),
)
def malformed(api: Api, operation: str) -> Iterator[Finding]:
    """A body that is not JSON is refused: with 400."""
    for body in api.few(MALFORMED, 2):
        exchange = _send(api, operation, body)
        yield Finding(400, exchange.response.status, (exchange,))


@scenario(
    "SES-HTTP-03",
    Level.SHOULD,
    "A 400 has the documented error body",
    source="documented error body",
    costly=True,
    statuses=(400,),
)
def error_body(api: Api, operation: str) -> Iterator[Finding]:
    """A 400 has the documented error body: and says the status again."""
    for body in api.few((b"[]", b"{")):
        exchange = _send(api, operation, body)
        if exchange.response.status == 400:  # noqa: PLR2004
            yield Finding(SHAPE, exchange.response.json, (exchange,))
            yield Finding(400, exchange.response.event.get("statusCode"), (exchange,))


@scenario(
    "SES-HTTP-04",
    Level.SHOULD,
    "No request causes a server error",
    source="RFC 9110, 15.6",
)
def no_server_error(api: Api, operation: str) -> Iterator[Finding]:
    """No request causes a server error: however odd."""
    odd = (
        b"\x00",
        b"\xff\xfe{\x00}\x00",
        b"[" * 2000,
        b'{"a":' * 2000,
        b'{"start_time":1e400}',
        b'{"source":"\\ud800"}',
        b'{"source":"\\u0000","metadata":{"\\u0000":"\\u0000"}}',
        b'{"metadata":{"__proto__":{"a":1},"constructor":null,"$where":"1","a.b":{".":""}}}',
    )
    for body in api.few((*odd, *MALFORMED[:2]), 2):
        exchange = _send(api, operation, body)
        yield Finding(NO_SERVER_ERROR, exchange.response.status, (exchange,))


@scenario("SES-HTTP-05", Level.SHOULD, "A media type with parameters is accepted", source="RFC 9110, 8.3.1")
def media_type_parameters(api: Api, operation: str) -> Iterator[Finding]:
    """A media type with parameters is accepted: and names of media types are read in any letters."""
    for media_type in ("application/json; charset=utf-8", "Application/JSON"):
        request = request_of(api.marked({}), operation, headers={"Content-Type": media_type})
        exchange = api.send(request)
        yield Finding(200, exchange.response.status, (exchange,))


@scenario(
    "SES-HTTP-06",
    Level.SHOULD,
    "A body declared as another media type is refused",
    source="RFC 9110, 15.5.16",
    statuses=(415,),
)
def other_media_type(api: Api, operation: str) -> Iterator[Finding]:
    """A body declared as another media type is refused: with 415."""
    for media_type in api.few(OTHER_TYPES):
        exchange = api.send(request_of({}, operation, headers={"Content-Type": media_type}))
        yield Finding(415, exchange.response.status, (exchange,))


@scenario(
    "SES-HTTP-07",
    Level.SHOULD,
    "An unknown method gets 405 with Allow",
    source="RFC 9110, 15.5.6",
    statuses=(405,),
)
def other_methods(api: Api, operation: str) -> Iterator[Finding]:
    """An unknown method gets 405 with Allow: POST among them."""
    for method in api.few(("GET", "PUT", "DELETE", "PATCH")):
        exchange = api.send(replace(request_of({}, operation), method=method, body=None))
        yield Finding(405, exchange.response.status, (exchange,))
        yield Finding(YES, "POST" in exchange.response.headers.get("allow", ""), (exchange,))


@scenario(
    "SES-HTTP-08",
    Level.SHOULD,
    "The last of repeated keys wins",
    source="RFC 8259, 4: as most parsers read it",
)
def last_key_wins(api: Api, operation: str) -> Iterator[Finding]:
    """The last of repeated keys wins: as every client's own parser has it."""
    body = b'{"source": "a", "source": "b"}'
    exchange = _send(api, operation, body if operation == "createSession" else b'{"session": %b}' % body)
    yield Finding([200, "b"], [exchange.response.status, exchange.response.event.get("source")], (exchange,))


@scenario(
    "SES-HTTP-09",
    Level.SHOULD,
    "An unknown route gets 404 with the documented error body",
    source="404: Route not found",
    statuses=(404,),
)
def unknown_route(api: Api, operation: str) -> Iterator[Finding]:
    """An unknown route gets 404 with the documented error body: with a token."""
    exchange = api.send(replace(request_of({}, operation), path=f"{PATHS[operation]}-no-such-route/at-all"))
    yield Finding(404, exchange.response.status, (exchange,))
    yield Finding(SHAPE, exchange.response.json, (exchange,))


@scenario("SES-HTTP-11", Level.SHOULD, "Any valid JSON text is read", source="RFC 8259, 2 and 7")
def written_otherwise(api: Api, operation: str) -> Iterator[Finding]:
    """Any valid JSON text is read: white space between, letters as escapes, numbers with exponents."""
    line = rb' { "\u0073ource" : "\ud83d\ude00\/\u00e9", "start_time" :1.5E+3 ,"duration":25e-1}'
    body = line.replace(b" ", b"\r\n\t ")
    exchange = _send(api, operation, body if operation == "createSession" else b'{ "session": %b }' % body)
    seen = [exchange.response.event.get(name) for name in ("source", "start_time", "duration")]
    yield Finding([200, "😀/é", 1500, 2.5], [exchange.response.status, *seen], (exchange,))


@scenario("SES-HTTP-10", Level.INFO, "A very large body is refused", source="open", statuses=(413,))
def too_large(api: Api, operation: str) -> Iterator[Finding]:
    """A very large body is refused: with 413. Nobody far away is sent so much."""
    if api.target.access.is_near:
        exchange = _send(api, operation, b" " * LARGE)
        yield Finding(413, exchange.response.status, (exchange,))


@scenario(
    "SES-LEG-01",
    Level.SHOULD,
    "The older operation refuses a body without a session",
    source=INVALID,
    operations=("startSessionLegacy",),
    statuses=(400,),
)
def legacy_needs_a_session(api: Api, operation: str) -> Iterator[Finding]:
    """The older operation refuses a body without a session: an object under `session`."""
    for body in api.few(NO_SESSIONS, 2):
        exchange = _send(api, operation, body)
        yield Finding(400, exchange.response.status, (exchange,))


@scenario(
    "SES-LEG-02",
    Level.SHOULD,
    "The older operation accepts fields beside the session",
    source="SessionStartRequest",
    operations=("startSessionLegacy",),
)
def legacy_takes_extras(api: Api, operation: str) -> Iterator[Finding]:
    """The older operation accepts fields beside the session: and uses the session."""
    exchange = _send(api, operation, b'{"source": "beside", "session": {"source": "inside"}}')
    yield Finding([200, "inside"], [exchange.response.status, exchange.response.event.get("source")], (exchange,))
