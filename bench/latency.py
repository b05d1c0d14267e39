"""How late responses are at a fixed rate, counted from when each request was to be sent, whatever came before it."""

import asyncio
import time
from collections.abc import Iterator, Mapping

from bench.contenders import HIVESTAND_MEMORY, HIVESTAND_REDIS, PRISM_SMALL, Server
from bench.figure import Figure, median
from bench.session import HEADERS, PATH, body


class Responses(asyncio.Protocol):
    """A connection with one request on its way at most."""

    def __init__(self) -> None:
        """Wait for nothing."""
        self._received = b""
        self._missing = -1
        self._answered: asyncio.Future[None] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def send(self, request: bytes) -> asyncio.Future[None]:
        """Done when the response is there."""
        assert self.transport is not None
        self._received, self._answered = b"", asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answered

    def data_received(self, data: bytes) -> None:
        """Settle when the whole body is there."""
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end or self._answered is None or self._answered.done():
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._answered.set_exception(ValueError(head[:200]))
            return
        is_chunked = b"transfer-encoding: chunked" in head.lower()
        length = head.lower().partition(b"content-length:")[2].partition(b"\r")[0]
        if rest.endswith(b"0\r\n\r\n") if is_chunked else len(rest) >= int(length):
            self._answered.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits need not any longer."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionError("closed"))


def request(port: int) -> bytes:
    """A post as it is sent."""
    sent = body()
    fields = {"Host": f"127.0.0.1:{port}", **HEADERS, "Content-Length": len(sent)}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + sent


async def late(port: int, rate: float, seconds: float) -> list[float]:
    """Seconds from when each request was planned to its response."""
    loop = asyncio.get_running_loop()
    idle: list[Responses] = []
    latencies: list[float] = []
    sent = request(port)

    async def one(planned: float) -> None:
        if idle:
            connection = idle.pop()
        else:
            _, connection = await loop.create_connection(Responses, "127.0.0.1", port)
        await connection.send(sent)
        latencies.append(time.perf_counter() - planned)
        idle.append(connection)

    began = time.perf_counter()
    tasks = []
    for number in range(int(rate * seconds)):
        planned = began + number / rate
        if (early := planned - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        tasks.append(loop.create_task(one(planned)))
    await asyncio.gather(*tasks)
    for connection in idle:
        assert connection.transport is not None
        connection.transport.close()
    return latencies


def p99(latencies: list[float]) -> float:
    """Milliseconds that one in a hundred takes longer than."""
    return sorted(latencies)[len(latencies) * 99 // 100] * 1000


def measure(servers: Mapping[str, Server], rate: float, rounds: int, seconds: float) -> Mapping[str, list[float]]:
    """The p99 of each, milliseconds, by name."""
    asked = [each.name for each in (HIVESTAND_REDIS, HIVESTAND_MEMORY, PRISM_SMALL) if each.name in servers]
    found: dict[str, list[float]] = {name: [] for name in asked}
    for turn in range(rounds + 1):
        for name in asked:
            measured = p99(asyncio.run(late(servers[name].port, rate, seconds)))
            if turn:  # the first is the warm-up
                found[name].append(measured)
    return found


def figures(found: Mapping[str, list[float]], rate: float) -> Iterator[Figure]:
    """Each. They are not compared: what sends the requests takes most of a millisecond itself."""
    for name, rounds in found.items():
        yield median(f"p99 at {rate:.0f} requests/s, {name}", rounds, "ms")
