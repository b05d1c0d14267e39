"""A seeded defect of the mock server, and what the defects are made with.

Each helper gives a context manager: a server that is built and served under it has the defect. Whatever a defect
remembers, such as how many responses there were, it remembers in what its `apply` made, and so for one server alone.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final
from unittest.mock import patch

from asgi import request_of

from hivestand.handlers.event.encoding import EncodedEvent, current, encode, entry_of, pack
from hivestand.handlers.event.index import IndexEntry
from hivestand.handlers.event.normalise import Json, normalise_session
from hivestand.handlers.operations import OPERATIONS, Handler
from hivestand.handlers.request import Request, Response
from hivestand.handlers.store.memory.events import MemoryStore
from hivestand.handlers.store.memory.parted import PartedDict
from hivestand.handlers.tenant import Tenant
from hivestand.server import app as application
from hivestand.server.http.body import Limits
from hivestand.server.http.protocol import Respond
from hivestand.server.http.request import HttpRequest
from hivestand.server.http.response import HttpResponse

Patch = AbstractContextManager[Any]
NEW, OLD = "createSession", "startSessionLegacy"
BOTH: Final = (NEW, OLD)
PATHS: Final = {NEW: "/v1/sessions", OLD: "/session/start"}
GROUPS: Final = (
    "request handling",
    "identity",
    "fallbacks",
    "merging",
    "races",
    "isolation",
    "auth",
    "media types",
    "responses",
    "any operation on events",
    "events",
    "updates",
    "batches",
    "searches",
    "attributes of spans",
    "what sessions add up",
)
create_or_merge = MemoryStore.create_or_merge


@dataclass(frozen=True)
class Mutant:
    """A defect: `kills` is the id of the requirement that is meant to notice it."""

    name: str
    group: str
    kills: str
    apply: Callable[[], Patch]


class Group:
    """How a module of mutants declares them."""

    def __init__(self, name: str) -> None:
        """Start without any."""
        self.name = name
        self.mutants: list[Mutant] = []

    def __call__(self, name: str, kills: str) -> Callable[[Callable[[], Patch]], Callable[[], Patch]]:
        """Declare a mutant by what makes its patch."""

        def declare(apply: Callable[[], Patch]) -> Callable[[], Patch]:
            self.mutants.append(Mutant(name, self.name, kills, apply))
            return apply

        return declare


@dataclass(frozen=True)
class WireRequest:
    """A request on the wire; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        """The body's value, None where there is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def token(self) -> str:
        """The bearer token, or nothing."""
        return self.headers.get("authorization", "").partition(" ")[2].strip()

    def with_headers(self, **headers: str) -> "WireRequest":
        """The same call with these headers; an underscore stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})

    def without(self, header: str) -> "WireRequest":
        """The same call without a header."""
        return replace(self, headers={name: value for name, value in self.headers.items() if name != header})


@dataclass(frozen=True)
class WireResponse:
    """A response on the wire; header names are in lower case."""

    status: int
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    body: bytes = b"{}"

    @property
    def json(self) -> Json:
        """The body's value."""
        return json.loads(self.body)

    def but(self, body: Json = None, /, status: int | None = None, **headers: str) -> "WireResponse":
        """The same response with another status, other headers and another body: bytes, or what is made JSON."""
        named = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        text = self.body if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return WireResponse(status or self.status, named, text)

    def without(self, header: str) -> "WireResponse":
        """The same response without a header."""
        return replace(self, headers={name: value for name, value in self.headers.items() if name != header})


def sessions(change: Callable[[dict[str, Json]], Json], operations: tuple[str, ...] = BOTH) -> Patch:
    """Change what was sent as a session, before anything is made of it."""

    def changed(operation: str, body: Json) -> Json:
        if operation == NEW:
            return change(dict(body))
        return {**body, "session": change(dict(body["session"]))} if isinstance(body.get("session"), dict) else body

    return handlers(
        lambda name, handler, request: handler(request._replace(body=changed(name, request.body))), operations
    )


def bodies(change: Callable[[dict[str, Json]], Json], *operations: str) -> Patch:
    """Change the whole body, wrapper included."""
    return handlers(lambda _, handler, request: handler(request._replace(body=change(request.body))), operations)


def responses(change: Callable[[dict[str, Json]], Json], operations: tuple[str, ...] = BOTH) -> Patch:
    """Change the event that is answered, and not what is stored; bytes are sent as they are."""

    async def changed(_: str, handler: Handler, request: Request) -> Response:
        reply = await handler(request)
        body = change(json.loads(reply.body))
        text = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return reply._replace(body=text)

    return handlers(changed, operations)


def handlers(
    around: Callable[[str, Handler, Request], Awaitable[Response]], operations: tuple[str, ...] = BOTH
) -> Patch:
    """Put something around the handlers of operations."""

    def wrapped(name: str, handler: Handler) -> Handler:
        async def handle(request: Request) -> Response:
            return await around(name, handler, request)

        return handle

    return patch.dict(OPERATIONS, {name: wrapped(name, OPERATIONS[name]) for name in operations})


def events(change: Callable[[dict[str, Json], dict[str, Json]], Json]) -> Patch:
    """Change the event that a session makes, before it is stored; `change` is given the event and what was sent."""
    normalise: Any = normalise_session

    def changed(sent: dict[str, Json], clock: Any, **older: bool) -> Any:
        event, told = normalise(sent, clock, **older)
        return change(event, sent), told

    @contextmanager
    def both() -> Iterator[None]:
        with (
            patch("hivestand.handlers.api.sessions.normalise_session", changed),
            patch("hivestand.handlers.api.sessions.entry_of", _entry),
        ):
            yield

    return both()


def _entry(event: Any) -> IndexEntry:
    """An entry of the index, whatever an event has in place of a time: what is broken is not the index."""
    entry = entry_of(event)
    return entry if type(entry.start_time) is int else entry._replace(start_time=0)


def texts(change: Callable[[str], Json]) -> Callable[[Json], Json]:
    """A change of every string in a JSON value, keys left alone."""
    return members(lambda value: change(value) if isinstance(value, str) else value)


def rounded(value: Json) -> Json:
    """A number as a double has it."""
    return int(float(value)) if type(value) is int else value


def members(change: Callable[[Json], Json]) -> Callable[[Json], Json]:
    """A change of every value in a JSON value that is no container."""

    def changed(value: Json) -> Json:
        if isinstance(value, dict):
            return {name: changed(member) for name, member in value.items()}
        return [changed(item) for item in value] if isinstance(value, list) else change(value)

    return changed


def of(name: str, change: Callable[[Json], Json]) -> Callable[..., Json]:
    """A change of one member of an event or session, where it is there."""

    def changed(event: dict[str, Json], *_: Any) -> Json:
        return {**event, name: change(event[name])} if name in event else event

    return changed


def put(**named: Json) -> Callable[..., Json]:
    """A change that puts members into an event or session."""
    return lambda event, *_: {**event, **named}


def cut(*names: str) -> Callable[..., Json]:
    """A change that leaves members out of an event or session."""
    return lambda event, *_: {name: value for name, value in event.items() if name not in names}


def new_ids(make: Callable[[], Json]) -> Patch:
    """Other ids where none was sent that can be used."""
    return patch("hivestand.handlers.clock.SystemClock.new_id", lambda _: make())


def clock(now: Callable[[], Json]) -> Patch:
    """Another current time."""
    return patch("hivestand.handlers.clock.SystemClock.now", lambda _: now())


def store(method: Callable[[Any, Tenant, IndexEntry, EncodedEvent], Awaitable[EncodedEvent]]) -> Patch:
    """Another way to create and merge."""
    return patch.object(MemoryStore, "create_or_merge", method)


def keep(store: MemoryStore, tenant: Tenant, event_id: str, event: EncodedEvent) -> EncodedEvent:
    """Write, whatever is there."""
    store._events.setdefault(tenant.digest, PartedDict())[event_id] = pack(event)  # noqa: SLF001
    return event


def merging(change: Callable[[dict[str, Json], dict[str, Json]], dict[str, Json]]) -> Patch:
    """Another merge; `change` gives the event after it, of the one that is there and the one of the second post."""

    async def merge(self: MemoryStore, tenant: Tenant, entry: IndexEntry, event: EncodedEvent) -> EncodedEvent:
        there = await self.read(tenant, entry.event_id)
        if there is None:
            return await create_or_merge(self, tenant, entry, event)
        return keep(self, tenant, entry.event_id, closed(change(opened(there), opened(event))))

    return store(merge)


def opened(event: EncodedEvent) -> dict[str, Json]:
    """The event that a store holds, without its tenant's ids."""
    held: dict[str, Json] = json.loads(current(event))
    return held


def closed(event: Any) -> EncodedEvent:
    """The other way round."""
    return encode(event)


def merged(there: dict[str, Json], new: dict[str, Json]) -> dict[str, Json]:
    """The event after a merge as it should be."""
    return {**there, **{name: {**there[name], **new[name]} for name in ("metadata", "user_properties")}}


def wire(
    response: Callable[[WireRequest, WireResponse], WireResponse] = lambda _, response: response,
    request: Callable[[WireRequest], WireRequest] = lambda request: request,
) -> Patch:
    """Change requests before the application has them, and responses after."""
    build = application.build

    def built(*arguments: Any) -> Respond:
        respond = build(*arguments)

        async def changed(came: HttpRequest) -> HttpResponse | None:
            wired = await _wired(came)
            served = await respond(_request_of(request(wired), came))
            return None if served is None else _response_of(response(wired, _wire_of(served)))

        return changed

    return patch("hivestand.server.app.build", built)


def at(path_of: str) -> Callable[[WireRequest], bool]:
    """Whether a call is one of an operation."""
    return lambda call: call.path == PATHS[path_of]


async def _wired(request: HttpRequest) -> WireRequest:
    body = await request.body.read(Limits(100_000_000, 60))
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
    return WireRequest(request.method, request.path, headers, body)


def _request_of(wired: WireRequest, came: HttpRequest) -> HttpRequest:
    """The request as the application gets it, with whatever was changed."""
    named = {**wired.headers, "content-length": str(len(wired.body))} if wired.body else wired.headers
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()]
    return request_of(wired.method, wired.path, headers, wired.body, came.query)


def _wire_of(response: HttpResponse) -> WireResponse:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
    return WireResponse(response.status, {"content-type": response.media_type.decode(), **headers}, response.body)


def _response_of(wired: WireResponse) -> HttpResponse:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in wired.headers.items()]
    media_type = dict(headers).get(b"content-type", b"")
    return HttpResponse(wired.status, [each for each in headers if each[0] != b"content-type"], wired.body, media_type)
