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
from skep.handlers.tenant import Tenant
from skep.server.auth import authenticate
from skep.server.body import Limits, check_media_type, parse_json, read_body
from skep.server.errors import reply_of
from skep.server.examples import Examples
from skep.server.fallbacks import header_value
from skep.server.preferences import Preferences, Profile, faults_of, preferences
from skep.server.response import Reply, send_json, send_reply, to_wire
from skep.server.strict import StrictProfile


@dataclass(frozen=True, slots=True)
class Context:
    """What every operation of an application shares; `overrides` says whether clients may ask for other answers."""

    store: Store
    clock: Clock
    limits: Limits
    overrides: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """An ASGI application that serves one operation.

    `strict` is None where the operation takes no body; `secured` says whether it needs a bearer token.
    """

    handler: Handler
    context: Context
    strict: StrictProfile | None
    examples: Examples
    secured: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises:
            ApiError: the request is refused.
        """
        headers = dict(scope["headers"])
        tenant = authenticate(headers.get(b"authorization")) if self.secured else ANYONE
        if b"prefer" in headers:
            preferred = preferences(scope["headers"], overrides=self.context.overrides)
            reply = await self._reply(headers, receive, tenant, preferred)
            await send_reply(scope, send, reply)
            return
        answer = await self._answer(headers, receive, tenant, None)
        await send_json(send, answer.status, answer.body, _headers(answer))

    async def _reply(
        self, headers: dict[bytes, bytes], receive: Receive, tenant: Tenant, preferred: Preferences
    ) -> Reply:
        """What is answered to a request that has preferences; an error of its handler has its faults too."""
        if preferred.replaced:
            reply = await self._example(headers, receive, preferred)
        else:
            try:
                answer = await self._answer(headers, receive, tenant, preferred.profile)
                reply = Reply(answer.status, _headers(answer), answer.body)
            except ApiError as error:
                reply = reply_of(error)
        for fault in faults_of(preferred):
            reply = fault(reply)
        if not preferred.applied:
            return reply
        return reply._replace(headers=[*reply.headers, (b"preference-applied", preferred.applied.encode())])

    async def _answer(
        self, headers: dict[bytes, bytes], receive: Receive, tenant: Tenant, profile: Profile | None
    ) -> Answer:
        body = await self._body(headers, receive, profile)
        return await self.handler(Request(self.context.store, self.context.clock, tenant, body))

    async def _example(self, headers: dict[bytes, bytes], receive: Receive, preferred: Preferences) -> Reply:
        """An example in place of the answer; the body is read, and neither judged nor used."""
        if self.strict is not None:
            await read_body(headers, receive, self.context.limits)
        return self.examples.find(preferred.code, preferred.example)

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


def _headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    headers = to_wire(answer.headers.items()) if answer.headers else []
    if answer.fallbacks and (told := header_value(answer.fallbacks)):  # an empty list is no header (RFC 9651, 4.1)
        headers.append((b"skep-fallbacks", told.encode()))
    return headers
