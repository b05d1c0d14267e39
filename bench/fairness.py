"""What one client's largest requests cost the others: how long another tenant's small POST waits meanwhile.

Each case is prepared, then sent by one client while another, in a process of its own, starts a small session every five
milliseconds. What counts is the longest that one of those waited, and by how much the server's memory grew at its peak.
"""

import asyncio
import gzip
import json
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench import page
from bench.contenders import Contender, hivestand, serving
from bench.figure import Figure
from bench.processes import redis
from bench.session import PATH, body

REACH: Final = 250.0  # milliseconds that another's request may wait
GROWTH: Final = 20.0  # times the request that the server may grow by
SMALL: Final = 1024 * 1024  # bytes of a request below which growth is counted as if it had that size
PAUSE: Final = 0.005  # seconds between two small requests
MIB: Final = 1024 * 1024
_LARGE: Final = ("--max-body", str(11 * MIB), "--journal", "100000")
STORES: Final = (
    Contender("memory", hivestand("memory://", *_LARGE)),
    Contender("Redis", hivestand("redis://{redis}/0", *_LARGE)),
)
BATCH: Final = "/v1/events/batch"
SEARCH: Final = "/v1/events/search"
EXPORT: Final = "/v1/events/export"
TRACES: Final = "/opentelemetry/v1/traces"
ADMIN: Final = "/__admin"


class Sent(NamedTuple):
    """A request of a case; without a body it is a GET."""

    path: str
    body: bytes = b""
    method: str = "POST"
    headers: Mapping[str, str] = {}


class Case(NamedTuple):
    """One attack: what is sent before, and what while the small requests are timed."""

    name: str
    attack: Callable[[], Sequence[Sent]]
    before: Callable[[], Iterable[Sent]] = tuple
    stores: Sequence[str] = ("memory", "Redis")


class Measured(NamedTuple):
    """What a case cost.

    Attributes:
        wait: the longest that a small request waited, milliseconds.
        seconds: that the attack took.
        growth: bytes that the server's memory grew by at its peak.
        size: bytes of the attack's bodies.
        statuses: those of its responses, in order.
    """

    wait: float
    seconds: float
    growth: int
    size: int
    statuses: Sequence[int]

    @property
    def times(self) -> float:
        """How many times the request the server grew by; a small request counts as a MiB."""
        return self.growth / max(SMALL, self.size)


def measure(folder: Path, only: str = "") -> Iterator[tuple[str, str, Measured]]:
    """Each case on each store: names of the case and the store, and what it cost."""
    for store in STORES:
        with redis() as port, serving(store, port, folder) as server:
            for case in CASES:
                if store.name in case.stores and only in case.name:
                    yield case.name, store.name, asyncio.run(_measure(case, server.port, server.pid))


def figures(folder: Path) -> Iterator[Figure]:
    """The wait of each case on each store, and how much it grew; writes the table of `docs/performance.md`."""
    rows: dict[str, dict[str, Measured]] = {}
    for case, store, measured in measure(folder):
        rows.setdefault(case, {})[store] = measured
        yield Figure(f"wait of another: {case}, {store}", measured.wait, "ms", (), REACH, "at most")
        yield Figure(f"growth: {case}, {store}", measured.times, "times the request", (), GROWTH, "at most")
    page.replace(page.PAGE, "fairness", list(_table(rows)))


def _table(rows: Mapping[str, Mapping[str, Measured]]) -> Iterator[str]:
    """The lines of the table: a row for each case."""
    names = [store.name for store in STORES]
    yield "| one client sends | response | " + " | ".join(f"{name}: another waits | grown" for name in names) + " |"
    yield "|---|---|" + "---|---|" * len(names)
    for case, found in rows.items():
        statuses = sorted({status for measured in found.values() for status in measured.statuses})
        cells = []
        for name in names:
            measured = found.get(name)
            cells.append("- | -" if measured is None else f"{measured.wait:.0f} ms | {measured.growth / MIB:.0f} MiB")
        yield f"| {case} | {', '.join(map(str, statuses))} | {' | '.join(cells)} |"


async def _measure(case: Case, port: int, pid: int) -> Measured:
    await _send(port, case.before())
    attack = case.attack()
    await asyncio.sleep(0.5)
    ours, theirs = multiprocessing.Pipe()
    prober = multiprocessing.get_context("spawn").Process(target=probe, args=(port, theirs), daemon=True)
    prober.start()
    await asyncio.to_thread(ours.recv)  # it sends
    before = _resident(pid)
    _forget_peak(pid)
    began = time.perf_counter()
    statuses = [status for sent in attack for status in await _send(port, [sent])]
    seconds = time.perf_counter() - began
    await asyncio.sleep(0.3)
    ours.send(None)
    wait = await asyncio.to_thread(ours.recv)
    await asyncio.to_thread(prober.join)
    growth = _peak(pid) - before
    await _send(port, [Sent(f"{ADMIN}/reset", b"{}"), Sent(f"{ADMIN}/faults", b"{}", "DELETE")])
    return Measured(wait * 1000, seconds, growth, sum(len(sent.body) for sent in attack), statuses)


def probe(port: int, pipe: Connection) -> None:
    """Start small sessions until something comes down the pipe; put the longest wait, seconds, into it."""
    asyncio.run(_probe(port, pipe))


async def _probe(port: int, pipe: Connection) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    small = _request(port, Sent(PATH, body()), "another")
    longest = 0.0
    for number in range(10**9):
        began = time.perf_counter()
        writer.write(small)
        await _response(reader)
        waited = time.perf_counter() - began
        if number == 20:  # warm by now
            pipe.send(None)
        if number >= 20:
            longest = max(longest, waited)
            if pipe.poll():
                break
        await asyncio.sleep(PAUSE)
    writer.close()
    pipe.send(longest)


def _request(port: int, sent: Sent, token: str) -> bytes:
    fields = {
        "Host": f"127.0.0.1:{port}",
        "Content-Type": "application/json",
        **({} if sent.path.startswith(ADMIN) else {"Authorization": f"Bearer {token}"}),
        **sent.headers,
        "Content-Length": str(len(sent.body)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{sent.method} {sent.path} HTTP/1.1\r\n{head}\r\n".encode() + sent.body


async def _send(port: int, requests: Iterable[Sent]) -> Sequence[int]:
    """Send them one after the other; returns the statuses of their responses."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        statuses = []
        for sent in requests:
            writer.write(_request(port, sent, "attacker"))
            statuses.append(await _response(reader))
        return statuses
    finally:
        writer.close()


async def _response(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r")[0])
    while length:
        part = await reader.read(min(length, MIB))
        length -= len(part)
        if not part:
            raise ConnectionError("closed")
    return int(head.split(b" ", 2)[1])


def _resident(pid: int) -> int:
    return _status(pid, "VmRSS")


def _forget_peak(pid: int) -> None:
    """Have the peak begin here."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def _peak(pid: int) -> int:
    return _status(pid, "VmHWM")


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


# what is sent


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _members(count: int) -> dict[str, int]:
    return {f"{number:06}": 1 for number in range(count)}


def _event(number: int = 0, **members: Any) -> dict[str, Any]:
    return {"event_type": "tool", "inputs": {}, "start_time": number, **members}


def _events(count: int, **members: Any) -> Iterator[Sent]:
    for at in range(0, count, 2500):
        yield Sent(BATCH, _json({"events": [_event(number, **members) for number in range(at, min(count, at + 2500))]}))


def _large(count: int, size: int = 9 * MIB) -> Iterator[Sent]:
    for number in range(count):
        yield Sent("/v1/events", _json(_event(number, outputs={"text": "x" * size})))


def _filter(field: str, value: Any = "x", operator: str = "is") -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value, "type": "string"}


def _spans(count: int, attributes: int = 0) -> bytes:
    sent = [{"key": f"k{number}", "value": {"intValue": number}} for number in range(attributes)]
    spans = [
        {
            "traceId": "5b8efff798038103d269b633813fc60c",
            "spanId": f"{number + 1:016x}",
            "name": "s",
            **({"attributes": sent} if sent else {}),
        }
        for number in range(count)
    ]
    return _json({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})


def _protobuf(count: int, attributes: int) -> bytes:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for number in range(count):
        span = spans.add(trace_id=b"t" * 16, span_id=(number + 1).to_bytes(8, "big"), name="s")
        for place in range(attributes):
            span.attributes.add(key=f"k{place:05}").value.int_value = place
    return bytes(request.SerializeToString())


def _texts(count: int) -> bytes:
    """A span with so many arguments, 10 MiB in all, each a JSON text."""
    text = f"[{', '.join(['[]'] * (10 * MIB // 4 // count - 20))}]"
    sent = [{"key": f"honeyhive_inputs.{number}", "value": {"stringValue": text}} for number in range(count)]
    span = {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "1" * 16, "name": "s", "attributes": sent}
    return _json({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})


def _dense() -> Iterator[Sent]:
    """An event that grows to a size that no request has, of the smallest values that there are."""
    yield Sent("/v1/events", _json(_event(event_id=SESSION)))
    for number in range(11):
        lists = b",".join([b"[]"] * 249_000)
        yield Sent("/events", b'{"event_id":"%b","metadata":{"%d":[%b]}}' % (SESSION.encode(), number, lists), "PUT")


NUMBER: Final = {"field": "a", "operator": "is", "value": "[" * 5 * MIB + "]" * 5 * MIB, "type": "number"}
PROTOBUF: Final = {"Content-Type": "application/x-protobuf"}
GZIP: Final = {"Content-Encoding": "gzip"}
STRICT: Final = {"Prefer": "handling=strict"}
SESSION: Final = "11111111-1111-4111-8111-111111111111"

CASES: Final = (
    Case("search: a field of 300,000 dots", lambda: [Sent(SEARCH, _json({"filters": [_filter("." * 300_000)]}))]),
    Case(
        "search: 1,000 filters on 2,000 events",
        lambda: [Sent(SEARCH, _json({"filters": [_filter("a")] * 1000}))],
        lambda: _events(2000),
    ),
    Case(
        "search: 100 filters of 10 dots on 7,500 events",
        lambda: [Sent(SEARCH, _json({"filters": [_filter("metadata.a.a.a.a.a.a.a.a.a.a", "x", "is not")] * 100}))],
        lambda: _events(7500),
    ),
    Case(
        "search: contains over 180 MB",
        lambda: [Sent(SEARCH, _json({"filters": [_filter("outputs.text", "y", "contains")]}))],
        lambda: _large(20),
    ),
    Case("search: a page of 30 events of 9 MB", lambda: [Sent(SEARCH, b"{}")], lambda: _large(30)),
    Case(
        "export: 100 projections of 7,500 events",
        lambda: [Sent(EXPORT, _json({"limit": 7500, "projections": [f"metadata.a{n}.b" for n in range(100)]}))],
        lambda: _events(7500),
    ),
    Case(
        "export: 2,000 projections of 7,500 events",
        lambda: [Sent(EXPORT, _json({"limit": 7500, "projections": ["a"] * 2000}))],
        lambda: _events(7500),
    ),
    Case(
        "search: the last page of 50,000 events",
        lambda: [Sent(SEARCH, _json({"page": 50_000, "limit": 1}))],
        lambda: _events(50_000),
    ),
    Case(
        "verify: a pattern of 10 MB",
        lambda: [Sent(f"{ADMIN}/requests/verify", _json({"body": {"x": "y" * 10 * MIB}}))],
    ),
    Case(
        "verify: a pattern of 120 KB on 1,000 requests",
        lambda: [Sent(f"{ADMIN}/requests/verify", _json({"body": _members(10_000)}))],
        lambda: [Sent(PATH, _json({"metadata": _members(5000)}))] * 1000,
    ),
    Case(
        "journal: count of 60,000 entries",
        lambda: [Sent(f"{ADMIN}/requests/count", method="GET")],
        lambda: [Sent(PATH, b"{}")] * 60_000,
    ),
    Case("OTLP JSON: 65,000 spans", lambda: [Sent(TRACES, _spans(65_000))]),
    Case("OTLP JSON: 50,000 spans", lambda: [Sent(TRACES, _spans(50_000))]),
    Case("OTLP JSON: 5 spans of 9,000 attributes", lambda: [Sent(TRACES, _spans(5, 9000))]),
    Case("OTLP JSON: 10 MiB of JSON text in an attribute", lambda: [Sent(TRACES, _texts(1))]),
    Case("OTLP JSON: 10 MiB of JSON texts in 10,000 attributes", lambda: [Sent(TRACES, _texts(10_000))]),
    Case(
        "search: an event of 8 MiB of empty lists, made by updates",
        lambda: [Sent(SEARCH, _json({"filters": [_filter("metadata.a", "x", "is not")]}))],
        _dense,
    ),
    Case(
        "export: a projection of an event of 8 MiB of empty lists",
        lambda: [Sent(EXPORT, _json({"projections": ["metadata"]}))],
        _dense,
    ),
    Case("search: 10 MiB of brackets as a number", lambda: [Sent(SEARCH, _json({"filters": [NUMBER]}))]),
    Case("protobuf: a span of 650,000 attributes", lambda: [Sent(TRACES, _protobuf(1, 650_000), headers=PROTOBUF)]),
    Case("protobuf: 65 spans of 10,000 attributes", lambda: [Sent(TRACES, _protobuf(65, 10_000), headers=PROTOBUF)]),
    Case("protobuf: 250,000 spans", lambda: [Sent(TRACES, _protobuf(250_000, 0), headers=PROTOBUF)]),
    Case("create: 780,000 members of metadata", lambda: [Sent(PATH, _json({"metadata": _members(780_000)}))]),
    Case("create: 10,000 members in each object", lambda: [Sent("/v1/events", _json(_full(10_000)))]),
    Case(
        "merge: 10,000 new members, six times",
        lambda: [
            Sent(PATH, _json({"session_id": SESSION, "metadata": {f"{turn}{name}": 1 for name in _members(10_000)}}))
            for turn in range(6)
        ],
    ),
    Case("unknown: 740,000 members", lambda: [Sent(PATH, _json(_members(740_000)))]),
    Case("unknown: 740,000 members, strict", lambda: [Sent(PATH, _json(_members(740_000)), headers=STRICT)]),
    Case("unknown: 249,000 members", lambda: [Sent(PATH, _json(_members(249_000)))]),
    Case("unknown: 249,000 members, strict", lambda: [Sent(PATH, _json(_members(249_000)), headers=STRICT)]),
    Case(
        "strict: 900,000 wrong items",
        lambda: [Sent(PATH, _json({"children_ids": [1] * 900_000}), headers=STRICT)],
    ),
    Case("nested: 4,000,000 brackets", lambda: [Sent(PATH, b'{"a":%b}' % (b"[" * 4 * MIB + b"]" * 4 * MIB))]),
    Case("nested: 10 MiB of empty lists", lambda: [Sent(PATH, b'{"a":[%b]}' % b",".join([b"[]"] * (3 * MIB)))]),
    Case("batch: 40,000 events", lambda: [Sent(BATCH, _json({"events": [_event()] * 40_000}))]),
    Case("batch: 1.2 M events with unknown members", lambda: [Sent(BATCH, _json({"events": [{"a": 1}] * 1_200_000}))]),
    Case("batch: 80,000 events with unknown members", lambda: [Sent(BATCH, _json({"events": [{"a": 1}] * 80_000}))]),
    Case(
        "batch: 15,000 events in a window",
        lambda: [Sent(BATCH, _json({"events": [_event()] * 15_000}))],
        lambda: [Sent(f"{ADMIN}/faults", _json({"window": 500}))],
    ),
    Case(
        "metrics: after every status of every operation",
        lambda: [Sent(f"{ADMIN}/metrics", method="GET")],
        lambda: [
            Sent(path, b"{}", headers={"Prefer": f"code={status}"})
            for path in (PATH, "/v1/events", BATCH, SEARCH, EXPORT, "/session/start", "/events", "/events/batch")
            for status in range(200, 600)
            if status not in {204, 304}
        ],
    ),
    Case("gzip: 5 MiB of spans", lambda: [Sent(TRACES, gzip.compress(_spans(65_000)), headers=GZIP)]),
    Case("reset: 100,000 events", lambda: [Sent(f"{ADMIN}/reset", b"{}")], lambda: _events(100_000)),
)


def _full(count: int) -> dict[str, Any]:
    names = ("metadata", "user_properties", "config", "feedback", "metrics")
    return {**_event(), **{name: _members(count) for name in names}}
