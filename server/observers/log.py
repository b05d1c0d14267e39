"""One line of log for each request, for people or for programs."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from hivestand.server.exchange import Exchange
from hivestand.server.http.response import Reply

LogFormat = Literal["text", "json"]


class RequestLog:
    """Writes to standard error, before the answer is sent; the tenant is named by its digest, never by its token."""

    def __init__(self, form: LogFormat) -> None:
        """Write in this form."""
        self._line = _json if form == "json" else _text

    def __call__(self, exchange: Exchange, reply: Reply) -> None:
        """Write the line of a request."""
        sys.stderr.write(self._line(_fields(exchange, reply)))
        sys.stderr.flush()


def _fields(exchange: Exchange, reply: Reply) -> Mapping[str, Any]:
    at = datetime.fromtimestamp(exchange.time / 1000, UTC)
    is_answered = reply.ending is None or reply.ending == "truncate"
    return {
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "method": exchange.method,
        "path": exchange.path,
        "operation": exchange.operation,
        "status": reply.status if is_answered else None,
        "duration": exchange.duration,
        "tenant": exchange.tenant.digest if exchange.tenant else None,
        "faults": exchange.faults,
    }


def _json(fields: Mapping[str, Any]) -> str:
    return orjson.dumps(fields).decode() + "\n"


def _text(fields: Mapping[str, Any]) -> str:
    """Fields parted by spaces, `-` where there is none; whatever could break the line is escaped."""
    shown = {
        **fields,
        "path": fields["path"].encode("unicode_escape").decode().replace(" ", "\\x20"),
        "duration": f"{fields['duration']}ms",
        "faults": ",".join(fields["faults"]).replace(" ", ""),
    }
    return " ".join(str(value) if value not in {None, ""} else "-" for value in shown.values()) + "\n"
