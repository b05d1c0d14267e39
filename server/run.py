"""Run the server in this process: open the store, listen, serve, close."""

import asyncio
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

from skep.handlers.errors import StoreUnavailable
from skep.handlers.store import Store, store_for
from skep.server.app import build
from skep.server.http_server import bind, serve
from skep.server.settings import Settings


class StartError(Exception):
    """Something that the server needs cannot be had; the message is one line."""


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        StartError: the store or the address cannot be had.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_run(settings))


async def _run(settings: Settings) -> None:
    store = store_for(settings.store)
    try:
        await _open(store, settings.store)
        await _listen(settings, store)
    finally:
        await store.close()


async def _open(store: Store, url: str) -> None:
    try:
        await store.open()
    except StoreUnavailable as error:
        reason = " ".join(str(error.__cause__ or error).split())
        parts = urlsplit(url)
        place = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()  # without its password
        msg = f"the store {place} is not available: {reason}"
        raise StartError(msg) from error


async def _listen(settings: Settings, store: Store) -> None:
    try:
        listener = bind(settings.host, settings.port)
    except (OSError, UnicodeError) as error:  # the latter for what cannot be a host's name
        msg = f"cannot listen on {settings.host}:{settings.port}: {getattr(error, 'strerror', None) or error}"
        raise StartError(msg) from error
    with listener:
        await serve(build(settings, store), listener)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Where there is one, uvloop, which is everywhere but on Windows."""
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - not installed on Windows

    return uvloop.new_event_loop
