"""The operation `exportTraces`: spans of OpenTelemetry become events."""

from skep.handlers.errors import BadRequest
from skep.handlers.request import Answer, Request


async def export_traces(request: Request) -> Answer:
    """Not there yet."""
    raise BadRequest("not there yet")
