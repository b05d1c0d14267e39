"""The connections to one Redis, down which the calls of many requests travel as pipelines.

A call is sent at most once. Redis may have done what it did not get to reply to, and to do it again could undo what
others wrote in between. A call that cannot have been done says so (`NotSent`), and may be made again, here or
elsewhere.
"""

import asyncio
import select
import socket
import struct
import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import hiredis
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection as Connection
from redis.exceptions import BusyLoadingError, ReadOnlyError, RedisError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

MAX_PIPELINE: Final = 1024 * 1024  # bytes of request bodies in one pipeline
WAIT_SHARE: Final = 0.4  # the share of the time-out that replicas have: for two pipelines in turn

CHECKS: Final = 8  # for silence; so many in a row without a reply are a time-out
SECONDS_PER_REPLY: Final = 0.05  # for a reply of a server that is busy; one that takes longer for each is slow
LARGE_CALL: Final = 256 * 1024  # a call of so many bytes or more gets its own connection and a longer time-out
LARGE_TIMEOUT_FACTOR: Final = 5  # times as long as for any other
MAX_WAIT: Final = 1.0  # seconds for which a call may ask Redis to wait

Command = tuple[Any, ...]


class NotSent(RedisConnectionError):
    """There is no connection, so the call was not carried out and will not be."""


class NotReplicated(RedisError):
    """The write was carried out, but fewer replicas than required have it."""


class SilenceTimeout:
    """Waits `timeout` seconds for a first reply, and again for all others, plus what a busy Redis takes for each.

    Used like `asyncio.timeout`, for exchanges of the task that enters it, each of which begins anew. Silence is counted
    in checks rather than by the clock: a process that is kept from the processor for longer than the time-out would
    take unread replies in its socket for silence. So it checks several times, at least a share of the time-out apart,
    and replies are read between two checks.
    """

    def __init__(self, timeout: float) -> None:
        """Begin to wait when entered."""
        self._interval = timeout / CHECKS
        self._expiry = asyncio.timeout(None)
        self._silent = 0  # checks since the last reply
        self._behind: float = 0  # checks since the first reply, less what the replies since then may take
        self._heard = False
        self._next_check: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        """Check for the first time after a share of the time-out."""
        await self._expiry.__aenter__()
        self._next_check = asyncio.get_running_loop().call_later(self._interval, self._check)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop checking.

        Raises:
            TimeoutError: the server was silent, or too slow, for too long.
        """
        if self._next_check is not None:
            self._next_check.cancel()
        await self._expiry.__aexit__(kind, error, trace)

    def begin(self) -> None:
        """Wait for the first reply of another exchange."""
        self._silent, self._behind, self._heard = 0, 0, False

    def hear(self) -> None:
        """Start waiting anew, as a reply has come."""
        self._silent = 0
        self._heard = True
        self._behind = max(0, self._behind - SECONDS_PER_REPLY / self._interval)

    def _check(self) -> None:
        self._silent += 1
        self._behind += self._heard
        if max(self._silent, self._behind) < CHECKS:
            self._next_check = asyncio.get_running_loop().call_later(self._interval, self._check)
        else:
            self._next_check = None
            self._expiry.reschedule(0)


class Call(NamedTuple):
    """Commands that are sent together; the reply to the last is the call's.

    Attributes:
        commands: the commands, in order.
        size: how many bytes of them a client sent.
        write: whether replicas must have what they write.
        reply: set to the reply, or to the error.
    """

    commands: Sequence[Command]
    size: int
    write: bool
    reply: asyncio.Future[Any]


class ReplyReader(asyncio.Protocol):
    """Parses the replies on a connection as they come, in place of redis-py's stream: a pipeline is one wait."""

    def __init__(self, connection: Connection) -> None:
        """Take over a connection that is established and idle."""
        # with the errors that redis-py makes of refusals
        self._reader = connection._parser._reader  # type: ignore[attr-defined]  # noqa: SLF001 - hiredis's parser has it
        self._incomplete = self._reader.gets()
        self._replies: deque[Any] = deque()
        self._failure: RedisConnectionError | None = None
        self._heard: asyncio.Future[None] | None = None
        self.transport = _transport_of(connection)
        self.transport.set_protocol(self)

    @property
    def is_lost(self) -> bool:
        """Whether the connection is known to be lost."""
        return self._failure is not None

    @property
    def has_next(self) -> bool:
        """Whether there is a reply that nobody has taken."""
        return bool(self._replies)

    async def arrival(self) -> None:
        """Return when there is a reply.

        Raises:
            RedisConnectionError: the connection is lost.
        """
        while not self._replies:
            if self._failure is not None:
                raise self._failure
            self._heard = asyncio.get_running_loop().create_future()
            await self._heard

    def next(self) -> Any:
        """The next reply, which is there, or the error with which Redis refused a command.

        Raises:
            RedisConnectionError: what came is not a reply.
        """
        reply = self._replies.popleft()
        if isinstance(reply, Exception) and not isinstance(reply, (ResponseError, BusyLoadingError)):
            raise reply
        return reply

    def data_received(self, data: bytes) -> None:
        """Parse what came; unsolicited messages are dropped."""
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not self._incomplete:
                if not isinstance(reply, hiredis.PushNotification):
                    self._replies.append(reply)
        except RedisError as error:
            self._fail(str(error))
        if self._heard is not None and not self._heard.done():
            self._heard.set_result(None)

    def eof_received(self) -> None:
        """Fail: Redis closed the connection."""
        self._fail("Redis closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail: the connection is lost."""
        self._fail(str(exc or "the connection is closed"))

    def _fail(self, reason: str) -> None:
        self._failure = self._failure or RedisConnectionError(reason)
        if self._heard is not None and not self._heard.done():
            self._heard.set_result(None)


class PipelinedConnection:
    """A connection, made when it is needed, and the calls that wait for it.

    Calls of one event-loop turn are sent as one pipeline, as are those that come while it is under way. A call that
    Redis refuses fails alone. If the connection fails, so do the calls under way; if Redis falls silent, or is so slow
    that it might as well be, those that wait behind them fail too, so that no call waits for two silences.
    """

    def __init__(self, connect: Callable[[], Connection], timeout: float, wait: int = 0) -> None:
        """Connect later; `timeout` is how long Redis may be silent, `wait` how many replicas must have a write."""
        self._connect = connect
        self._timeout = timeout
        self._wait = wait
        self._connection: Connection | None = None
        self._replies: ReplyReader | None = None
        self._waiting: deque[Call] = deque()
        self._travelling: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop  # in which it travels

    def call(self, *commands: Command, size: int = 0, write: bool = False) -> asyncio.Future[Any]:
        """The reply to the last of the commands, to be awaited.

        It is a `RedisError` if Redis refused it, could not be reached, or did not reply in time.
        """
        if self._travelling is None:
            self._loop = asyncio.get_running_loop()  # which takes a system call
            self._travelling = self._loop.create_task(self._travel())
        call = Call(commands, size, write, self._loop.create_future())
        self._waiting.append(call)
        return call.reply

    @property
    def is_idle(self) -> bool:
        """Whether no call is under way."""
        return self._travelling is None

    async def close(self) -> None:
        """Drop the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await _drop(connection)

    async def _travel(self) -> None:
        is_idle = True
        while calls := self._next_calls():
            try:
                async with SilenceTimeout(self._timeout) as silence:
                    while calls:
                        replies = await self._connected(is_idle=is_idle)
                        await self._exchange(replies, calls, silence)
                        calls, is_idle = self._next_calls(), False
                        silence.begin()
            except TimeoutError:
                _fail([*calls, *self._waiting], RedisConnectionError("no reply in time"))
            except NotSent as error:
                _fail(calls, error)
            except Exception as error:  # noqa: BLE001 - whatever redis-py makes of a server that talks nonsense
                _fail(calls, RedisConnectionError(str(error)))
        self._travelling = None

    def _next_calls(self) -> list[Call]:
        """As many of the waiting calls as make up a pipeline of bounded size."""
        calls: list[Call] = []
        size = 0
        while self._waiting and (not calls or size + self._waiting[0].size <= MAX_PIPELINE):
            call = self._waiting.popleft()
            if not call.reply.done():  # otherwise the caller was cancelled
                calls.append(call)
                size += call.size
        return calls

    async def _connected(self, *, is_idle: bool) -> ReplyReader:
        """The reply reader of the connection; connects if there is none, or Redis has closed it.

        On one that has been idle that is only known when somebody looks.
        """
        connection, replies = self._connection, self._replies
        if connection and replies and (replies.is_lost or (is_idle and _is_dropped(connection))):
            await self.close()
        if self._connection is None or self._replies is None:
            connection = self._connect()
            try:
                await connection.connect()  # type: ignore[no-untyped-call] # redis-py gives no message
                _forget_on_close(connection)
            except BaseException as error:
                await _drop(connection)
                if isinstance(error, Exception):
                    raise NotSent(str(error)) from error
                raise
            self._connection, self._replies = connection, ReplyReader(connection)
        return self._replies

    async def _exchange(self, replies: ReplyReader, calls: list[Call], silence: SilenceTimeout) -> None:
        """Send the calls at once, and settle each with its reply or its error."""
        waits = self._wait > 0 and any(call.write for call in calls)
        commands: list[Command] = []
        for call in calls:
            commands += call.commands
        if waits:
            commands.append(("WAIT", self._wait, int(self._timeout * WAIT_SHARE * 1000)))
        held: list[tuple[Call, Any]] = []
        demoted = False
        try:
            replies.transport.write(b"".join(map(hiredis.pack_command, commands)))
            for call in calls:
                for _ in call.commands:
                    if not replies.has_next:
                        await replies.arrival()
                    reply = replies.next()
                silence.hear()
                demoted = demoted or isinstance(reply, ReadOnlyError)
                if waits and call.write and not isinstance(reply, Exception):
                    held.append((call, reply))
                else:
                    _settle(call, reply)
            if waits:
                await replies.arrival()
                self._acknowledge(held, replies.next())
        except BaseException:
            await self.close()  # late replies must not be taken for those of other calls
            raise
        if demoted:
            await self.close()  # the name may by now lead to the new primary

    def _acknowledge(self, held: list[tuple[Call, Any]], replicas: Any) -> None:
        """Settle the writes, now that the number of replicas that have them is known."""
        enough = isinstance(replicas, int) and replicas >= self._wait
        error = NotReplicated(f"{replicas} of {self._wait} replicas have it")
        for call, reply in held:
            _settle(call, reply if enough else error)


class Server:
    """One Redis: one connection for small calls, and others for those that are large or wait."""

    def __init__(self, connect: Callable[[], Connection], timeout: float, wait: int) -> None:
        """Connect later; `timeout` is in seconds, `wait` is how many replicas must have a write."""
        self._small = PipelinedConnection(connect, timeout, wait)
        self._large = PipelinedConnection(connect, timeout * LARGE_TIMEOUT_FACTOR, wait)
        self._waiting = PipelinedConnection(connect, timeout + MAX_WAIT)

    def call(
        self, _key: str, *commands: Command, size: int = 0, write: bool = False, seconds: float = 0
    ) -> asyncio.Future[Any]:
        """The reply to the last of the commands, to be awaited; `size` is how many bytes of them a client sent.

        A command for which Redis may take its time says for how many `seconds`, at most `MAX_WAIT`.
        """
        line = self._waiting if seconds else self._large if size >= LARGE_CALL else self._small
        return line.call(*commands, size=size, write=write)

    async def call_each(self, command: Command) -> Sequence[Any]:
        """The reply of each server that takes writes: of this one."""
        return [await self._small.call(command)]

    @property
    def is_idle(self) -> bool:
        """Whether no call is under way."""
        return self._small.is_idle and self._large.is_idle and self._waiting.is_idle

    async def close(self) -> None:
        """Drop all connections."""
        for line in (self._small, self._large, self._waiting):
            await line.close()


def server_at(url: str, timeout: float, wait: int) -> Server:
    """The server at a URL; its options are redis-py's, except those on time and decoding.

    Raises:
        TypeError, ValueError, RedisError: there is no such option, or not with that value.
    """
    pool = ConnectionPool.from_url(url)
    ours = {"socket_timeout": None, "socket_connect_timeout": timeout, "decode_responses": False}
    options = {**pool.connection_kwargs, **ours}
    pool.connection_class(**options)
    return Server(lambda: pool.connection_class(**options), timeout, wait)


def _is_dropped(connection: Connection) -> bool:
    """Whether Redis has closed an idle connection: something can be read, though no reply is due."""
    writer = connection._writer  # noqa: SLF001 - redis-py's own way to ask takes a turn of the event loop
    if writer is None or writer.is_closing():
        return True
    connected = writer.get_extra_info("socket")
    if sys.platform == "win32":
        return bool(select.select([connected], [], [], 0)[0])
    poll = select.poll()
    poll.register(connected, select.POLLIN)
    return bool(poll.poll(0))


def _forget_on_close(connection: Connection) -> None:
    """Have the system discard undelivered bytes on closing: it would deliver them later, after newer calls."""
    writer = connection._writer  # noqa: SLF001 - redis-py has no way to say so
    if writer is not None:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


async def _drop(connection: Connection) -> None:
    """Close a connection at once, whatever is under way, without TLS's closing handshake."""
    writer = connection._writer  # noqa: SLF001 - redis-py closes politely, and waits for the other side
    if writer is not None:
        writer.transport.abort()
    await connection.disconnect(nowait=True)


def _transport_of(connection: Connection) -> asyncio.Transport:
    writer = connection._writer  # noqa: SLF001 - redis-py has no way to ask
    if writer is None:
        raise NotSent("there is no connection")
    transport: asyncio.Transport = writer.transport  # type: ignore[assignment] # a stream's has both directions
    return transport


def _fail(calls: Iterable[Call], error: RedisError) -> None:
    for call in calls:
        _settle(call, error)


def _settle(call: Call, reply: Any) -> None:
    if call.reply.done():
        return  # the caller was cancelled
    if isinstance(reply, Exception):
        call.reply.set_exception(reply)
    else:
        call.reply.set_result(reply)
