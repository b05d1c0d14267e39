"""The operation `getMapping`: what became of the attributes of the span that an event was."""

import gzip
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from io import BytesIO
from typing import Any, Final

import orjson

from hivestand.handlers.admin.scope import tenants_in_scope
from hivestand.handlers.errors import BadRequest, Detail, NotFound
from hivestand.handlers.event.encoding import current, loads
from hivestand.handlers.otlp.decoding import Span, read_json, read_protobuf
from hivestand.handlers.otlp.explanation import explained
from hivestand.handlers.request import Request, Response
from hivestand.handlers.store.journal import JournalEntry, read_head, unpack
from hivestand.handlers.tenant import Tenant
from hivestand.handlers.turns import Turns

TRACES: Final = frozenset({"exportTraces", "exportTracesNextjs"})
MAX_INFLATED: Final = 16 * 1024 * 1024  # bytes of a body of the journal after gzip
_AT_ONCE: Final = 50


async def get_mapping(request: Request) -> Response:
    """Return where each attribute of an event's span went, from the request in the journal that brought it.

    Raises:
        NotFound: there is no such event, it was no span, or the journal has no whole request with it.
    """
    event_id = request.parameters["event_id"].lower()
    for tenant in await tenants_in_scope(request):
        event = await request.store.read(tenant, event_id)
        if event is None:
            continue
        metadata = loads(current(event))["metadata"]
        if not {"trace_id", "span_id", "has_otlp_lineage"} <= metadata.keys():
            raise NotFound("This event was no span")
        place = metadata["trace_id"], metadata["span_id"]
        async for spans in _exports(request, tenant):
            for span, explanation in zip(spans, explained(spans), strict=True):
                if (span.trace_id, span.span_id) == place:
                    return Response(orjson.dumps({"tenant": tenant.digest, **explanation}))
        message = "the journal has no whole request with this span; it keeps the first 64 KiB of each of the newest"
        raise NotFound("The span is not in the journal", [Detail("", "journal", message)])
    raise NotFound("No such event")


async def _exports(request: Request, tenant: Tenant) -> AsyncIterator[list[Span]]:
    """The spans of each request in the tenant's journal that exported any, the newest first."""
    await request.store.barrier.settle()
    before = None
    turns = Turns()
    while entries := await request.store.journal.newest(tenant, before, _AT_ONCE):
        for entry in entries:
            if read_head(entry.packed).operation in TRACES:
                spans = _spans_of(unpack(entry.packed))
                if spans:
                    yield spans
            await turns.give_way()
        before = entries[-1].id


def _spans_of(entry: JournalEntry) -> list[Span]:
    """The spans of an entry; none where its body was cut, or could not be read."""
    if entry.request_size > len(entry.request_body):
        return []
    headers = {name.lower(): value for name, value in entry.request_headers}
    with suppress(BadRequest, OSError, EOFError, ValueError, zlib.error):
        body = entry.request_body
        if headers.get(b"content-encoding", b"").endswith(b"gzip"):
            body = gzip.GzipFile(fileobj=BytesIO(body)).read(MAX_INFLATED)
        if b"protobuf" in headers.get(b"content-type", b""):
            return list(read_protobuf(body, []))
        sent: Any = loads(body)
        return list(read_json(sent, [])) if isinstance(sent, dict) else []
    return []
