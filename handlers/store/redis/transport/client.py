"""Scripts and commands for the store, on one server or a cluster.

A call is repeated only if it was not carried out: it was never sent, or Redis refused it. After any other failure the
client decides, as only it knows what it sent since.
"""

import logging
import re
import time
from collections.abc import Sequence
from hashlib import sha1
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from redis.exceptions import (
    MovedError,
    NoScriptError,
    RedisClusterException,
    RedisError,
)

from hivestand.handlers.errors import StoreUnavailable
from hivestand.handlers.store.redis.transport.cluster import Cluster
from hivestand.handlers.store.redis.transport.connection import Command, NotReplicated, Server, server_at

_log = logging.getLogger(__name__)

# The beginning of a script that needs the time: `now`, Unix microseconds by Redis's clock.
NOW: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
"""


CALM_SECONDS: Final = 2.0  # without a failure, after which calls are said to work again
# the codes by which Redis refuses writes and may still be read
_NO_WRITES: Final = frozenset({"OOM", "READONLY", "NOREPLICAS", "MISCONF", "NOPERM"})
_DATABASE: Final = re.compile(r"/?[0-9]{0,9}", re.ASCII)


class Script(NamedTuple):
    """A Lua script, and the digest by which Redis knows it."""

    text: str
    digest: str


def script(text: str) -> Script:
    """A Lua script with its digest."""
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


def fields_of(reply: Any) -> dict[bytes, bytes]:
    """The fields of a hash, as either protocol of Redis replies it: a map, or fields and values in turn."""
    return reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))


class Client:
    """Calls to Redis; every failure, from a lost connection to a full memory, raises `StoreUnavailable`.

    Each kind of failure is logged once, and again after calls worked.
    """

    def __init__(self, servers: Server | Cluster) -> None:
        """Send calls to one server or to a cluster."""
        self._servers = servers
        self._failures: set[str] = set()  # the kinds of failure that were logged since calls worked last
        self._failed_at = 0.0  # when a call failed last, on the monotonic clock

    async def run(
        self, script: Script, keys: Sequence[str], *arguments: Any, size: int = 0, durable: bool = True
    ) -> Any:
        """The reply to a script whose keys are in one slot; `size` is how many bytes of it a client sent.

        A `durable` script waits for replicas, if that is configured at all.
        """
        call = (len(keys), *keys, *arguments)
        try:
            try:
                reply = await self._servers.call(keys[0], ("EVALSHA", script.digest, *call), size=size, write=durable)
            except NoScriptError:  # after a restart, a failover or SCRIPT FLUSH
                reply = await self._servers.call(keys[0], ("EVAL", script.text, *call), size=size, write=durable)
        except RedisError as error:
            raise self._unavailable(error) from error
        if self._failures and durable:
            self._recovered()
        return reply

    async def read(self, key: str, command: Command) -> Any:
        """The reply to a command that reads a key."""
        try:
            return await self._servers.call(key, command)
        except RedisError as error:
            raise self._unavailable(error) from error

    async def wait(self, key: str, command: Command, seconds: float) -> Any:
        """The reply to a command that reads a key and for which Redis may take `seconds`."""
        try:
            return await self._servers.call(key, command, seconds=seconds)
        except RedisError as error:
            raise self._unavailable(error) from error

    async def read_each(self, command: Command) -> Sequence[Any]:
        """The reply of each server that takes writes."""
        try:
            return await self._servers.call_each(command)
        except RedisError as error:
            raise self._unavailable(error) from error

    async def close(self) -> None:
        """Drop all connections."""
        await self._servers.close()

    @property
    def is_cluster(self) -> bool:
        """Whether calls go to a cluster."""
        return isinstance(self._servers, Cluster)

    def _unavailable(self, error: RedisError) -> StoreUnavailable:
        reason = reason_of(error)
        self._failed_at = time.monotonic()
        kind = f"{type(error).__name__} {reason.partition(' ')[0]}"
        if kind not in self._failures:
            self._failures.add(kind)
            _log.warning("the store is not available: %s", reason)
        if isinstance(error, NotReplicated):
            return StoreUnavailable(f"The store wrote it, but {error}", reason=reason)
        return StoreUnavailable(reason=reason, is_refusal=reason.partition(" ")[0] in _NO_WRITES)

    def _recovered(self) -> None:
        """Say so, unless other calls fail meanwhile."""
        if time.monotonic() - self._failed_at < CALM_SECONDS:
            return
        self._failures.clear()
        _log.warning("the store is available again")


def client_for(url: str, timeout: float, wait: int) -> Client:
    """A client of the Redis at a URL; `timeout` is in seconds, `wait` is how many replicas must have a write.

    Raises:
        ValueError: the URL cannot be read.
    """
    if urlsplit(url).port == 0:
        raise ValueError("no port in the URL of the store")
    scheme, _, rest = url.partition("://")
    name, _, cluster = scheme.partition("+")
    if name != "unix" and not _DATABASE.fullmatch(urlsplit(url).path):
        raise ValueError("the path in the URL of a Redis is the number of a database")
    try:
        return Client(Cluster(f"{name}://{rest}", timeout, wait) if cluster else server_at(url, timeout, wait))
    except (TypeError, RedisError, RedisClusterException) as error:  # no such option, or not with that value
        raise ValueError(str(error)) from error


def reason_of(error: BaseException) -> str:
    """Why Redis does not do what it is to do, in one line that begins with the code of its refusal, if it is one."""
    code = getattr(error, "status_code", None) or ""
    if "user executing the script can't run" in str(error):
        code = "NOPERM"  # as Redis has it outside of a script
    reason = " ".join(f"{code} {error}".split())
    if isinstance(error, MovedError):
        return f"{reason}: this Redis is a member of a cluster, whose URL begins with redis+cluster://"
    return reason
