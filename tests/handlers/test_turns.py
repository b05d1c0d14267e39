"""Long work gives way to other requests."""

import asyncio
import time
from collections.abc import Iterator
from time import thread_time
from types import SimpleNamespace

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


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For how long work gave way, each time."""
    given: list[float] = []

    async def sleep(seconds: float) -> None:
        given.append(seconds)

    monkeypatch.setattr(turns, "asyncio", SimpleNamespace(sleep=sleep))  # others in this process sleep as well
    return given


async def test_work_rests_after_a_long_step(rests: list[float]) -> None:
    """A request takes several turns, and is not to wait for a long step in each of them."""
    own = Turns()
    busy_until = thread_time() + 2 * turns.LONG_STEP
    while thread_time() < busy_until:
        pass
    await own.give_way()
    assert rests
    assert rests[0] >= 2 * turns.LONG_STEP * turns.REST_SHARE


async def test_work_that_waited_does_not_rest(rests: list[float]) -> None:
    """Others had their turn meanwhile."""
    own = Turns()
    await asyncio.to_thread(time.sleep, 2 * turns.LONG_STEP)
    await own.give_way()
    assert rests == [0]
