"""The operations on reports of `hivestand check`: those in the folder that the server was started with."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import orjson

from hivestand.handlers.errors import Forbidden, NotFound
from hivestand.handlers.request import Request, Response
from hivestand.handlers.store.plans import ALL_TENANTS

MAX_LISTED: Final = 500  # reports, the newest first
MAX_REPORT: Final = 64 * 1024 * 1024  # bytes


async def list_reports(request: Request) -> Response:
    """List the reports, the one that was written last first; none without a folder.

    Raises:
        Forbidden: a tenant asks.
    """
    folder = _folder(request)
    reports: Sequence[Any] = () if folder is None else await asyncio.to_thread(_listed, folder)
    return Response(orjson.dumps({"reports": reports}))


async def get_report(request: Request) -> Response:
    """Return a report as it was written.

    Raises:
        Forbidden: a tenant asks.
        NotFound: there is none of that name.
    """
    folder = _folder(request)
    name: str = request.parameters["name"]
    text = None if folder is None else await asyncio.to_thread(_text, folder / name)
    if text is None:
        raise NotFound("No such report")
    return Response(text)


def _folder(request: Request) -> Path | None:
    if request.tenant is not ALL_TENANTS:
        raise Forbidden("The reports are the admin's")
    named = request.settings.get("reports")
    return None if named is None else Path(named)


def _listed(folder: Path) -> Sequence[Mapping[str, Any]]:
    found = []
    for path in folder.glob("*.json"):
        with suppress(OSError):  # it was removed meanwhile, or is a link to nothing
            found.append((path.stat(), path.name))
    found.sort(key=lambda each: each[0].st_mtime_ns, reverse=True)
    return [
        {"name": name, "time": about.st_mtime_ns // 1_000_000, "size": about.st_size}
        for about, name in found[:MAX_LISTED]
    ]


def _text(path: Path) -> bytes | None:
    """The text of a report; None for what is none."""
    try:
        text = path.read_bytes() if path.stat().st_size <= MAX_REPORT else b""
        orjson.loads(text)
    except (OSError, ValueError):
        return None
    return text
