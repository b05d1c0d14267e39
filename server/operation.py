"""One operation of the mocked API, spec: all that depends on it alone is prepared when the application is built.

At a request it reads top to bottom in the order of the protocol: who asks, how to judge, what was sent, what to do.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from starlette.types import Receive, Scope, Send

from hivestand.handlers.clock import Clock, PlannedClock
from hivestand.handlers.errors import ApiError, BadRequest, Detail
from hivestand.handlers.operations import Handler
from hivestand.handlers.request import ANONYMOUS, JSON, Request, Response, Writes
from hivestand.handlers.store.plans import Plan
from hivestand.handlers.store.protocol import Store
from hivestand.handlers.store.window import Window
from hivestand.handlers.tenant import Tenant
from hivestand.server.errors import reply_of
from hivestand.server.examples import Examples
from hivestand.server.exchange import EXCHANGE, Exchange
from hivestand.server.fallbacks import header_value
from hivestand.server.faults.armed import Armed, armed_for
from hivestand.server.http.body import GZIP, Limits, check_media_type, decoded, is_declared, parse_json, read_body
from hivestand.server.http.response import Reply, to_wire
from hivestand.server.keys import Keys
from hivestand.server.parameters import Parameters
from hivestand.server.preferences import NONE, Preferences, Profile, faults_of, preferences
from hivestand.server.strict import StrictProfile


@dataclass(frozen=True, slots=True)
class Context:
    """What every operation of the API shares; `overrides` says whether clients may ask for other answers."""

    store: Store
    clock: Clock
    limits: Limits
    keys: Keys
    overrides: bool


class OperationSpec(NamedTuple):
    """What the document says of an operation, ready for use.

    `strict` is None where the operation takes no body; `needs_body` says whether there has to be one, `secured` whether
    it needs a bearer token, `reads` whether that has to be one that may read. `binary` is another media type than JSON
    that it takes, None if there is none.
    """

    id: str
    handler: Handler
    strict: StrictProfile | None
    examples: Examples
    parameters: Parameters
    needs_body: bool
    secured: bool
    reads: bool = False
    binary: bytes | None = None


class HandlerContext(NamedTuple):
    """What a request's handler gets beside what was sent."""

    store: Store
    window: Writes | None
    clock: Clock


@dataclass(frozen=True, slots=True)
class Operation:
    """An ASGI application that serves one operation of the API, and leaves the answer in the exchange."""

    spec: OperationSpec
    context: Context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Serve one request.

        Raises:
            ApiError: the request is refused.
        """
        exchange: Exchange = scope[EXCHANGE]
        exchange.operation = self.spec.id
        exchange.path_parameters = scope.get("path_params", {})
        headers = dict(scope["headers"])
        if self.spec.binary is not None and is_declared(headers, self.spec.binary):
            exchange.media_type = self.spec.binary
        tenant = self._authenticate(headers.get(b"authorization"))
        exchange.tenant = tenant
        plan = await self._plan(tenant)
        if plan is not None or b"prefer" in headers:
            preferred = (
                preferences(scope["headers"], overrides=self.context.overrides) if b"prefer" in headers else NONE
            )
            exchange.reply = await self._reply(exchange, headers, receive, preferred, plan)
            return
        means = HandlerContext(self.context.store, None, self.context.clock)
        answer = await self._answer(exchange, headers, receive, None, means)
        exchange.reply = _reply_of(answer)

    def _authenticate(self, authorization: bytes | None) -> Tenant:
        if not self.spec.secured:
            return ANONYMOUS
        tenant = self.context.keys.authenticate(authorization)
        if self.spec.reads:
            self.context.keys.check_read(authorization)
        return tenant

    async def _plan(self, tenant: Tenant) -> Plan | None:
        plans = self.context.store.plans
        if not plans.is_fresh:
            await plans.refresh()
        return plans.plan_for(tenant)

    async def _reply(
        self,
        exchange: Exchange,
        headers: dict[bytes, bytes],
        receive: Receive,
        preferred: Preferences,
        plan: Plan | None,
    ) -> Reply:
        """What is answered to a request that has preferences, or a plan; an error of its handler has its faults too."""
        plans = self.context.store.plans
        armed = Armed() if plan is None else await armed_for(plan, plans, self.spec.id)
        exchange.faults = [*armed.names, *preferred.faults]
        if preferred.is_replaced or armed.is_replaced:
            reply = await self._example(exchange, headers, receive, preferred, armed)
        else:
            try:
                means = await self._means(plan, armed)
                answer = await self._answer(exchange, headers, receive, preferred.profile, means)
                reply = _reply_of(answer)
            except ApiError as error:
                reply = reply_of(error, exchange.media_type)
        for fault in (*armed.faults, *faults_of(preferred)):
            reply = fault(reply)
        if not preferred.applied:
            return reply
        return reply._replace(headers=[*reply.headers, (b"preference-applied", preferred.applied.encode())])

    async def _means(self, plan: Plan | None, armed: Armed) -> HandlerContext:
        """The clock that is planned, and the store, or a window to it where updates may be lost."""
        store, clock = self.context.store, self.context.clock
        if plan is None:
            return HandlerContext(store, None, clock)
        timing = plan.timing
        number = await store.plans.next_number(timing.tenant, timing.counter) if timing.is_counted else 0
        window = Window(store, armed.window) if plan.has_windows else None
        return HandlerContext(store, window, PlannedClock(timing, number, clock))

    async def _answer(
        self,
        exchange: Exchange,
        headers: dict[bytes, bytes],
        receive: Receive,
        profile: Profile | None,
        means: HandlerContext,
    ) -> Response:
        exchange.profile = profile or "lenient"
        parameters = self.spec.parameters.read(exchange.path_parameters, exchange.query)
        body = await self._body(exchange, headers, receive, profile)
        tenant = exchange.tenant or ANONYMOUS
        return await self.spec.handler(Request(means.store, means.clock, tenant, body, parameters, window=means.window))

    async def _example(
        self, exchange: Exchange, headers: dict[bytes, bytes], receive: Receive, preferred: Preferences, armed: Armed
    ) -> Reply:
        """An example in place of the answer; the body is read, and neither judged nor used."""
        if self.spec.strict is not None:
            exchange.body = await read_body(headers, receive, self.context.limits, exchange.whole_body)
        if preferred.is_replaced:
            return self.spec.examples.find(preferred.code, preferred.example)
        return self.spec.examples.find(armed.code, armed.example)

    async def _body(
        self, exchange: Exchange, headers: dict[bytes, bytes], receive: Receive, profile: Profile | None
    ) -> Any:
        strict = self.spec.strict
        if strict is None:
            return None
        if self.spec.binary is not None:
            return await self._encoded_body(exchange, headers, receive, profile)
        check_media_type(headers)
        exchange.body = await read_body(headers, receive, self.context.limits, exchange.whole_body)
        return self._parse_and_validate(exchange.body, profile)

    async def _encoded_body(
        self, exchange: Exchange, headers: dict[bytes, bytes], receive: Receive, profile: Profile | None
    ) -> Any:
        """The body of an operation that takes another media type too, as its octets where it has that."""
        if exchange.media_type != self.spec.binary:
            check_media_type(headers, codings=GZIP)
        exchange.body = await read_body(headers, receive, self.context.limits, exchange.whole_body)
        content = decoded(exchange.body, headers, self.context.limits)
        return content if exchange.media_type == self.spec.binary else self._parse_and_validate(content, profile)

    def _parse_and_validate(self, content: bytes, profile: Profile | None) -> Any:
        body = parse_json(content)
        strict = self.spec.strict
        if strict is not None and profile == "strict":
            strict.check(body)
        if not isinstance(body, dict):
            raise BadRequest("The body must be a JSON object", [Detail("", "type", "must be an object")])
        return body


def _reply_of(answer: Response) -> Reply:
    if answer.media_type == JSON:
        return Reply(answer.status, _headers(answer), answer.body)
    return Reply(answer.status, _headers(answer), answer.body, answer.media_type.encode())


def _headers(answer: Response) -> list[tuple[bytes, bytes]]:
    headers = to_wire(answer.headers.items()) if answer.headers else []
    if answer.fallbacks and (told := header_value(answer.fallbacks)):  # an empty list is no header (RFC 9651, 4.1)
        headers.append((b"hivestand-fallbacks", told.encode()))
    return headers
