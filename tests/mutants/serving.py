"""Serve the application in this process, with whatever defect it has."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate

from uvicorn.server import ServerState

from hivestand.handlers.store.memory.events import MemoryStore
from hivestand.handlers.store.protocol import StoreOptions
from hivestand.server import app as application
from hivestand.server.http.buffers import Buffers
from hivestand.server.http.protocol import HttpProtocol, Respond
from hivestand.server.settings import Settings


@contextmanager
def serving() -> Iterator[str]:
    """A new application on a new store, on a free port of loopback, in a thread with a loop of its own; its URL."""
    respond = application.build(Settings(), MemoryStore(StoreOptions()))  # looked up now, as it may be patched
    loop = asyncio.new_event_loop()
    ending = asyncio.Event()
    started = threading.Event()
    addresses: list[tuple[str, int]] = []
    thread = threading.Thread(target=loop.run_until_complete, args=(_serve(respond, ending, started, addresses),))
    thread.start()
    try:
        if not started.wait(10):
            raise TimeoutError("the server did not start")
        yield "http://{}:{}".format(*addresses[0])
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _serve(
    respond: Respond, ending: asyncio.Event, started: threading.Event, addresses: list[tuple[str, int]]
) -> None:
    state, buffers, loop = ServerState(), Buffers(2**28, 30), asyncio.get_running_loop()
    async with await loop.create_server(lambda: HttpProtocol(respond, state, buffers, loop), "127.0.0.1", 0) as server:
        addresses.append(server.sockets[0].getsockname())
        started.set()
        while not ending.is_set():
            state.default_headers = [(b"date", formatdate(usegmt=True).encode())]  # as uvicorn's server does
            with suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), 1)
    for connection in list(state.connections):
        connection.shutdown()
    if tasks := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(tasks, timeout=5)
    while state.connections:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.001)
