"""One log line for each request, as text or JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from hivestand.server.http.request import HttpRequest
from hivestand.server.http.response import UNWRITTEN, HttpResponse
from hivestand.server.stderr import LineWriter

LogFormat = Literal["text", "json"]


class RequestLog:
    """Writes a line to standard error; tenants appear by digest, never by token."""

    def __init__(self, form: LogFormat, writer: LineWriter[str]) -> None:
        """Write lines in this form."""
        self._line = _json if form == "json" else _text
        self._writer = writer

    def __call__(self, request: HttpRequest, response: HttpResponse) -> None:
        """Write the line of a request."""
        self._writer.write(self._line(_fields(request, response)))


def _fields(request: HttpRequest, response: HttpResponse) -> Mapping[str, Any]:
    at = datetime.fromtimestamp(request.received_at / 1000, UTC)
    return {
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "method": request.method,
        "path": request.path,
        "operation": request.operation,
        "status": None if response.ending in UNWRITTEN else response.status,
        "duration": request.duration,
        "tenant": request.tenant.digest if request.tenant else None,
        "faults": request.faults,
    }


def _json(fields: Mapping[str, Any]) -> str:
    return orjson.dumps(fields).decode() + "\n"


def _text(fields: Mapping[str, Any]) -> str:
    """The fields separated by spaces, `-` for none; anything that could break the line is escaped."""
    shown = {
        **fields,
        "path": fields["path"].encode("unicode_escape").decode().replace(" ", "\\x20"),
        "duration": f"{fields['duration']}ms",
        "faults": ",".join(fields["faults"]).replace(" ", ""),
    }
    return " ".join(str(value) if value not in {None, ""} else "-" for value in shown.values()) + "\n"
