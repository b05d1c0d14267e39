"""The application in this process, on the memory store."""

from collections.abc import AsyncIterator

import httpx
import pytest
from asgi import client_of
from support import TOKEN

from hivestand.handlers.store.memory.events import MemoryStore
from hivestand.handlers.store.protocol import StoreOptions
from hivestand.server.app import build
from hivestand.server.settings import Settings


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, with a token."""
    respond = build(Settings(max_body=100_000), MemoryStore(StoreOptions()))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with client_of(respond, base_url="http://localhost", headers=headers) as opened:
        yield opened
