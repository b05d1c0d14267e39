"""Long work gives way to other requests."""

import asyncio
from collections.abc import Iterator

import pytest

from hivestand.handlers import turns
from hivestand.handlers.turns import Turns

pytestmark = pytest.mark.anyio


async def counted(work: asyncio.Task[None]) -> int:
    """How many turns another task got until the work was done."""
    count = 0
    while not work.done():
        count += 1
        await asyncio.sleep(0)
    return count


async def loop(times: int) -> None:
    """Work that offers to give way so many times."""
    own = Turns()
    for _ in range(times):
        await own.give_way()


@pytest.fixture(autouse=True)
def _no_minimum(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(turns, "_MIN_SLICE", 0)
    return iter(())


async def test_work_that_has_had_its_turn_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time that it offers to, once its slice is over."""
    monkeypatch.setattr(turns, "SLICE", 0)
    assert await counted(asyncio.ensure_future(loop(20))) >= 20


async def test_short_work_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its slice is not over."""
    monkeypatch.setattr(turns, "SLICE", 60)
    assert await counted(asyncio.ensure_future(loop(20))) <= 3
