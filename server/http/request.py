"""One request: what came on the wire, and what became known of it while it was served."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hivestand.handlers.tenant import Tenant
from hivestand.server.http.body import IncomingBody
from hivestand.server.http.response import HttpResponse

ADMIN = "/__admin"  # where the admin API is


@dataclass(slots=True, eq=False)
class HttpRequest:
    """A request from its head to its response.

    The fields up to `started` are what came on the wire and never change. The others are filled in while the request is
    served, so that observers know them even of a request that was refused half-way.

    Attributes:
        method: in upper case, as it was sent.
        path: percent-decoded, without the query.
        query: as it was sent, without the question mark.
        headers: names in lower case, in the order in which they came.
        fields: the same by name; of a name that came twice, the last value.
        body: the body as it arrives.
        received_at: when the head was complete, Unix milliseconds.
        started: the same on the clock of `time.perf_counter`, seconds.
        path_parameters: the parameters in the path, as the route converted them.
        operation: the operationId, None until the request is routed to an operation of the API.
        tenant: who asks, None until that is authenticated.
        profile: `lenient` or `strict`, None until the body is to be judged.
        content: the body once it was read, as it was sent.
        effects: what faults and preferences do to the response, in order.
        faults: the names of those.
        error_media_type: the media type in which an error is rendered, None for JSON.
        duration: milliseconds from `started` until the response is on its way, any planned delay included.
    """

    method: str
    path: str
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    fields: Mapping[bytes, bytes]
    body: IncomingBody
    received_at: int
    started: float
    path_parameters: Mapping[str, Any] = field(default_factory=dict)
    operation: str | None = None
    tenant: Tenant | None = None
    profile: str | None = None
    content: bytes = b""
    effects: Sequence[Callable[[HttpResponse], HttpResponse]] = ()
    faults: Sequence[str] = ()
    error_media_type: bytes | None = None
    duration: float = 0.0
