"""Bodies, methods, routes, wrappers and profiles, gone wrong."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from hivestand.handlers.errors import BadRequest, Detail, InternalError
from hivestand.handlers.event.normalise import Json
from hivestand.handlers.operations import Handler
from hivestand.handlers.request import Request, Response
from hivestand.server.http import body as body_module
from hivestand.server.strict import StrictProfile
from mutants.mutant import NEW, OLD, PATHS, Group, Patch, WireRequest, WireResponse, at, bodies, handlers, wire

mutant = Group("request handling")
BODY = {"statusCode": 400, "message": "Bad request", "success": False, "errorCode": "BAD_REQUEST"}


def parsing(parse: Callable[[bytes], Json]) -> Patch:
    """Another parser; what it raises is a 400, unless it is a 500 already."""

    def parsed(body: bytes) -> Json:
        try:
            return parse(body)
        except (ValueError, RecursionError) as error:
            raise BadRequest(str(error)) from None

    return patch("hivestand.server.operation.parse_json", parsed)


def on(status: int, change: Callable[[WireRequest, WireResponse], WireResponse]) -> Patch:
    """Change responses of a status."""
    return wire(lambda call, reply: change(call, reply) if reply.status == status else reply)


def before(change: Callable[[WireRequest], WireRequest]) -> Patch:
    """Change requests."""
    return wire(request=change)


def lenient(text: bytes) -> Json:
    """Whatever cannot be parsed is an empty object."""
    try:
        return json.loads(text)
    except ValueError:
        return {}


def first_value(text: bytes) -> Json:
    """Text behind the value is left alone."""
    return json.JSONDecoder().raw_decode(text.decode())[0]


def first_wins(text: bytes) -> Json:
    """Of repeated keys the first counts."""
    return json.loads(text, object_pairs_hook=lambda pairs: dict(reversed(pairs)))


def unrepeated(text: bytes) -> Json:
    """Repeated keys are refused."""

    def checked(pairs: list[tuple[str, Json]]) -> Json:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key is repeated")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=checked)


def crashing(text: bytes) -> Json:
    """A parser whose errors nobody expects."""
    try:
        return body_module.parse_json(text)
    except BadRequest as error:
        raise InternalError("JSONDecodeError") from error


def posted(call: WireRequest) -> bool:
    """Whether it is a post to an operation."""
    return call.method == "POST" and call.path in PATHS.values()


def replacing(condition: Callable[[WireRequest], bool], body: bytes) -> Patch:
    """Another body instead of some."""
    return before(
        lambda call: (
            WireRequest(call.method, call.path, call.headers, body) if posted(call) and condition(call) else call
        )
    )


EMPTY = {PATHS[NEW]: b"{}", PATHS[OLD]: b'{"session": {}}'}


def taken(condition: Callable[[WireRequest], bool]) -> Patch:
    """Some bodies start an empty session."""
    return before(
        lambda call: (
            WireRequest(call.method, call.path, call.headers, EMPTY[call.path])
            if posted(call) and condition(call)
            else call
        )
    )


# bodies
mutant("malformed-is-empty", "SES-HTTP-02")(lambda: parsing(lenient))
mutant("malformed-is-500", "SES-HTTP-04")(lambda: parsing(crashing))
mutant("malformed-is-422", "SES-HTTP-02")(lambda: on(400, lambda _, reply: reply.but(status=422)))
mutant("no-body-is-empty", "SES-HTTP-02")(lambda: taken(lambda call: not call.body))
mutant("no-body-is-500", "SES-HTTP-04")(lambda: on(400, lambda c, reply: reply if c.body else reply.but(status=500)))
mutant("nan-is-a-number", "SES-HTTP-02")(lambda: parsing(json.loads))
mutant("text-behind-the-body", "SES-HTTP-02")(lambda: parsing(first_value))
mutant("single-quotes", "SES-HTTP-02")(lambda: parsing(lambda text: json.loads(text.replace(b"'", b'"'))))
mutant("broken-utf-8-mended", "SES-HTTP-02")(lambda: parsing(lambda text: json.loads(text.decode(errors="replace"))))
mutant("cut-off-body-completed", "SES-HTTP-02")(
    lambda: before(
        lambda call: WireRequest(call.method, call.path, call.headers, call.body + b"}" * (call.body == b"{"))
    )
)
mutant("malformed-taken-by-the-older-operation", "SES-HTTP-02")(
    lambda: taken(lambda call: at(OLD)(call) and call.json is None and call.body != b"null")
)
mutant("array-is-empty", "SES-HTTP-01")(lambda: taken(lambda call: isinstance(call.json, list)))
mutant("array-unwrapped", "SES-HTTP-01")(
    lambda: replacing(lambda call: call.json == [{}], b'{"session": {}}'),
)
mutant("null-is-empty", "SES-HTTP-01")(lambda: taken(lambda call: call.body == b"null"))
mutant("text-is-a-name", "SES-HTTP-01")(lambda: taken(lambda call: isinstance(call.json, str)))
mutant("no-object-is-422", "SES-HTTP-01")(
    lambda: on(400, lambda call, reply: reply.but(status=422) if call.json is not None else reply)
)
mutant("no-object-is-500", "SES-HTTP-01")(
    lambda: on(400, lambda call, reply: reply.but(status=500) if not isinstance(call.json, dict) else reply)
)
mutant("no-object-is-200-with-an-error", "SES-HTTP-01")(
    lambda: on(400, lambda call, reply: reply.but(status=200) if isinstance(call.json, list) else reply)
)
mutant("array-taken-by-the-older-operation", "SES-HTTP-01")(
    lambda: taken(lambda call: at(OLD)(call) and isinstance(call.json, list))
)
mutant("400-in-plain-text", "SES-HTTP-03")(lambda: on(400, lambda _, reply: reply.but(b"Bad request")))
mutant("400-without-a-body", "SES-HTTP-03")(lambda: on(400, lambda _, reply: reply.but(b"")))
mutant("400-of-a-framework", "SES-HTTP-03")(
    lambda: on(400, lambda _, reply: reply.but({"detail": [{"loc": ["body"], "msg": "not a dict"}]}))
)
mutant("400-as-a-problem", "SES-HTTP-03")(
    lambda: on(400, lambda _, reply: reply.but({"type": "about:blank", "title": "Bad Request", "status": 400}))
)
mutant("400-without-a-status", "SES-HTTP-03")(
    lambda: on(400, lambda _, reply: reply.but({name: BODY[name] for name in BODY if name != "statusCode"}))
)
mutant("400-with-another-status-inside", "SES-HTTP-03")(
    lambda: on(400, lambda _, reply: reply.but({**BODY, "statusCode": 422}))
)
mutant("400-with-a-null-message", "SES-HTTP-03")(lambda: on(400, lambda _, reply: reply.but({**BODY, "message": None})))
mutant("400-is-a-success", "SES-HTTP-03")(lambda: on(400, lambda _, reply: reply.but({**BODY, "success": True})))
mutant("400-in-a-wrapper", "SES-HTTP-03")(lambda: on(400, lambda _, reply: reply.but({"error": BODY})))
mutant("400-of-no-json-in-plain-text", "SES-HTTP-03")(
    lambda: on(400, lambda call, reply: reply if call.json is not None else reply.but(b"Unexpected end of input"))
)
mutant("400-of-no-session-in-plain-text", "SES-ANY-02")(
    lambda: on(400, lambda call, reply: reply.but(b"No session") if isinstance(call.json, dict) else reply)
)
mutant("deep-nesting-is-500", "SES-HTTP-04")(
    lambda: on(400, lambda call, reply: reply.but(status=500) if len(call.body) > 1900 else reply)
)
mutant("lone-surrogate-is-500", "SES-HTTP-04")(
    lambda: on(400, lambda call, reply: reply.but(status=500) if b"\\ud800" in call.body else reply)
)
mutant("huge-number-is-500", "SES-HTTP-04")(
    lambda: on(400, lambda call, reply: reply.but(status=500) if b"1e400" in call.body else reply)
)
mutant("nul-is-500", "SES-HTTP-04")(
    lambda: on(400, lambda call, reply: reply.but(status=500) if b"\0" in call.body else reply)
)
mutant("escaped-nul-is-500", "SES-ANY-01")(
    lambda: on(200, lambda call, reply: reply.but(BODY, status=500) if b"\\u0000" in call.body else reply)
)
mutant("first-repeated-key-wins", "SES-HTTP-08")(lambda: parsing(first_wins))
mutant("repeated-key-is-400", "SES-HTTP-08")(lambda: parsing(unrepeated))

# methods and routes
mutant("other-methods-are-404", "SES-HTTP-07")(lambda: on(405, lambda _, reply: reply.but(status=404)))
mutant("other-methods-are-501", "SES-HTTP-07")(lambda: on(405, lambda _, reply: reply.but(status=501)))
mutant("no-allow", "SES-HTTP-07")(lambda: on(405, lambda _, reply: reply.without("allow")))
mutant("allow-names-others", "SES-HTTP-07")(lambda: on(405, lambda _, reply: reply.but(allow="GET, HEAD")))
mutant("allow-is-empty", "SES-HTTP-07")(lambda: on(405, lambda _, reply: reply.but(allow="")))
mutant("get-is-an-empty-list", "SES-HTTP-07")(
    lambda: on(405, lambda call, reply: reply.but([], status=200) if call.method == "GET" else reply)
)
mutant("put-is-post", "SES-HTTP-07")(
    lambda: before(lambda c: WireRequest("POST" if c.method == "PUT" else c.method, c.path, c.headers, c.body or b"{}"))
)
mutant("delete-is-done", "SES-HTTP-07")(
    lambda: on(405, lambda call, reply: reply.but(b"", status=204) if call.method == "DELETE" else reply)
)
mutant("no-allow-by-the-older-operation", "SES-HTTP-07")(
    lambda: on(405, lambda call, reply: reply.without("allow") if at(OLD)(call) else reply)
)
mutant("unknown-route-is-400", "SES-HTTP-09")(lambda: on(404, lambda _, reply: reply.but(status=400)))
mutant("unknown-route-is-200", "SES-HTTP-09")(lambda: on(404, lambda _, reply: reply.but({}, status=200)))
mutant("unknown-route-is-html", "SES-HTTP-09")(
    lambda: on(404, lambda _, reply: reply.but(b"<h1>Not found</h1>", content_type="text/html"))
)
mutant("unknown-route-is-401", "SES-HTTP-09")(lambda: on(404, lambda _, reply: reply.but(status=401)))
mutant("any-route-below-v1-starts", "SES-HTTP-09")(
    lambda: before(
        lambda c: WireRequest(c.method, PATHS[NEW] if c.path.startswith("/v1/") else c.path, c.headers, c.body)
    )
)
mutant("unknown-route-with-a-detail-alone", "SES-HTTP-09")(
    lambda: on(404, lambda _, reply: reply.but({"detail": "Not Found"}))
)


# the older operation
def in_wrapper(condition: Callable[[dict[str, Json]], bool], session: Callable[[dict[str, Json]], Json]) -> Patch:
    """Another session in the wrapper, for some bodies."""
    return bodies(lambda body: {**body, "session": session(body)} if condition(body) else body, OLD)


mutant("older-operation-takes-a-bare-session", "SES-LEG-01")(
    lambda: in_wrapper(lambda body: "session" not in body, lambda body: body)
)
mutant("older-operation-takes-null", "SES-LEG-01")(
    lambda: in_wrapper(lambda body: body.get("session", 0) is None, lambda _: {})
)
mutant("older-operation-takes-an-array", "SES-LEG-01")(
    lambda: in_wrapper(lambda body: body.get("session") == [], lambda _: {})
)
mutant("older-operation-takes-a-name", "SES-LEG-01")(
    lambda: in_wrapper(
        lambda body: isinstance(body.get("session"), str), lambda body: {"session_name": body["session"]}
    )
)
mutant("no-session-is-500", "SES-LEG-01")(
    lambda: on(400, lambda call, reply: reply.but(status=500) if isinstance(call.json, dict) else reply)
)
mutant("no-session-is-422", "SES-LEG-01")(
    lambda: on(400, lambda call, reply: reply.but(status=422) if isinstance(call.json, dict) else reply)
)


def alone(body: dict[str, Json]) -> Json:
    """Nothing beside the session."""
    if body.keys() - {"session"}:
        raise BadRequest("Additional properties are not allowed")
    return body


mutant("fields-beside-the-session-refused", "SES-LEG-02")(lambda: bodies(alone, OLD))
mutant("fields-beside-the-session-win", "SES-LEG-02")(
    lambda: in_wrapper(
        lambda body: isinstance(body.get("session"), dict), lambda body: {**body["session"], **cut_session(body)}
    )
)
mutant("wrapper-left-on", "SES-LEG-02")(
    lambda: in_wrapper(lambda body: isinstance(body.get("session"), dict) and len(body) > 1, cut_session_of)
)


def cut_session(body: dict[str, Json]) -> dict[str, Json]:
    """What is beside the session."""
    return {name: value for name, value in body.items() if name != "session"}


def cut_session_of(body: dict[str, Json]) -> dict[str, Json]:
    """The same, as a session."""
    return cut_session(body)


# any request
def in_turn(
    count: int, change: Callable[[WireResponse], WireResponse], condition: Callable[[WireRequest], bool] = posted
) -> Patch:
    """One response of so many is another."""
    number = itertools.count(1)
    return wire(lambda call, reply: change(reply) if condition(call) and next(number) % count == 0 else reply)


mutant("every-seventh-response-is-500", "SES-ANY-01")(lambda: in_turn(7, lambda reply: reply.but(BODY, status=500)))
mutant("every-fiftieth-response-is-503", "SES-ANY-01")(lambda: in_turn(50, lambda reply: reply.but(BODY, status=503)))
mutant("every-thirtieth-older-response-is-500", "SES-ANY-01")(
    lambda: in_turn(30, lambda reply: reply.but(BODY, status=500), at(OLD))
)
mutant("large-bodies-refused", "SES-ANY-03")(
    lambda: on(200, lambda call, reply: reply.but(BODY, status=413) if len(call.body) > 300 else reply)
)
mutant("bodies-of-100-kib-refused", "SES-ANY-03")(
    lambda: on(200, lambda call, reply: reply.but(BODY, status=413) if len(call.body) > 100_000 else reply)
)
mutant("emoji-refused", "SES-ANY-03")(
    lambda: on(200, lambda call, reply: reply.but(BODY, status=400) if b"\xf0" in call.body else reply)
)
mutant("empty-children-refused", "SES-ANY-03")(
    lambda: on(
        200, lambda call, reply: reply.but(BODY, status=400) if (call.json or {}).get("children_ids") == [] else reply
    )
)
mutant("numbers-for-names-refused", "SES-ANY-04")(
    lambda: on(
        200,
        lambda call, reply: reply.but(BODY, status=400) if type((call.json or {}).get("event_name")) is int else reply,
    )
)
mutant("null-refused", "SES-ANY-04")(
    lambda: on(200, lambda call, reply: reply.but(BODY, status=400) if None in (call.json or {}).values() else reply)
)
mutant("null-refused-by-the-older-operation", "SES-ANY-04")(
    lambda: on(
        200,
        lambda call, reply: (
            reply.but(BODY, status=400) if at(OLD)(call) and None in call.json["session"].values() else reply
        ),
    )
)


def other_error(change: Callable[[WireResponse], WireResponse]) -> Patch:
    """Errors that HTTP brings with it."""
    return wire(lambda _, reply: change(reply) if reply.status in {404, 405, 413, 415} else reply)


mutant("errors-of-http-in-plain-text", "SES-ANY-05")(lambda: other_error(lambda reply: reply.but(b"No")))
mutant("errors-of-http-of-a-framework", "SES-ANY-05")(lambda: other_error(lambda reply: reply.but({"detail": "No"})))
mutant("405-without-a-body", "SES-ANY-05")(lambda: on(405, lambda _, reply: reply.but(b"")))
mutant("415-is-a-success", "SES-ANY-05")(lambda: on(415, lambda _, reply: reply.but({**BODY, "success": True})))
mutant("every-twentieth-response-is-400", "SES-ANY-07")(lambda: in_turn(20, lambda reply: reply.but(BODY, status=400)))
mutant("every-twentieth-response-is-short", "SES-ANY-07")(
    lambda: in_turn(20, lambda reply: reply.but({"event_id": "a", "session_id": "b"}))
)

# the strict profile


def strictly(check: Callable[[StrictProfile, Json], None]) -> Patch:
    """Another judgement of a body."""
    return patch.object(StrictProfile, "check", check)


def retold(change: Callable[[str], str]) -> Patch:
    """Violations at other places."""
    check = StrictProfile.check

    def checked(self: StrictProfile, body: Json) -> None:
        try:
            check(self, body)
        except BadRequest as error:
            told = [each._replace(pointer=change(each.pointer)) for each in error.details]
            raise BadRequest(error.message, told) from None

    return strictly(checked)


def only_for(condition: Callable[[Json], bool]) -> Patch:
    """Only some bodies are held to the schema."""
    check = StrictProfile.check

    def checked(self: StrictProfile, body: Json) -> None:
        if condition(body):
            check(self, body)

    return strictly(checked)


def is_wrapped(body: Json) -> bool:
    """Whether it is a body of the older operation."""
    return isinstance(body, dict) and "session" in body


mutant("strict-is-lenient", "SES-STRICT-01")(lambda: strictly(lambda *_: None))
mutant("strict-is-lenient-for-the-older-operation", "SES-STRICT-01")(
    lambda: only_for(lambda body: not is_wrapped(body))
)
mutant("strict-takes-unknown-fields", "SES-STRICT-01")(
    lambda: only_for(lambda body: "colour" not in body and "colour" not in str(body))
)
mutant("strict-takes-null", "SES-STRICT-01")(lambda: only_for(lambda body: "None" not in str(body)))
mutant("violations-not-named", "SES-STRICT-02")(
    lambda: on(400, lambda _, reply: reply.but({**reply.json, "details": []}))
)
mutant("violations-at-the-root", "SES-STRICT-02")(lambda: retold(lambda _: "/"))
mutant("violations-by-path-with-dots", "SES-STRICT-02")(lambda: retold(lambda pointer: pointer.replace("/", ".")))
mutant("preference-not-echoed", "SES-STRICT-03")(lambda: wire(lambda _, reply: reply.without("preference-applied")))
mutant("preference-echoed-as-another", "SES-STRICT-03")(
    lambda: wire(lambda _, reply: reply.but(preference_applied="handling=lenient"))
)
for _name in ("session_name", "source", "end_time", "duration", "config", "inputs", "outputs", "user_properties"):
    mutant(f"strict-does-not-look-at-{_name.replace('_', '-')}", "SES-STRICT-04")(
        lambda name=_name: only_for(  # type: ignore[misc]
            lambda body: name not in (body.get("session", body) if isinstance(body, dict) else ())
        )
    )
mutant("strict-takes-any-children", "SES-STRICT-04")(lambda: only_for(lambda body: "children_ids" not in str(body)))


@mutant("refused-and-stored", "SES-STRICT-05")
def stored() -> Patch:
    """What is stored is judged only then."""
    check = StrictProfile.check
    refusals: list[BadRequest] = []

    def noted(self: StrictProfile, body: Json) -> None:
        try:
            check(self, body)
        except BadRequest as error:
            if not isinstance(body, dict):
                raise
            refusals.append(error)

    async def handle(_: str, handler: Handler, request: Request) -> Response:
        response = await handler(request)
        if refusals:
            raise refusals.pop()
        return response

    @contextmanager
    def both() -> Iterator[None]:
        with strictly(noted), handlers(handle):
            yield

    return both()


mutant("no-white-space-in-front", "SES-HTTP-11")(
    lambda: on(200, lambda call, reply: reply.but(BODY, status=400) if call.body[:1].isspace() else reply)
)
mutant("escapes-left-alone", "SES-HTTP-11")(lambda: parsing(lambda text: json.loads(text.replace(b"\\u", b"\\\\u"))))


def judged(change: Callable[[list[Detail]], list[Detail]]) -> Patch:
    """Other details in a refusal."""
    check = StrictProfile.check

    def checked(self: StrictProfile, body: Json) -> None:
        try:
            check(self, body)
        except BadRequest as error:
            raise BadRequest(error.message, change(list(error.details))) from None

    return strictly(checked)


mutant("first-violation-alone", "SES-STRICT-06")(lambda: judged(lambda details: details[:1]))
mutant("last-violation-alone", "SES-STRICT-06")(lambda: judged(lambda details: details[-1:]))
mutant("a-violation-that-is-none", "SES-STRICT-06")(
    lambda: judged(lambda details: [*details, Detail("/source", "type", "is no string")])
)
