"""Who may post, gone wrong."""

from collections.abc import Callable
from typing import Any

from mutants.mutant import OLD, Group, Patch, WireRequest, WireResponse, at, wire

mutant = Group("auth")
BODY = {"statusCode": 401, "message": "Unauthorized", "success": False, "errorCode": "UNAUTHORIZED"}


def let_in(condition: Callable[[WireRequest], bool]) -> Patch:
    """Some requests count as of the first token's."""
    return wire(request=lambda call: call.with_headers(authorization="Bearer one") if condition(call) else call)


def on(status: int, change: Callable[[WireRequest, WireResponse], WireResponse]) -> Patch:
    """Change responses of a status."""
    return wire(lambda call, reply: change(call, reply) if reply.status == status else reply)


def has_none(call: WireRequest) -> bool:
    """No header at all."""
    return "authorization" not in call.headers


def is_bad(call: WireRequest) -> bool:
    """The bad token."""
    return call.token == "invalid"


def header(call: WireRequest) -> str:
    """The header, or nothing."""
    return call.headers.get("authorization", "")


def body(**changes: Any) -> Patch:
    """Another body of a 401; None leaves a member out."""
    made = {name: value for name, value in {**BODY, **changes}.items() if value is not None}
    return on(401, lambda _, reply: reply.but(made))


mutant("no-token-needed", "SES-AUTH-01")(lambda: let_in(has_none))
mutant("no-token-needed-by-the-older-operation", "SES-AUTH-01")(
    lambda: let_in(lambda call: has_none(call) and at(OLD)(call))
)
mutant("no-token-is-403", "SES-AUTH-01")(
    lambda: on(401, lambda call, reply: reply.but(status=403) if has_none(call) else reply)
)
mutant("no-token-is-400", "SES-AUTH-01")(
    lambda: on(401, lambda call, reply: reply.but(status=400) if has_none(call) else reply)
)
mutant("no-token-is-a-redirect", "SES-AUTH-01")(
    lambda: on(401, lambda call, reply: reply.but(b"", status=302, location="/login") if has_none(call) else reply)
)
mutant("no-token-is-200-with-an-error", "SES-AUTH-01")(
    lambda: on(401, lambda call, reply: reply.but(status=200) if has_none(call) else reply)
)
mutant("no-token-is-500", "SES-AUTH-01")(
    lambda: on(401, lambda call, reply: reply.but(status=500) if has_none(call) else reply)
)
mutant("bad-token-is-fine", "SES-AUTH-02")(lambda: let_in(is_bad))
mutant("bad-token-is-fine-for-the-older-operation", "SES-AUTH-02")(
    lambda: let_in(lambda call: is_bad(call) and at(OLD)(call))
)
mutant("bad-token-is-403", "SES-AUTH-02")(
    lambda: on(401, lambda call, reply: reply.but(status=403) if is_bad(call) else reply)
)
mutant("bad-token-is-404", "SES-AUTH-02")(
    lambda: on(401, lambda call, reply: reply.but(status=404) if is_bad(call) else reply)
)
mutant("bad-token-is-403-on-the-older-operation", "SES-AUTH-02")(
    lambda: on(401, lambda call, reply: reply.but(status=403) if is_bad(call) and at(OLD)(call) else reply)
)
mutant("basic-is-fine", "SES-AUTH-03")(lambda: let_in(lambda call: header(call).startswith("Basic ")))
mutant("empty-token-is-fine", "SES-AUTH-03")(lambda: let_in(lambda call: header(call).strip() == "Bearer"))
mutant("any-scheme-is-fine", "SES-AUTH-03")(
    lambda: let_in(lambda call: bool(call.token) and not header(call).lower().startswith("bearer"))
)
mutant("any-header-is-fine", "SES-AUTH-03")(
    lambda: let_in(lambda call: not has_none(call) and header(call) != "Bearer invalid")
)
mutant("token-without-a-scheme-is-fine", "SES-AUTH-03")(
    lambda: let_in(lambda call: bool(header(call)) and " " not in header(call) and header(call).lower() != "bearer")
)
mutant("scheme-that-begins-with-bearer-is-fine", "SES-AUTH-03")(
    lambda: let_in(lambda call: header(call).lower().startswith("bearer") and header(call)[6:7] not in {"", " "})
)
mutant("basic-is-fine-for-the-older-operation", "SES-AUTH-03")(
    lambda: let_in(lambda call: header(call).startswith("Basic ") and at(OLD)(call))
)
mutant("basic-is-403", "SES-AUTH-03")(
    lambda: on(401, lambda call, reply: reply.but(status=403) if header(call).startswith("Basic") else reply)
)
mutant("scheme-in-these-letters-alone", "SES-AUTH-04")(
    lambda: wire(request=lambda call: call if header(call).startswith("Bearer ") else call.without("authorization"))
)
mutant("scheme-in-upper-case-refused", "SES-AUTH-04")(
    lambda: wire(request=lambda call: call.without("authorization") if header(call).startswith("BEARER") else call)
)
mutant("scheme-in-lower-case-refused", "SES-AUTH-04")(
    lambda: wire(request=lambda call: call.without("authorization") if header(call).startswith("bearer") else call)
)
mutant("no-challenge", "SES-AUTH-05")(lambda: on(401, lambda _, reply: reply.without("www-authenticate")))
mutant("no-challenge-for-a-bad-token", "SES-AUTH-05")(
    lambda: on(401, lambda call, reply: reply.without("www-authenticate") if is_bad(call) else reply)
)
mutant("no-challenge-by-the-older-operation", "SES-AUTH-05")(
    lambda: on(401, lambda call, reply: reply.without("www-authenticate") if at(OLD)(call) else reply)
)
mutant("challenge-of-basic", "SES-AUTH-05")(
    lambda: on(401, lambda _, reply: reply.but(www_authenticate='Basic realm="api"'))
)
mutant("challenge-without-a-scheme", "SES-AUTH-05")(
    lambda: on(401, lambda _, reply: reply.but(www_authenticate='realm="api"'))
)
mutant("401-in-plain-text", "SES-AUTH-06")(
    lambda: on(401, lambda _, reply: reply.but(b"Unauthorized", content_type="text/plain"))
)
mutant("401-without-a-body", "SES-AUTH-06")(lambda: on(401, lambda _, reply: reply.but(b"")))
mutant("401-with-a-detail-alone", "SES-AUTH-06")(lambda: on(401, lambda _, reply: reply.but({"detail": "No token"})))
mutant("401-in-an-array", "SES-AUTH-06")(lambda: on(401, lambda _, reply: reply.but([BODY])))
mutant("401-without-an-error-code", "SES-AUTH-06")(lambda: body(errorCode=None))
mutant("401-without-a-message", "SES-AUTH-06")(lambda: body(message=None))
mutant("401-without-success", "SES-AUTH-06")(lambda: body(success=None))
mutant("401-is-a-success", "SES-AUTH-06")(lambda: body(success=True))
mutant("401-with-a-status-as-text", "SES-AUTH-06")(lambda: body(statusCode="401"))
mutant("401-with-another-status-inside", "SES-AUTH-06")(lambda: body(statusCode=400))
mutant("401-with-success-as-text", "SES-AUTH-06")(lambda: body(success="false"))
mutant("401-with-a-status-of-true", "SES-AUTH-06")(lambda: body(statusCode=True))
mutant("401-with-a-number-for-a-code", "SES-AUTH-06")(lambda: body(errorCode=1001))
mutant("401-of-the-older-operation-in-plain-text", "SES-AUTH-06")(
    lambda: on(401, lambda call, reply: reply.but(b"Unauthorized") if at(OLD)(call) else reply)
)
mutant("401-of-another-scheme-in-plain-text", "SES-ANY-02")(
    lambda: on(401, lambda call, reply: reply.but(b"Unauthorized") if header(call).startswith("Basic") else reply)
)


def stored(condition: Callable[[WireRequest], bool]) -> Patch:
    """What is refused with 401 is done nevertheless."""

    def done(call: WireRequest) -> WireRequest:
        return call.with_headers(authorization="Bearer one") if refused(call) and condition(call) else call

    def refused(call: WireRequest) -> bool:
        return has_none(call) or is_bad(call)

    def returned(call: WireRequest, reply: WireResponse) -> WireResponse:
        if not refused(call) or not condition(call):
            return reply
        return reply.but(BODY, status=401, www_authenticate="Bearer")

    return wire(returned, done)


mutant("what-is-refused-is-stored", "SES-AUTH-07")(lambda: stored(lambda _: True))
mutant("what-a-bad-token-sends-is-stored", "SES-AUTH-07")(lambda: stored(is_bad))
mutant("what-no-token-sends-is-stored", "SES-AUTH-07")(lambda: stored(has_none))
mutant("what-the-older-operation-refuses-is-stored", "SES-AUTH-07")(lambda: stored(at(OLD)))


@mutant("what-is-refused-is-created", "SES-AUTH-07")
def created() -> Patch:
    """A refused request creates a session, and merges into none."""
    known: set[str] = set()

    def is_new(call: WireRequest) -> bool:
        session = call.json if isinstance(call.json, dict) else {}
        session_id = str(session.get("session_id", session))
        if has_none(call) or is_bad(call):
            return session_id not in known
        known.add(session_id)
        return False

    return stored(is_new)
