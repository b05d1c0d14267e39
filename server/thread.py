"""The server in a thread of another program, such as a test run."""

import asyncio
import threading
from dataclasses import replace
from types import TracebackType
from typing import Self

from hivestand.handlers.store.schemes import store_for
from hivestand.server.app import build
from hivestand.server.http.buffers import Buffers
from hivestand.server.http.server import HttpServer, bind, url_of
from hivestand.server.run import in_a_loop
from hivestand.server.settings import Settings

START_SECONDS = 30


class ServerThread:
    """Serves while the block lasts; `url` is the address. Requests in flight at its end get no response."""

    def __init__(self, settings: Settings) -> None:
        """Listen at once; an unavailable store shows at the first request.

        Raises:
            ValueError: the store cannot be.
            OSError: the address cannot be had.
        """
        self._store = store_for(settings.store, settings.store_options)
        self._listener = bind(settings.host, settings.port)
        self.url = url_of(self._listener)
        self._settings = replace(settings, port=self._listener.getsockname()[1])
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hivestand", daemon=True)

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        if not self._started.wait(START_SECONDS):
            raise RuntimeError("hivestand did not start")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop serving."""
        self._loop.call_soon_threadsafe(self._server.end)
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        in_a_loop(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        buffers = Buffers(self._settings.max_buffered, self._settings.write_timeout)
        self._server = HttpServer(build(self._settings, self._store), self._started.set, self._store.close, buffers)
        await self._server.serve([self._listener])
