"""Many clients that post at once, and a ledger of what they were answered, to be held against what the store has."""

import asyncio
import contextlib
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import redis
from redis_servers import RedisServer
from support import TOKEN, index_key, stored_event

from hivestand.handlers.tenant import Tenant

NOBODY = 0  # the status of a request that was not answered at all


class Reply(NamedTuple):
    """What came back: a status, headers in lower case, the parsed body, and after how many seconds."""

    status: int
    headers: Mapping[str, str]
    body: Any
    seconds: float


class Connection:
    """A client with one connection, which it makes anew when it is lost."""

    def __init__(self, address: tuple[str, int], token: str = TOKEN) -> None:
        """Connect at the first request."""
        self._address = address
        self._token = token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def connect(self) -> None:
        """Connect now."""
        self._streams = await asyncio.open_connection(*self._address, limit=2**24)

    async def post(self, body: Any, path: str = "/v1/sessions") -> Reply:
        """Post a JSON value, once."""
        text = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._token}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        begun = time.perf_counter()
        try:
            if self._streams is None:
                await self.connect()
            assert self._streams is not None
            reader, writer = self._streams
            writer.write(head.encode() + text)
            status, headers = _head(await reader.readuntil(b"\r\n\r\n"))
            response = await reader.readexactly(int(headers["content-length"]))
        except (OSError, asyncio.IncompleteReadError):
            await self.close()
            return Reply(NOBODY, {}, None, time.perf_counter() - begun)
        return Reply(status, headers, json.loads(response), time.perf_counter() - begun)

    async def close(self) -> None:
        """Disconnect."""
        if self._streams is not None:
            writer = self._streams[1]
            self._streams = None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode().split("\r\n")
    fields = (line.partition(": ") for line in lines if line)
    return int(first.split()[1]), {name.lower(): value for name, _, value in fields}


@dataclass
class Session:
    """What is known of a session: how it was created, and each client's last tried and last answered write."""

    tried: dict[str, int] = field(default_factory=dict)
    returned: dict[str, int] = field(default_factory=dict)
    creation: tuple[Any, ...] | None = None


@dataclass
class Ledger:
    """What was sent and answered. Each client numbers its posts, and writes the number to three fields of its own.

    So a half-written merge, a lost one, one that an older one overwrote, and a second creation are all seen.
    """

    sessions: dict[str, Session] = field(default_factory=dict)
    replies: list[tuple[float, Reply]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    dice: Random = field(default_factory=lambda: Random(7))  # noqa: S311 - it guards nothing

    @property
    def statuses(self) -> Counter[int]:
        """How often each status came."""
        return Counter(reply.status for _, reply in self.replies)

    def new_id(self) -> str:
        """A session id, the same on every run."""
        return str(UUID(int=self.dice.getrandbits(128), version=4))

    async def post(self, connection: Connection, client: str, number: int, session_id: str) -> Reply:
        """Post one numbered write, and judge its response."""
        session = self.sessions.setdefault(session_id, Session())
        session.tried[client] = number
        before = dict(session.returned)
        mark = f"{client} {number}"
        body = {"session_id": session_id, "session_name": mark, "start_time": number, "inputs": {"by": mark}}
        body |= {"metadata": {client: number, f"{client} too": number}, "user_properties": {client: number}}
        reply = await connection.post(body)
        self.replies.append((time.monotonic(), reply))
        if reply.status == 200:
            session.returned[client] = number
            self._judge(session, reply.body, {**before, client: number}, exactly=client)
        elif reply.status == 503:
            self._expect(reply.headers.get("retry-after") == "1" and reply.body["statusCode"] == 503, "a 503", reply)
        else:
            self._expect(reply.status == NOBODY, "a status", reply)
        return reply

    def verify(self, events: Mapping[str, dict[str, Any]]) -> None:
        """Hold what the store has against what was answered."""
        for session_id, session in self.sessions.items():
            event = events.get(session_id)
            if event is not None:
                self._judge(session, event, session.returned)
            else:
                self._expect(not session.returned, "an answered session that is not there", session_id)
        self._expect(events.keys() <= self.sessions.keys(), "a session that nobody posted", events)

    def _judge(
        self, session: Session, event: dict[str, Any], at_least: Mapping[str, int], exactly: str | None = None
    ) -> None:
        mark = event["event_name"]
        creation = (mark, event["inputs"]["by"], event["start_time"])
        client, _, number = mark.rpartition(" ")
        self._expect(creation == (mark, mark, int(number)) and client in session.tried, "a creation", event)
        self._expect(session.creation in (None, creation), "two creations", (session.creation, creation))
        session.creation = creation
        metadata, properties = event["metadata"], event["user_properties"]
        names = {name for name in metadata if not name.endswith(" too")}
        twins = {name: (metadata[name], metadata.get(f"{name} too"), properties.get(name)) for name in names}
        self._expect(all(len(set(values)) == 1 for values in twins.values()), "a half-written merge", event)
        self._expect(len(metadata) == 2 * len(names) == 2 * len(properties), "a half-written merge", event)
        for name, number in at_least.items():
            self._expect(number <= metadata.get(name, 0) <= session.tried[name], "a lost merge", (name, number, event))
        self._expect(exactly is None or metadata[exactly] == at_least[exactly], "not its own write", event)

    def _expect(self, holds: bool, what: str, evidence: object) -> None:  # noqa: FBT001 - it is the question
        if not holds:
            self.wrong.append(f"{what}: {evidence}"[:500])


async def storm(ledger: Ledger, address: tuple[str, int], clients: int, end: asyncio.Event, shared: int = 20) -> None:
    """Post until the end, half of it into sessions that all clients share, the rest into new ones, each three times."""
    common = [ledger.new_id() for _ in range(shared)]

    async def client(name: str) -> None:
        connection = Connection(address)
        own = ledger.new_id()
        for number in itertools.count(1):
            if end.is_set():
                break
            if number % 6 == 0:
                own = ledger.new_id()
            session_id = own if number % 2 else common[ledger.dice.randrange(shared)]
            reply = await ledger.post(connection, name, number, session_id)
            if reply.status != 200:
                await asyncio.sleep(0.01)
        await connection.close()

    await asyncio.gather(*(client(f"c{number}") for number in range(clients)))


def stored(servers: Iterable[RedisServer], tenant: Tenant, prefix: str = "hivestand") -> dict[str, dict[str, Any]]:
    """Every event of a tenant's, straight from Redis; each is in its index three times, and nothing else is there."""
    events: dict[str, dict[str, Any]] = {}
    indexed: Counter[str] = Counter()
    for server in servers:
        with server.client() as client:
            for key, fields in _keys(client, f"{prefix}:{{{tenant.digest}:??}}*"):
                if isinstance(fields, list):
                    indexed.update(fields)
                else:
                    session_id = key.rpartition(":")[2]
                    assert key == f"{index_key(tenant, session_id, prefix)}:{session_id}"
                    events[session_id] = stored_event(fields)
    assert dict.fromkeys(events, 3) == indexed
    return events


def _keys(client: redis.Redis, pattern: str) -> Iterator[tuple[str, list[str] | dict[bytes, bytes]]]:
    keys = [key for key in client.scan_iter(match=pattern, count=10_000) if not key.endswith(b":totals")]
    for batch in _batched(keys):
        pipeline = client.pipeline(transaction=False)
        for key in batch:
            if key.endswith(b"}"):
                pipeline.zrange(key, 0, -1)
            else:
                pipeline.hgetall(key)
        for key, reply in zip(batch, pipeline.execute(), strict=True):
            yield (
                key.decode(),
                [str(UUID(bytes=member[-16:])) for member in reply] if isinstance(reply, list) else reply,
            )


def _batched(keys: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(keys), 1000):
        yield keys[start : start + 1000]
