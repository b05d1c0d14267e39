"""One operation of the admin API, compiled: always strict, for the admin or a tenant, without faults."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hivestand.handlers.clock import Clock
from hivestand.handlers.request import ANONYMOUS, Request
from hivestand.handlers.store.protocol import Store
from hivestand.server.access import AdminAccess
from hivestand.server.http.body import Limits, check_media_type, parse_json
from hivestand.server.http.request import HttpRequest
from hivestand.server.http.response import HttpResponse, to_wire
from hivestand.server.observers.metrics import Metrics
from hivestand.server.operation import OperationSpec


@dataclass(frozen=True, slots=True)
class AdminContext:
    """What every operation of the admin API shares.

    Attributes:
        store: where events, journals and plans are.
        clock: the system's time and ids.
        limits: how much of a body is read, and for how long.
        access: who may ask.
        settings: what the server runs with, as `getSettings` returns it.
        metrics: the counts of requests.
    """

    store: Store
    clock: Clock
    limits: Limits
    access: AdminAccess
    settings: Mapping[str, Any]
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class AdminOperation:
    """Serves one operation of the admin API."""

    spec: OperationSpec
    context: AdminContext

    async def serve(self, request: HttpRequest) -> HttpResponse:
        """The response to a request.

        Raises:
            ApiError: the request is refused.
            ClientDisconnected: the client went away before all of the body came.
        """
        access, store, clock = self.context.access, self.context.store, self.context.clock
        tenant = ANONYMOUS
        if self.spec.is_secured:
            access.check(request.method, request.fields)
            tenant = access.authenticate(request.fields.get(b"authorization"))
        parameters = self.spec.parameters.read(request.path_parameters, request.query)
        body = await self._read(request)
        response = await self.spec.handler(
            Request(
                store, store, clock, tenant, body, parameters, self.context.settings, metrics=self.context.metrics.text
            )
        )
        headers = to_wire(response.headers.items())
        media_type = response.media_type.encode()
        return HttpResponse(response.status, headers, response.body, media_type, stream=response.stream)

    async def _read(self, request: HttpRequest) -> Any:
        """The body as parsed JSON that keeps its schema; None where there is none and none is needed."""
        if self.spec.body_validator is None:
            return None
        check_media_type(request.fields)
        content = request.content = await request.body.read(self.context.limits)
        if not content and not self.spec.needs_body:
            return None
        body = parse_json(content)
        self.spec.body_validator.check(body)
        return {name: _integral(value) for name, value in body.items()} if isinstance(body, dict) else body


def _integral(value: Any) -> Any:
    """A number without a fraction as an integer, as JSON Schema has it, however it is spelled."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
