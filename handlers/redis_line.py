"""One connection to Redis, down which the calls of many requests travel as pipelines.

A call is sent at most once. Redis may have done what it did not get to answer, and to do it again could undo what
others wrote in between. A call that cannot have been done says so (`NotSent`), and may be made again, here or
elsewhere.
"""

import asyncio
import select
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from redis.asyncio.connection import AbstractConnection as Connection
from redis.exceptions import BusyLoadingError, ReadOnlyError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

PIPELINE: Final = 1024 * 1024  # bytes of what clients sent that travel in one pipeline
PATIENCE: Final = 0.9  # of the time for a call, how much replicas have to acknowledge it

Command = tuple[Any, ...]


class NotSent(RedisConnectionError):
    """There is no connection, so the call was not done and will not be."""


class NotReplicated(RedisError):
    """The write was done, but fewer replicas than asked for have it."""


class Call(NamedTuple):
    """Commands that stay together, the reply to the last of which is the call's; `size` is the client's part, bytes.

    `deadline` is a time of the event loop, after which nobody waits for the reply.
    """

    commands: Sequence[Command]
    size: int
    write: bool
    deadline: float
    reply: asyncio.Future[Any]


class Line:
    """A connection, made when it is needed, and the calls that wait for it.

    Calls of one event-loop turn travel as one pipeline, as do those that come while it is on its way. One that Redis
    refuses fails alone. If the connection fails, so do the calls that are on their way.
    """

    def __init__(self, connect: Callable[[], Connection], timeout: float, wait: int = 0) -> None:
        """Connect later; a call is answered within `timeout` seconds, a write when `wait` replicas have it."""
        self._connect = connect
        self._timeout = timeout
        self._wait = wait
        self._connection: Connection | None = None
        self._waiting: deque[Call] = deque()
        self._unanswered: deque[Call] = deque()
        self._alarm: asyncio.TimerHandle | None = None
        self._travelling: asyncio.Task[None] | None = None

    async def call(self, *commands: Command, size: int = 0, write: bool = False) -> Any:
        """The reply to the last of the commands.

        Raises:
            RedisError: Redis refused it, could not be reached, or did not answer in time.
        """
        loop = asyncio.get_running_loop()
        call = Call(commands, size, write, loop.time() + self._timeout, loop.create_future())
        self._waiting.append(call)
        self._unanswered.append(call)
        if self._alarm is None:
            self._alarm = loop.call_at(call.deadline, self._give_up)
        if self._travelling is None:
            self._travelling = loop.create_task(self._travel())
        return await call.reply

    async def close(self) -> None:
        """Drop the connection."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        await self._disconnect()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect()

    async def _travel(self) -> None:
        while calls := self._next_calls():
            replies: Sequence[Any]
            try:
                async with asyncio.timeout(self._timeout):
                    replies = await self._exchange(calls)
            except TimeoutError:
                replies = [RedisConnectionError("no reply in time")] * len(calls)
            except NotSent as error:
                replies = [error] * len(calls)
            except Exception as error:  # noqa: BLE001 - whatever redis-py makes of a server that talks nonsense
                replies = [RedisConnectionError(str(error))] * len(calls)
            for call, reply in zip(calls, replies, strict=True):
                _settle(call, reply)
            self._forget_answered()
        self._travelling = None

    def _next_calls(self) -> list[Call]:
        """As many of those that wait as make up a pipeline that Redis and the network are soon done with."""
        calls: list[Call] = []
        size = 0
        while self._waiting and (not calls or size + self._waiting[0].size <= PIPELINE):
            call = self._waiting.popleft()
            if not call.reply.done():  # else its time is up, or whoever asked is gone
                calls.append(call)
                size += call.size
        return calls

    def _give_up(self) -> None:
        """Fail the calls whose time is up, and look again when the next one's is."""
        self._alarm = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._unanswered and self._unanswered[0].deadline <= now:
            _settle(self._unanswered.popleft(), RedisConnectionError("no reply in time"))
        self._forget_answered()
        if self._unanswered:
            self._alarm = loop.call_at(self._unanswered[0].deadline, self._give_up)

    def _forget_answered(self) -> None:
        while self._unanswered and self._unanswered[0].reply.done():
            self._unanswered.popleft()

    async def _exchange(self, calls: list[Call]) -> list[Any]:
        """A reply for each call, or the error that it was refused with."""
        connection = await self._connected()
        acknowledged = self._wait > 0 and any(call.write for call in calls)
        commands = [command for call in calls for command in call.commands]
        if acknowledged:
            commands.append(("WAIT", self._wait, int(self._timeout * PATIENCE * 1000)))
        try:
            replies = await _pipeline(connection, commands)
        except BaseException:
            await self._disconnect()  # replies may still be on their way, and must not be taken for those of others
            raise
        if any(isinstance(reply, ReadOnlyError) for reply in replies):
            await self._disconnect()  # what is read-only was demoted: the name may lead elsewhere by now
        replicas = replies.pop() if acknowledged else 0
        answered = _last_of_each(calls, replies)
        if acknowledged and (isinstance(replicas, Exception) or replicas < self._wait):
            error = NotReplicated(f"{replicas} of {self._wait} replicas have it")
            answered = [error if call.write else reply for call, reply in zip(calls, answered, strict=True)]
        return answered

    async def _connected(self) -> Connection:
        """The connection, a new one if there is none or Redis has dropped it."""
        if self._connection is not None and _is_dropped(self._connection):
            await self._disconnect()
        if self._connection is None:
            connection = self._connect()
            try:
                await connection.connect()  # type: ignore[no-untyped-call] # redis-py leaves it bare
            except BaseException as error:
                await connection.disconnect()
                if isinstance(error, Exception):
                    raise NotSent(str(error)) from error
                raise
            self._connection = connection
        return self._connection


def _is_dropped(connection: Connection) -> bool:
    """Whether Redis has closed the connection, as it does when it ends or finds it idle: no reply is due, and yet."""
    writer = connection._writer  # noqa: SLF001 - redis-py's own way to ask takes a turn of the event loop
    if writer is None or writer.is_closing():
        return True
    connected = writer.get_extra_info("socket")
    if sys.platform == "win32":
        return bool(select.select([connected], [], [], 0)[0])
    poll = select.poll()
    poll.register(connected, select.POLLIN)
    return bool(poll.poll(0))


async def _pipeline(connection: Connection, commands: list[Command]) -> list[Any]:
    """Send the commands at once; gives a reply for each, or the error that it was refused with."""
    await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
    replies: list[Any] = []
    for _ in commands:
        try:
            replies.append(await connection.read_response(disconnect_on_error=False))
        except (ResponseError, BusyLoadingError) as refusal:  # anything else is no reply, and leaves us out of step
            replies.append(refusal)
    return replies


def _last_of_each(calls: list[Call], replies: list[Any]) -> list[Any]:
    answered, at = [], -1
    for call in calls:
        at += len(call.commands)
        answered.append(replies[at])
    return answered


def _settle(call: Call, reply: Any) -> None:
    if call.reply.done():
        return  # its time was up, or whoever asked is gone
    if isinstance(reply, Exception):
        call.reply.set_exception(reply)
    else:
        call.reply.set_result(reply)
