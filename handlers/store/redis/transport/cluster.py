"""A Redis cluster: several servers, and redis-py's map from hash slots to servers.

The map is read again when a server redirects a call, is down, or cannot be reached. A call that cannot have been
carried out is repeated if the map has changed since; otherwise it fails at once.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from itertools import count
from typing import Any, Final

from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.cluster import PRIMARY
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    RedisClusterException,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from hivestand.handlers.store.redis.transport.connection import Command, NotSent, Server, SilenceTimeout

TRYING_SHARE: Final = 0.5  # the share of the time-out during which a refused call is retried
_UNKNOWN_HOSTS: Final = ("", "?")  # of a cluster that does not tell its endpoints
PAUSE: Final = 0.05  # seconds between tries after the second


class Cluster:
    """The servers of a cluster, each with connections of its own."""

    def __init__(self, url: str, timeout: float, wait: int) -> None:
        """Take the URL of any of the servers, `redis://` or `rediss://`, and connect later.

        Raises:
            TypeError, ValueError, RedisError, RedisClusterException: the URL has an unknown option or value.
        """
        self._timeout = timeout
        self._wait = wait
        share = timeout / 2  # half of the time to ask one server for the map, so that there is time to ask another
        ours = {"socket_timeout": share, "socket_connect_timeout": share, "decode_responses": False}
        options: dict[str, Any] = {**parse_url(url), **ours, "ssl": url.startswith("rediss:")}
        options.pop("connection_class", None)
        self._host = str(options.get("host", "localhost"))
        self._cluster = RedisCluster(
            require_full_coverage=False, retry=Retry(NoBackoff(), 0), address_remap=self._address, **options
        )
        self._map = self._cluster.nodes_manager
        self._entrance = dict(self._map.startup_nodes)
        self._servers: dict[str, Server] = {}
        self._looking: asyncio.Task[None] | None = None
        self._failure: Exception | None = None

    async def call(self, key: str, *commands: Command, size: int = 0, write: bool = False, seconds: float = 0) -> Any:
        """The reply to the last of the commands, from the server that holds the key's slot.

        Raises:
            RedisError: it refused them, could not be reached, or did not reply in time.
        """
        slot = key_slot(key.encode())
        deadline = asyncio.get_running_loop().time() + self._timeout * TRYING_SHARE
        error: RedisError | None = None
        asked: Server | None = None
        for number in count():
            if number > 1:
                await asyncio.sleep(PAUSE)  # a slot that is moving or not ready needs time
            if error is not None and asyncio.get_running_loop().time() > deadline:
                raise error
            server = asked or await self._found(slot, deadline)
            leave = [("ASKING",)] if asked else []
            asked = None
            try:
                return await server.call(key, *leave, *commands, size=size, write=write, seconds=seconds)
            except MovedError as moved:
                await self._moved(moved)
                error = moved
            except AskError as ask:
                host, port = self._address((ask.host, ask.port))
                asked = self._server(ClusterNode(host, port, PRIMARY, **self._map.connection_kwargs))
                error = ask
            except TryAgainError as later:
                error = later
            except (NotSent, ClusterDownError) as away:
                await self._look(deadline)
                if self._holder(slot) is server:
                    raise
                error = away
            except RedisConnectionError:
                self._look_soon()
                raise
        raise AssertionError  # count() has no end

    async def call_each(self, command: Command) -> Sequence[Any]:
        """The reply of each server that takes writes.

        Raises:
            RedisError: one did not reply, or a slot has none.
        """
        await self._look(asyncio.get_running_loop().time() + self._timeout)
        if not self._is_covered():
            raise NotSent(f"not every slot of the cluster has a server: {self._failure}")
        primaries = [node for node in self._map.nodes_cache.values() if node.server_type == PRIMARY]
        return await asyncio.gather(*(self._server(node).call("", command) for node in primaries))

    async def close(self) -> None:
        """Drop all connections."""
        if self._looking is not None:
            await asyncio.wait([self._looking], timeout=self._timeout)  # cancelled, it would leak connections
        await asyncio.gather(*(server.close() for server in self._servers.values()))
        await self._map.aclose()
        await self._map.aclose("startup_nodes")

    async def _found(self, slot: int, deadline: float) -> Server:
        """The server that holds a slot; reads the map if that is not known."""
        if self._holder(slot) is None:
            await self._look(deadline)
        server = self._holder(slot)
        if server is None:
            raise NotSent(f"no server of the cluster holds slot {slot}: {self._failure}")
        return server

    def _holder(self, slot: int) -> Server | None:
        nodes = self._map.slots_cache.get(slot)
        return self._server(nodes[0]) if nodes else None

    def _server(self, node: ClusterNode) -> Server:
        server = self._servers.get(node.name)
        if server is None:
            options = {**node.connection_kwargs, "socket_timeout": None, "socket_connect_timeout": self._timeout}
            server = Server(lambda: node.connection_class(**options), self._timeout, self._wait)
            self._servers[node.name] = server
        return server

    def _address(self, address: tuple[str | None, int]) -> tuple[str, int]:
        """The address of a server; one that is told without its host is where the others are (cluster-spec, MOVED)."""
        host, port = address
        return (self._host if host in _UNKNOWN_HOSTS or host is None else host), port

    def _is_covered(self) -> bool:
        return len(self._map.slots_cache) == REDIS_CLUSTER_HASH_SLOTS

    async def _moved(self, error: MovedError) -> None:
        """Note that one slot has moved; others may have too."""
        error.host, error.port = self._address((error.host, error.port))
        if error.slot_id in self._map.slots_cache:
            await self._map.move_slot(error)
        self._look_soon()

    async def _look(self, deadline: float) -> None:
        """Read the map, and wait for it until the deadline; callers at the same time share one reading."""
        looking = self._look_soon()
        with contextlib.suppress(TimeoutError):
            async with SilenceTimeout(max(0, deadline - asyncio.get_running_loop().time())):
                await asyncio.wait([looking])  # which ends no reading that others wait for

    def _look_soon(self) -> asyncio.Task[None]:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look_now())
        return self._looking

    async def _look_now(self) -> None:
        try:
            try:
                await self._map.initialize()
            except RedisClusterException as error:
                if not isinstance(error.__cause__, RedisTimeoutError):
                    raise
                await self._map.initialize()  # it runs on while this process is kept from the processor
            await self._forget_gone()
            self._failure = None
        except Exception as error:  # noqa: BLE001 - whatever redis-py makes of a server that is no cluster
            self._failure = error
            self._map.startup_nodes.update(self._entrance)  # the name in the URL may lead to new servers by now

    async def _forget_gone(self) -> None:
        """Close the connections to servers that have left the cluster."""
        for name in self._servers.keys() - self._map.nodes_cache.keys():
            if self._servers[name].is_idle:
                await self._servers.pop(name).close()
