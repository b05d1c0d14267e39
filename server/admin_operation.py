"""One operation of hivestand's own control API, spec: always strict, for the admin or a tenant, without faults."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import Receive, Scope, Send

from hivestand.handlers.clock import Clock
from hivestand.handlers.request import ANONYMOUS, Request
from hivestand.handlers.store.protocol import Store
from hivestand.server.access import AdminAccess
from hivestand.server.exchange import EXCHANGE, Exchange
from hivestand.server.http.body import Limits, check_media_type, parse_json, read_body
from hivestand.server.http.response import Reply, to_wire
from hivestand.server.observers.metrics import Metrics
from hivestand.server.operation import OperationSpec


@dataclass(frozen=True, slots=True)
class ControlContext:
    """What every operation of the control API shares; `settings` is what it tells of them."""

    store: Store
    clock: Clock
    limits: Limits
    access: AdminAccess
    settings: Mapping[str, Any]
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class ControlOperation:
    """An ASGI application that serves one operation of the control API, and leaves the answer in the exchange."""

    spec: OperationSpec
    context: ControlContext

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Serve one request.

        Raises:
            ApiError: the request is refused.
        """
        exchange: Exchange = scope[EXCHANGE]
        headers = dict(scope["headers"])
        access, store = self.context.access, self.context.store
        tenant = ANONYMOUS
        if self.spec.secured:
            access.check(scope["method"], headers)
            tenant = access.authenticate(headers.get(b"authorization"))
        parameters = self.spec.parameters.read(scope.get("path_params", {}), scope["query_string"])
        body = await self._body(exchange, headers, receive)
        if self.spec.secured and not store.plans.is_fresh:
            await store.plans.refresh()
        settings, metrics = self.context.settings, self.context.metrics
        answer = await self.spec.handler(
            Request(store, self.context.clock, tenant, body, parameters, settings, metrics=metrics.text)
        )
        answered = to_wire(answer.headers.items())
        exchange.reply = Reply(answer.status, answered, answer.body, answer.media_type.encode())

    async def _body(self, exchange: Exchange, headers: dict[bytes, bytes], receive: Receive) -> Any:
        if self.spec.strict is None:
            return None
        check_media_type(headers)
        sent = await read_body(headers, receive, self.context.limits, exchange.whole_body)
        if not sent and not self.spec.needs_body:
            return None
        body = parse_json(sent)
        self.spec.strict.check(body)
        return {name: _integral(value) for name, value in body.items()} if isinstance(body, dict) else body


def _integral(value: Any) -> Any:
    """A number without a fraction as an integer, as JSON Schema has it, however it is spelled."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
