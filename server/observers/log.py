"""One log line for each request, as text or JSON."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from hivestand.server.http.request import HttpRequest
from hivestand.server.http.response import UNWRITTEN, HttpResponse

LogFormat = Literal["text", "json"]


class RequestLog:
    """Writes to standard error before the response is sent; tenants appear by digest, never by token."""

    def __init__(self, form: LogFormat) -> None:
        """Write lines in this form."""
        self._line = _json if form == "json" else _text

    def __call__(self, request: HttpRequest, response: HttpResponse) -> None:
        """Write the line of a request."""
        sys.stderr.write(self._line(_fields(request, response)))
        sys.stderr.flush()


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
