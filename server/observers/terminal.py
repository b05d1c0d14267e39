"""What a person sees who runs the server in a terminal: where it listens, and a line for each request as it happens.

A thread lays the lines out, a few at a time with a pause between, so that any number of requests costs the server next
to nothing; those that it has no time for are counted.
"""

import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson
from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from hivestand.openapi import load
from hivestand.server.http.request import ADMIN, HttpRequest
from hivestand.server.http.response import UNWRITTEN, HttpResponse
from hivestand.server.stderr import LineWriter, printable

LINES_AT_ONCE: Final = 40
PAUSE: Final = 0.2  # seconds between two writes
MAX_PATH: Final = 60  # characters of a path that are shown
MAX_TOLD: Final = 100  # likewise of fallbacks, and of a violation
TENANT: Final = 8  # characters of a tenant's digest
STYLES: Final = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}  # by the first digit of a status
_DIM: Final = Style.parse("dim")
_PLAIN: Final = Style.null()
_FAULT: Final = Style.parse("magenta")
_FALLBACK: Final = Style.parse("cyan")
_WRONG: Final = Style.parse("bold red")


class Seen(NamedTuple):
    """A request and its response as far as they are shown.

    Attributes:
        time: when the request came, Unix milliseconds.
        method: the HTTP method.
        path: without the query.
        operation: the operationId, None if the path is unknown.
        status: None if the connection was closed or reset instead.
        duration: milliseconds.
        tenant: the digest, empty if there is none.
        fallbacks: the value of Hivestand-Fallbacks.
        faults: the names of the faults that were applied.
        refusal: the body of a 400, otherwise empty.
    """

    time: int
    method: str
    path: str
    operation: str | None
    status: int | None
    duration: float
    tenant: str
    fallbacks: bytes
    faults: Iterable[str]
    refusal: bytes


class Terminal:
    """Shows each request on a terminal."""

    def __init__(self, console: Console, descriptor: int = 1) -> None:
        """Write to the descriptor, with the colours that the console can show."""
        self._console = console
        self._has_colours = console.color_system is not None
        self._lines: LineWriter[Seen] = LineWriter(
            descriptor, self._line, most=LINES_AT_ONCE, pause=PAUSE, told="… and {} more requests\n"
        )

    def announce(self, url: str, store: str) -> None:
        """Say where the server listens, what it serves, and where to look."""
        paths = [
            f"{method.upper():<4} {path}"
            for path, methods in load("honeyhive")["paths"].items()
            for method in methods
            if method in {"get", "post", "put"}
        ]
        operations = Table.grid(padding=(0, 3))
        half = (len(paths) + 1) // 2
        for left, right in zip(paths[:half], [*paths[half:], ""], strict=False):
            operations.add_row(Text(left), Text(right))
        show = self._console.print
        show(Text.assemble("hivestand is listening on ", (url, "bold green"), f", store {store}"))
        show(Text.assemble("console    ", (f"{url}{ADMIN}/", "cyan")))
        show(Text.assemble("documents  ", (f"{url}{ADMIN}/docs", "cyan")))
        show(operations, style="dim")
        show(Text("Control-C ends it. Requests as they happen:", "dim"))

    def __call__(self, request: HttpRequest, response: HttpResponse) -> None:
        """Show a request soon."""
        if self._lines.is_full:
            self._lines.dropped += 1
            return
        fallbacks = b""
        for name, value in response.headers:
            if name == b"hivestand-fallbacks":
                fallbacks = value
        self._lines.write(
            Seen(
                request.received_at,
                request.method,
                request.path,
                request.operation,
                None if response.ending in UNWRITTEN else response.status,
                request.duration,
                request.tenant.digest if request.tenant else "",
                fallbacks,
                request.faults,
                response.body if response.status == 400 else b"",  # noqa: PLR2004 - as RFC 9110 has it
            )
        )

    def close(self) -> None:
        """Wait a moment for the lines that are left."""
        self._lines.close()

    def _line(self, seen: Seen) -> str:
        time = datetime.fromtimestamp(seen.time / 1000).astimezone().strftime("%H:%M:%S.%f")[:-3]
        path = printable(seen.path) if len(seen.path) <= MAX_PATH else f"{printable(seen.path[:MAX_PATH])}…"
        status = "---" if seen.status is None else str(seen.status)
        parts = [
            (time, _DIM),
            (f"{seen.method:<4} {path}", _PLAIN),
            (seen.operation or "not mocked", _DIM),
            (status, Style.parse(STYLES.get((seen.status or 0) // 100, "magenta"))),
            (f"{seen.duration:.1f} ms", _DIM),
            (seen.tenant[:TENANT] or "no token", _DIM),
        ]
        if seen.fallbacks:
            parts.append((_cut(seen.fallbacks.decode("latin-1")), _FALLBACK))
        if violation := _violation(seen.refusal):
            parts.append((_cut(violation), _WRONG))
        parts += ((printable(name), _FAULT) for name in seen.faults)
        shown = (style.render(text) if self._has_colours else text for text, style in parts)
        return "  ".join(shown) + "\n"


def terminal_console() -> Console:
    """Standard output, with the colours that it can show."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=True)


def _violation(body: bytes) -> str:
    """The first violation that a refusal names."""
    try:
        refusal: Any = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        return ""
    detail = next(iter(refusal.get("details") or ()), None)
    if detail is None:
        return str(refusal.get("message", ""))
    return f"{detail.get('pointer', '')} {detail.get('message', '')}".strip()


def _cut(text: str) -> str:
    return printable(text if len(text) <= MAX_TOLD else f"{text[:MAX_TOLD]}…").replace("\n", " ")
