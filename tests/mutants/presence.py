"""What holds of every operation on events, gone wrong."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from hivestand.handlers.event.normalise import Json
from hivestand.handlers.operations import Handler
from hivestand.handlers.request import Request, Response
from hivestand.handlers.store.protocol import Written
from mutants.events import CREATING, EVENTS, UPDATING, let_in, missing, of_events, on
from mutants.mutant import Group, Patch, WireRequest, WireResponse, handlers, wire

mutant = Group("any operation on events")
REFUSED = {"statusCode": 400, "message": "no", "success": False, "errorCode": "NO", "details": []}


def about_events(call: WireRequest) -> bool:
    """Whether a call is one of them."""
    return "event" in call.path or "traces" in call.path


def refusing(condition: Callable[[WireRequest], bool], status: int = 400) -> Patch:
    """An error for some requests about events that would succeed."""
    return of_events(
        lambda call, reply: (
            reply.but({**REFUSED, "statusCode": status}, status=status)
            if reply.status == 200 and about_events(call) and condition(call)
            else reply
        )
    )


def called(change: Callable[[WireRequest], WireRequest]) -> Patch:
    """Other requests about events."""
    return wire(request=lambda call: change(call) if about_events(call) else call)


mutant("no-older-session-start", "SES-ROUTE-01")(lambda: missing("startSessionLegacy"))
mutant("accepted-is-202", "EVT-ANS-04")(lambda: on(200, 202))
mutant("refused-is-418", "EVT-ANS-04")(lambda: on(400, 418))
mutant("emoji-in-an-event-refused", "EVT-ANS-05")(lambda: refusing(lambda call: b"\xf0" in call.body))
mutant("large-events-refused", "EVT-ANS-05")(lambda: refusing(lambda call: len(call.body) > 1500))
mutant("empty-batch-refused", "EVT-ANS-05")(lambda: refusing(lambda call: b'"events": []' in call.body))
mutant("empty-update-refused", "EVT-ANS-05")(
    lambda: refusing(lambda call: call.method == "PUT" and b'"children_ids": []' in call.body)
)
mutant("basic-is-as-good", "EVT-AUTH-03")(
    lambda: let_in(lambda call: call.headers.get("authorization", "").startswith("Basic "))
)
mutant("no-token-behind-bearer", "EVT-AUTH-03")(
    lambda: let_in(lambda call: call.headers.get("authorization", "").strip() == "Bearer")
)
mutant("no-challenge-about-events", "EVT-AUTH-04")(
    lambda: of_events(lambda _, reply: reply.without("www-authenticate"))
)
mutant("a-basic-challenge-about-events", "EVT-AUTH-04")(lambda: on(401, www_authenticate="Basic"))


def done_and_refused(condition: Callable[[WireRequest], bool]) -> AbstractContextManager[Any]:
    """The token is looked at when all is done."""

    def returned(call: WireRequest, reply: WireResponse) -> WireResponse:
        lacks = about_events(call) and condition(call) and call.token in {"", "invalid"}
        return reply.but({**REFUSED, "statusCode": 401}, status=401, www_authenticate="Bearer") if lacks else reply

    def let(call: WireRequest) -> WireRequest:
        lacks = about_events(call) and condition(call) and call.token in {"", "invalid"}
        return call.with_headers(authorization="Bearer one") if lacks else call

    return wire(returned, let)


mutant("created-and-refused", "EVT-AUTH-05")(lambda: done_and_refused(lambda call: call.method == "POST"))
mutant("updated-and-refused", "EVT-AUTH-05")(lambda: done_and_refused(lambda call: call.method == "PUT"))
mutant("bearer-in-capitals-alone", "EVT-AUTH-06")(
    lambda: called(
        lambda call: (
            call.without("authorization") if call.headers.get("authorization", "").startswith("bearer") else call
        )
    )
)
mutant("other-methods-of-events-are-404", "EVT-HTTP-03")(lambda: on(405, 404))
mutant("no-methods-named", "EVT-HTTP-03")(lambda: of_events(lambda _, reply: reply.without("allow")))
mutant("fixed-paths-name-the-methods-of-an-event", "EVT-HTTP-03")(
    lambda: of_events(
        lambda call, reply: reply.but(allow="GET, PUT") if reply.status == 405 and "search" in call.path else reply
    )
)
mutant("charset-of-events-refused", "EVT-HTTP-04")(
    lambda: refusing(lambda call: ";" in call.headers.get("content-type", ""), status=415)
)
mutant("media-type-in-capitals-refused", "EVT-HTTP-04")(
    lambda: refusing(lambda call: "Application" in call.headers.get("content-type", ""), status=415)
)
mutant("deep-body-is-500", "EVT-HTTP-05")(
    lambda: of_events(lambda call, reply: reply.but(status=500) if call.body.startswith(b"[[[") else reply)
)
mutant("surrogate-is-500", "EVT-HTTP-05")(
    lambda: of_events(lambda call, reply: reply.but(status=500) if b"\\ud800" in call.body else reply)
)
mutant("odd-path-is-500", "EVT-HTTP-05")(
    lambda: of_events(lambda call, reply: reply.but(status=500) if "\x00" in call.path else reply)
)
mutant("violations-of-events-not-named", "EVT-STRICT-03")(
    lambda: of_events(lambda _, reply: reply.but({**reply.json, "details": []}) if reply.status == 400 else reply)
)


def around(operations: tuple[str, ...], change: Callable[[Handler, Request], Awaitable[Response]]) -> Patch:
    """Handlers gone wrong."""
    return handlers(lambda _, handler, request: change(handler, request), operations)


async def _stored_nowhere(handler: Handler, request: Request) -> Response:
    store = type(request.store)
    with patch.object(store, "create_or_merge", _forget), patch.object(store, "create_or_merge_each", _forget_each):
        return await handler(request)


async def _forget(_self: Any, _tenant: Any, _entry: Any, event: Json) -> Json:
    return event


async def _forget_each(_self: Any, _tenant: Any, events: Sequence[Any]) -> Written:
    return Written(len(events))


mutant("created-nowhere", "EVT-SEEN-01")(lambda: around(CREATING, _stored_nowhere))
mutant("batches-are-stored-nowhere", "EVT-SEEN-01")(
    lambda: around(tuple(name for name in EVENTS if name not in {*CREATING, *UPDATING}), _stored_nowhere)
)
