"""One operation of the mocked API, compiled: all that depends on it alone is prepared when the application is built.

A request is served in the order of the protocol: who asks, how to judge, what was sent, what to do.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from hivestand.handlers.clock import Clock, PlannedClock
from hivestand.handlers.errors import BadRequest, Detail
from hivestand.handlers.event.normalise import Fallback
from hivestand.handlers.operations import Handler
from hivestand.handlers.request import ANONYMOUS, DEFAULT_OPTIONS, JSON, Options, Request, Response, Writes
from hivestand.handlers.store.plans import Plan
from hivestand.handlers.store.protocol import Store
from hivestand.handlers.store.window import Window
from hivestand.server.auth import Keys
from hivestand.server.examples import Examples
from hivestand.server.fallbacks import header_value
from hivestand.server.faults.armed import Armed, armed_for
from hivestand.server.http.body import (
    GZIP,
    IDENTITY,
    LARGE,
    Limits,
    check_media_type,
    decoded,
    is_declared,
    parse_json,
)
from hivestand.server.http.request import HttpRequest
from hivestand.server.http.response import HttpResponse, to_wire
from hivestand.server.parameters import Parameters
from hivestand.server.preferences import NONE, Profile, effects_of, preferences
from hivestand.server.strict import StrictProfile

_IDENTITY_ONLY: Final = (IDENTITY,)


@dataclass(frozen=True, slots=True)
class Context:
    """What every operation of the API shares.

    Attributes:
        store: where events are.
        clock: the system's time and ids.
        limits: how much of a body is read, and for how long.
        keys: which tokens are accepted.
        overrides: whether clients may ask for other responses by `Prefer`.
        options: what the operations are told.
        large: held while a large body is parsed.
    """

    store: Store
    clock: Clock
    limits: Limits
    keys: Keys
    overrides: bool
    options: Options = DEFAULT_OPTIONS
    large: asyncio.Lock = field(default_factory=asyncio.Lock)


class OperationSpec(NamedTuple):
    """What the document says of an operation, ready for use.

    Attributes:
        id: the operationId.
        handler: what does the work.
        body_validator: holds a JSON body to its schema; None where the operation takes no body.
        examples: the documented responses.
        parameters: the parameters of path and query.
        needs_body: whether a body has to be there.
        is_secured: whether a bearer token has to be there.
        needs_read_role: whether that has to be a token that may read.
        alternate_media_type: another media type than JSON that the body may have, None if there is none.
    """

    id: str
    handler: Handler
    body_validator: StrictProfile | None
    examples: Examples
    parameters: Parameters
    needs_body: bool
    is_secured: bool
    needs_read_role: bool = False
    alternate_media_type: bytes | None = None


class HandlerContext(NamedTuple):
    """What a handler works with: the store, what it writes to, and time and ids."""

    store: Store
    writes: Writes
    clock: Clock


@dataclass(frozen=True, slots=True)
class Operation:
    """Serves one operation of the API."""

    spec: OperationSpec
    context: Context

    async def serve(self, request: HttpRequest) -> HttpResponse:
        """The response to a request; `request.effects` is what is to be done to it, or to the error.

        Raises:
            ApiError: the request is refused.
            ClientDisconnected: the client went away before all of the body came.
        """
        spec, store, fields = self.spec, self.context.store, request.fields
        request.operation = spec.id
        if spec.alternate_media_type is not None and is_declared(fields, spec.alternate_media_type):
            request.error_media_type = spec.alternate_media_type
        tenant = ANONYMOUS
        if spec.is_secured:
            authorization = fields.get(b"authorization")
            tenant = self.context.keys.authenticate(authorization, needs_read=spec.needs_read_role)
        request.tenant = tenant
        if not store.barrier.is_fresh:
            await store.barrier.refresh()
        if tenant.digest not in store.tenants.noted:
            store.tenants.note(tenant)
        plan = None if store.plans.is_empty else store.plans.plan_for(tenant)
        if plan is not None or b"prefer" in fields:
            return await self._serve_as_planned(request, plan or Plan())
        return await self._handle(request, None, HandlerContext(store, store, self.context.clock))

    async def _serve_as_planned(self, request: HttpRequest, plan: Plan) -> HttpResponse:
        """Serve a request that has preferences, or whose tenant has a plan."""
        store = self.context.store
        preferred = NONE
        if b"prefer" in request.fields:
            preferred = preferences(request.headers, overrides=self.context.overrides)
        armed = await armed_for(plan, store.counters, self.spec.id)
        request.faults = [*armed.names, *preferred.faults]
        effects = [*armed.effects, *effects_of(preferred)]
        if preferred.is_replaced or armed.is_replaced:
            if self.spec.body_validator is not None:
                request.content = await request.body.read(self.context.limits)  # the body is neither validated nor used
            wanted = preferred if preferred.is_replaced else armed
            response = self.spec.examples.find(wanted.code, wanted.example)
            request.effects = effects
            return response
        request.effects = effects
        told = [Fallback("handling", "unknown")] if preferred.has_unknown_handling else []
        return await self._handle(request, preferred.profile, await self._planned(plan, armed), told)

    async def _planned(self, plan: Plan, armed: Armed) -> HandlerContext:
        """The planned clock, and the store, or a window to it where updates may be lost."""
        store, timing = self.context.store, plan.timing
        number = await store.counters.next_number(timing.tenant, timing.counter) if timing.is_counted else 0
        writes = Window(store, armed.window) if plan.has_windows else store
        return HandlerContext(store, writes, PlannedClock(timing, number, self.context.clock))

    async def _handle(
        self,
        request: HttpRequest,
        profile: Profile | None,
        context: HandlerContext,
        told: Sequence[Fallback] = (),
    ) -> HttpResponse:
        """Judge what was sent, let the handler do its work, and render what it returns; `told` are fallbacks so far."""
        spec = self.spec
        request.profile = profile or "lenient"
        parameters: dict[str, Any] = {}
        if spec.parameters.are_declared or request.query:
            is_lenient = profile != "strict"
            parameters = spec.parameters.read(request.path_parameters, request.query, ignore_unknown=is_lenient)
            if request.query and is_lenient:
                told = [*told, *(Fallback(f"?{name}", "unknown") for name in spec.parameters.unknown(request.query))]
        body = None if spec.body_validator is None else await self._read(request, profile)
        tenant = request.tenant or ANONYMOUS
        store, writes, clock = context
        handled = Request(store, writes, clock, tenant, body, parameters, options=self.context.options)
        response = await spec.handler(handled)
        return _rendered(response._replace(fallbacks=[*told, *response.fallbacks]) if told else response)

    async def _read(self, request: HttpRequest, profile: Profile | None) -> Any:
        """The body: a JSON object, or the octets of the operation's other media type."""
        alternate = self.spec.alternate_media_type
        is_alternate = alternate is not None and request.error_media_type == alternate
        if not is_alternate:
            check_media_type(request.fields, _IDENTITY_ONLY if alternate is None else GZIP)
        content = request.content = await request.body.read(self.context.limits)
        if alternate is not None:
            content = decoded(content, request.fields, self.context.limits)
        if is_alternate:
            return content
        if len(content) < LARGE:
            return self._parse_and_validate(content, profile)
        async with self.context.large:  # one large body in each turn of the event loop
            body = self._parse_and_validate(content, profile)
            await asyncio.sleep(0)
        return body

    def _parse_and_validate(self, content: bytes, profile: Profile | None) -> Any:
        body = parse_json(content)
        if profile == "strict" and self.spec.body_validator is not None:
            self.spec.body_validator.check(body)
        if not isinstance(body, dict):
            raise BadRequest("The body must be a JSON object", [Detail("", "type", "must be an object")])
        return body


def _rendered(response: Response) -> HttpResponse:
    headers = to_wire(response.headers.items()) if response.headers else []
    if response.fallbacks and (value := header_value(response.fallbacks)):  # an empty list is no header, RFC 9651, 4.1
        headers.append((b"hivestand-fallbacks", value.encode()))
    if response.media_type == JSON:
        return HttpResponse(response.status, headers, response.body)
    return HttpResponse(response.status, headers, response.body, response.media_type.encode())
