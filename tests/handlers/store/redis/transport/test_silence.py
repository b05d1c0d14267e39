"""Tests of the wait for a server's replies."""

import asyncio
import time

import pytest

from hivestand.handlers.store.redis.transport.silence import CHECKS, SilenceTimeout

pytestmark = pytest.mark.anyio
TIMEOUT = 0.4  # seconds


async def test_silence_ends_it() -> None:
    """No reply at all is a time-out."""
    with pytest.raises(TimeoutError):
        async with SilenceTimeout(TIMEOUT):
            await asyncio.sleep(60)


async def test_replies_renew_it() -> None:
    """However long all of them take, if none of them takes long."""
    async with SilenceTimeout(TIMEOUT) as patience:
        for _ in range(3 * CHECKS):
            await asyncio.sleep(0.04)
            patience.hear()


async def test_slow_replies_do_not_renew_it_for_ever() -> None:
    """Each comes in time, all of them do not."""
    heard: list[None] = []

    async def wait() -> None:
        async with SilenceTimeout(TIMEOUT) as patience:
            while True:
                await asyncio.sleep(TIMEOUT / 2)
                patience.hear()
                heard.append(None)

    with pytest.raises(TimeoutError):
        await wait()
    assert 1 <= len(heard) <= 4


async def test_what_this_process_does_is_not_silence() -> None:
    """A process that could not look has not found anything silent."""
    reply = asyncio.get_running_loop().create_future()
    async with SilenceTimeout(TIMEOUT) as patience:
        asyncio.get_running_loop().call_soon(time.sleep, 2 * TIMEOUT)
        asyncio.get_running_loop().call_later(TIMEOUT, reply.set_result, None)
        await reply
        patience.hear()


async def test_a_wait_that_is_over_is_over() -> None:
    """Nobody is cancelled afterwards."""
    async with SilenceTimeout(TIMEOUT):
        pass
    await asyncio.sleep(2 * TIMEOUT)


async def test_a_cancellation_is_no_time_out() -> None:
    """Whoever cancels the task is told so."""
    began = asyncio.Event()

    async def wait() -> None:
        async with SilenceTimeout(TIMEOUT):
            began.set()
            await asyncio.sleep(60)

    task = asyncio.ensure_future(wait())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
