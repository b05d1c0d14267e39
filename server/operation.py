"""One operation of a document, compiled: all that depends on it alone is prepared when the application is built.

At a request it reads top to bottom in the order of the protocol: who asks, how to judge, what was sent, what to do.
"""

from dataclasses import dataclass
from typing import Any

from starlette.types import Receive, Scope, Send

from skep.handlers.clock import Clock
from skep.handlers.errors import ApiError, BadRequest, Detail
from skep.handlers.operations import Handler
from skep.handlers.request import ANYONE, Answer, Request
from skep.handlers.store import Store
from skep.server.auth import authenticate
from skep.server.body import Limits, check_media_type, parse_json, read_body
from skep.server.fallbacks import header_value
from skep.server.preferences import Profile, handling
from skep.server.response import send_json, to_wire
from skep.server.strict import StrictProfile


@dataclass(frozen=True, slots=True)
class Context:
    """What every operation of an application shares."""

    store: Store
    clock: Clock
    limits: Limits


@dataclass(frozen=True, slots=True)
class Operation:
    """An ASGI application that serves one operation.

    `strict` is None where the operation takes no body; `secured` says whether it needs a bearer token.
    """

    handler: Handler
    context: Context
    strict: StrictProfile | None
    secured: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises:
            ApiError: the request is refused.
        """
        headers = dict(scope["headers"])
        tenant = authenticate(headers.get(b"authorization")) if self.secured else ANYONE
        profile = handling(scope["headers"]) if b"prefer" in headers else None
        applied = {"Preference-Applied": f"handling={profile}"} if profile else {}
        try:
            body = await self._body(headers, receive, profile)
            request = Request(self.context.store, self.context.clock, tenant, body)
            answer = await self.handler(request)
        except ApiError as error:
            raise error.with_headers(applied) from error.__cause__
        await _send(send, answer, applied)

    async def _body(self, headers: dict[bytes, bytes], receive: Receive, profile: Profile | None) -> Any:
        if self.strict is None:
            return None
        check_media_type(headers)
        body = parse_json(await read_body(headers, receive, self.context.limits))
        if profile == "strict":
            self.strict.check(body)
        if not isinstance(body, dict):
            raise BadRequest("The body must be a JSON object", [Detail("", "type", "must be an object")])
        return body


async def _send(send: Send, answer: Answer, applied: dict[str, str]) -> None:
    headers = to_wire([*applied.items(), *answer.headers.items()]) if applied or answer.headers else []
    if answer.fallbacks and (told := header_value(answer.fallbacks)):  # an empty list is no header (RFC 9651, 4.1)
        headers.append((b"skep-fallbacks", told.encode()))
    await send_json(send, answer.status, answer.body, headers)
