"""The connections to Redis: what is sent, how often, who is given which reply, and how long silence lasts."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from support import free_port

from hivestand.handlers.store.redis.transport.connection import (
    CHECKS,
    NotSent,
    PipelinedConnection,
    Server,
    SilenceTimeout,
    server_at,
)

pytestmark = pytest.mark.anyio
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[str]:
    """A server that talks to each connection as it is told, once that has introduced itself; gives its URL."""
    talks: list[asyncio.Task[None]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        introduction = b""
        while introduction.count(b"SETINFO") < 2 or not introduction.endswith(b"\r\n"):
            introduction += await reader.read(1000)
        writer.write(b"+OK\r\n" * 2)
        talks.append(asyncio.ensure_future(talk(reader, writer)))
        await asyncio.wait(talks[-1:])
        writer.close()
        with contextlib.suppress(OSError):  # the other side may have dropped it
            await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}?protocol=2"
        for each in talks:
            each.cancel()
        await asyncio.sleep(0.05)


def line_of(server: Server) -> PipelinedConnection:
    """The line for what is small."""
    return server._small  # noqa: SLF001 - a line is made with its server


async def test_calls_of_one_turn_travel_together_and_each_has_its_reply(redis_url: str) -> None:
    """What Redis refuses is given to its own call alone."""
    server = server_at(redis_url, 2, 0)
    commands: list[tuple[Any, ...]] = [("ECHO", str(number)) for number in range(100)]
    commands[50] = ("NO", "SUCH", "COMMAND")
    replies = await asyncio.gather(*(server.call("", command) for command in commands), return_exceptions=True)
    assert isinstance(replies.pop(50), ResponseError)
    assert [b"%d" % number for number in range(100) if number != 50] == replies
    await server.close()


async def test_commands_that_stay_together_have_one_reply(redis_url: str) -> None:
    """That to the last of them."""
    server = server_at(redis_url, 2, 0)
    calls = [server.call("", ("ECHO", "a"), ("ECHO", f"b{number}")) for number in range(3)]
    assert [b"b0", b"b1", b"b2"] == await asyncio.gather(*calls)
    await server.close()


async def test_what_has_no_connection_was_not_sent() -> None:
    """And may be tried again."""
    server = server_at(f"redis://127.0.0.1:{free_port()}", 2, 0)
    with pytest.raises(NotSent):
        await server.call("", ("PING",))
    await server.close()


async def test_a_call_is_sent_once() -> None:
    """Redis may have done what it did not get to answer; whoever sent it knows whether to repeat it."""
    received: list[bytes] = []

    async def hang_up(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(1000))

    async with talking(hang_up) as url:
        server = server_at(url, 2, 0)
        with pytest.raises(RedisConnectionError) as caught:
            await server.call("", ("INCR", "a"))
        assert not isinstance(caught.value, NotSent)
        assert len(received) == 1
        await server.close()


async def test_what_is_given_up_is_not_delivered_later() -> None:
    """The connection is reset, so that the system does not go on sending what newer calls may have overtaken."""
    ends: list[BaseException | bytes] = []

    async def listen_only(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        try:
            ends.append(await reader.read(1000))
        except OSError as error:
            ends.append(error)

    async with talking(listen_only) as url:
        server = server_at(url, 0.3, 0)
        with pytest.raises(RedisConnectionError):
            await server.call("", ("INCR", "a"))
        await asyncio.sleep(0.1)
        await server.close()
    assert [ConnectionResetError] == [type(end) for end in ends]


async def test_a_connection_that_was_closed_meanwhile_costs_nothing(redis_url: str, redis_client: redis.Redis) -> None:
    """What was never sent is sent down a new one."""
    server = server_at(redis_url, 2, 0)
    for _ in range(3):
        assert b"a" == await server.call("", ("ECHO", "a"))
        redis_client.client_kill_filter(_type="normal", skipme=True)
    await server.close()


async def test_a_reply_is_given_as_soon_as_it_is_there() -> None:
    """A pipeline that breaks off costs those that were not answered."""

    async def answer_two(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"+one\r\n+two\r\n")
        await writer.drain()
        await asyncio.sleep(60)

    async with talking(answer_two) as url:
        server = server_at(url, 1, 0)
        calls = [asyncio.ensure_future(server.call("", ("PING",))) for _ in range(3)]
        assert [b"one", b"two"] == [await calls[0], await calls[1]]
        assert not calls[2].done()
        with pytest.raises(RedisConnectionError, match="in time"):
            await calls[2]
        await server.close()


@pytest.mark.parametrize(("count", "pause", "returned"), [(150, 0.01, 150), (10, 0.8, 2)])
async def test_a_redis_that_is_heard_of_has_time(count: int, pause: float, returned: int) -> None:
    """Many calls at once are answered by a busy one, however long all of them take; a slow one is as good as silent."""

    async def answer_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10_000)
        for _ in range(count):
            await asyncio.sleep(pause)
            writer.write(b"+OK\r\n")

    async with talking(answer_slowly) as url:
        server = server_at(url, 1.2, 0)
        calls = (server.call("", ("PING",)) for _ in range(count))
        replies = await asyncio.gather(*calls, return_exceptions=True)
        assert returned == replies.count(b"OK")
        await server.close()


async def test_nonsense_is_forgotten_with_its_connection(redis_url: str) -> None:
    """A reply that is none costs the calls that travelled with it; the next ones have a new connection."""
    server = server_at(redis_url, 2, 0)
    assert b"a" == await server.call("", ("ECHO", "a"))
    connection: Any = line_of(server)._connection  # noqa: SLF001 - a real Redis talks none, so it is put in its mouth
    connection._parser._reader.feed(b"nonsense\r\n")  # noqa: SLF001
    with pytest.raises(RedisConnectionError):
        await server.call("", ("ECHO", "b"))
    assert b"c" == await server.call("", ("ECHO", "c"))
    await server.close()


@pytest.mark.parametrize(("write", "waits"), [(True, 1), (False, 0)])
async def test_replicas_are_waited_for_where_something_was_written(
    redis_url: str, redis_client: redis.Redis, *, write: bool, waits: int
) -> None:
    """Once for a pipeline, down the connection that wrote."""
    server = server_at(redis_url, 0.5, 1)
    redis_client.config_resetstat()
    await asyncio.gather(*(server.call("", ("SET", "a", "b"), write=write) for _ in range(9)), return_exceptions=True)
    assert waits == redis_client.info("commandstats").get("cmdstat_wait", {"calls": 0})["calls"]
    await server.close()


SILENCE_SECONDS = 0.4


async def test_silence_ends_it() -> None:
    """No reply at all is a time-out."""
    with pytest.raises(TimeoutError):
        async with SilenceTimeout(SILENCE_SECONDS):
            await asyncio.sleep(60)


async def test_replies_renew_it() -> None:
    """However long all of them take, if none of them takes long."""
    async with SilenceTimeout(SILENCE_SECONDS) as silence:
        for _ in range(3 * CHECKS):
            await asyncio.sleep(0.04)
            silence.hear()


async def test_slow_replies_do_not_renew_it_for_ever() -> None:
    """Each comes in time, all of them do not."""
    heard: list[None] = []

    async def wait() -> None:
        async with SilenceTimeout(SILENCE_SECONDS) as silence:
            while True:
                await asyncio.sleep(SILENCE_SECONDS / 2)
                silence.hear()
                heard.append(None)

    with pytest.raises(TimeoutError):
        await wait()
    assert 1 <= len(heard) <= 4


async def test_what_this_process_does_is_not_silence() -> None:
    """A process that could not look has not found anything silent."""
    reply = asyncio.get_running_loop().create_future()
    async with SilenceTimeout(SILENCE_SECONDS) as silence:
        asyncio.get_running_loop().call_soon(time.sleep, 2 * SILENCE_SECONDS)
        asyncio.get_running_loop().call_later(SILENCE_SECONDS, reply.set_result, None)
        await reply
        silence.hear()


async def test_a_wait_that_is_over_is_over() -> None:
    """Nobody is cancelled afterwards."""
    async with SilenceTimeout(SILENCE_SECONDS):
        pass
    await asyncio.sleep(2 * SILENCE_SECONDS)


async def test_a_cancellation_is_no_time_out() -> None:
    """Whoever cancels the task is told so."""
    began = asyncio.Event()

    async def wait() -> None:
        async with SilenceTimeout(SILENCE_SECONDS):
            began.set()
            await asyncio.sleep(60)

    task = asyncio.ensure_future(wait())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
