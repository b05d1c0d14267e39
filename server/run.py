"""Run the server: check the store, listen, serve in this process or in workers."""

import asyncio
import ctypes
import logging
import secrets
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hivestand.handlers.errors import StoreUnavailable
from hivestand.handlers.store.schemes import store_for
from hivestand.openapi.formats import is_loopback
from hivestand.server.app import build
from hivestand.server.collector import look_once
from hivestand.server.http.buffers import Buffers
from hivestand.server.http.server import HttpServer, bind, url_of
from hivestand.server.settings import Settings, place_of
from hivestand.server.stderr import STDERR, LogHandler, say
from hivestand.server.workers import Workers

if TYPE_CHECKING:
    from hivestand.server.observers.terminal import Terminal

T = TypeVar("T")
_M_MMAP_THRESHOLD: Final = -3  # the parameter's number in malloc.h


class StartError(Exception):
    """Something that the server needs cannot be had; the message is one line."""


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        StartError: the store or the address cannot be had.
    """
    _return_large_blocks()
    logging.disable()  # what is wrong now ends the start, in one line
    warnings = in_a_loop(_check(settings))
    logging.disable(logging.NOTSET)
    logging.getLogger().addHandler(LogHandler(STDERR))
    for warning in warnings:
        say(f"warning: {warning}")
    with _listener(settings) as listener, _shared_folder(settings) as folder:
        settings = _with_admin(settings)
        store = store_for(settings.store, settings.store_options)
        terminal = _terminal(settings)
        respond = build(settings, store, folder, terminal)
        look_once()  # workers keep sharing the pages of what is loaded

        def ready() -> None:
            with suppress(OSError):  # standard output may be a disk that is full
                if terminal is not None:
                    terminal.announce(url_of(listener), place_of(settings.store))
                    return
                print(f"hivestand is listening on {url_of(listener)}", flush=True)  # noqa: T201 - scripts wait for it

        def work(lifeline: int | None, ready: Callable[[], None]) -> None:
            buffers = Buffers(settings.max_buffered, settings.write_timeout)
            in_a_loop(HttpServer(respond, ready, store.close, buffers, lifeline).serve([listener]))

        if settings.workers > 1:
            Workers(settings.workers, work, listener.close).run(ready)
        else:
            work(None, ready)
        if terminal is not None:
            terminal.close()
    STDERR.close()


def _terminal(settings: Settings) -> "Terminal | None":
    """What shows requests to a person; None where standard output is no terminal, or that is not wanted."""
    if settings.log_format is not None or not sys.stdout.isatty():
        return None
    from hivestand.server.observers.terminal import Terminal, terminal_console  # noqa: PLC0415 - rich takes its time

    return Terminal(terminal_console())


def _return_large_blocks() -> None:
    """Have glibc give large blocks back to the system when they are freed; by default it soon keeps them."""
    with suppress(OSError, AttributeError, TypeError):  # another C library, or another system
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 256 * 1024)


@contextmanager
def _shared_folder(settings: Settings) -> Iterator[Path | None]:
    """The folder in which workers share their metrics; None for one process, and where no folder can be written."""
    if settings.workers == 1:
        yield None
        return
    for place in (None, "/dev/shm"):  # noqa: S108 - where the root file system is read-only
        try:
            folder = TemporaryDirectory(prefix="hivestand-", dir=place, ignore_cleanup_errors=True)
        except OSError:
            continue
        with folder as path:
            yield Path(path)
        return
    say("no folder for temporary files can be written: each worker reports its own metrics alone")
    yield None


async def _check(settings: Settings) -> Sequence[str]:
    """Warnings of what could lose data, from a store that can be used."""
    store = store_for(settings.store, settings.store_options)
    try:
        return await store.check()
    except StoreUnavailable as error:
        msg = f"the store {place_of(settings.store)} is not available: {error.reason}"
        raise StartError(msg) from error
    finally:
        await store.close()


def _with_admin(settings: Settings) -> Settings:
    """The settings with an admin token; one is generated if other machines could be the admin without."""
    if settings.admin_token or is_loopback(settings.host):
        return settings
    token = secrets.token_urlsafe(24)
    say(f"other machines can reach the admin API; its admin token is {token}")
    return replace(settings, admin_token=token)


def _listener(settings: Settings) -> socket.socket:
    try:
        return bind(settings.host, settings.port)
    except (OSError, UnicodeError) as error:  # UnicodeError: the text cannot be a host name
        msg = f"cannot listen on {settings.host}:{settings.port}: {getattr(error, 'strerror', None) or error}"
        raise StartError(msg) from error


def in_a_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in an event loop of its own, the fastest available."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(work)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The factory of uvloop's event loop; None on Windows, where there is no uvloop."""
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - not installed on Windows

    return uvloop.new_event_loop
