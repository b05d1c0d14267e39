"""What requirements do to a target: send requests, read back what was stored, and remember every exchange."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from itertools import count
from random import Random
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from hivestand.conformance.exchange import Exchange, ReceivedResponse, SentRequest
from hivestand.conformance.history import SessionHistory, SessionPost, canonical
from hivestand.conformance.operations import ADDING, BATCHES, CREATING, ROUTES, SESSIONS, example_of
from hivestand.conformance.sent import sessions_in
from hivestand.conformance.target import OK, Target

T = TypeVar("T")
PATHS = {name: route.path for name, route in ROUTES.items()}
FIRST_PAUSE = {True: 0.02, False: 0.25}  # seconds before a read is repeated, by whether the target is on this machine
FORBIDDEN, NOT_FOUND = 403, 404
NO_SUCH_METHOD = frozenset({405, 501})
NOT_SEEN = "what was stored is not to be seen"
STORING = frozenset({*CREATING, *ADDING, *BATCHES})
MARK = "hivestand_check"  # the key in metadata that marks a session as the suite's


class CannotTest(Exception):
    """A requirement cannot be tested on this target; the message says why."""


class Id(NamedTuple):
    """An id in a case that no other run uses; ids of one version are the same UUID in all posts of the case."""

    version: int = 4
    form: str = "{}"
    upper: bool = False


SAME = Id()


class Api:
    """A target, all exchanges with it so far, and ids that are unique to the run."""

    def __init__(self, target: Target, run_id: str, dice: Random, headers: Mapping[str, str], *, quick: bool) -> None:
        """Mark what is created with `run_id`, draw ids from `dice`, and send `headers` with every request.

        A quick run tries only a few of several similar things.
        """
        self.target = target
        self.history = SessionHistory()
        self.exchanges: list[Exchange] = []
        self.steps: dict[int, SessionPost] = {}  # by the index of their exchange
        self.started: set[str] = set()  # sessions that no response names
        self._samples: dict[str, Exchange] = {}
        self._made: dict[str, Any] = {}
        self._unmarked: set[tuple[str, str]] = set()
        self.run_id = run_id
        self._dice = dice
        self._headers = headers
        self._quick = quick
        self._patience = target.access.patience

    @property
    def is_strict(self) -> bool:
        """Whether the target is asked to check bodies against their schema."""
        return "Prefer" in self._headers

    def few(self, things: Sequence[T], number: int = 1) -> Sequence[T]:
        """The first `number` of the things in a quick run, all of them otherwise."""
        return things[:number] if self._quick else things

    def new_id(self) -> str:
        """A UUIDv4 that depends on the seed alone."""
        return str(UUID(int=self._dice.getrandbits(128), version=4))

    def send(self, request: SentRequest) -> Exchange:
        """Send a request and remember the exchange."""
        request = self.with_headers(request)
        exchange = Exchange(request, self.target.send(request))
        self.remember(exchange)
        return exchange

    def start(self, session: Any, operation: str = "createSession", **changes: Any) -> Exchange:
        """Post a session to an operation that starts one, in the wrapper that it needs; returns the exchange."""
        return self.send(request_of(session, operation, **changes))

    def call(self, operation: str, body: Any = None, id_: str = "", **changes: Any) -> Exchange:
        """Send a body to an operation, with an id for the parameter of its path; returns the exchange."""
        return self.send(call_of(operation, body, id_, **changes))

    def sample(self, operation: str) -> SentRequest:
        """A request that an operation has to accept; its body is the document's example where none is made here."""
        if operation in SESSIONS:
            return request_of(self.marked({}), operation)
        event, session_id = self.event(), self.session_id
        bodies: dict[str, Any] = {
            "createEvent": event,
            "createEventLegacy": {"event": event},
            "createSessionEventBatch": {"events": [event]},
            "addSessionTracesLegacy": {"events": [event]},
            "createEventBatch": {"events": [event]},
            "createEventBatchLegacy": {"events": [event]},
            "updateEvent": self.marked({}),
            "updateEventLegacy": {**self.marked({}), "event_id": self.event_id},
            "searchEvents": {"limit": 1},
            "exportEventsLegacy": {"limit": 1},
            "exportTraces": {"resourceSpans": []},
        }
        id_ = self.event_id if "{event_id}" in PATHS[operation] else session_id
        return call_of(operation, bodies[operation] if operation in bodies else example_of(operation), id_)

    def event(self, **properties: Any) -> dict[str, Any]:
        """An event that has to be accepted: in the run's own session unless another is named, with the run's mark."""
        return self.marked({"event_type": "tool", "inputs": {}, "session_id": self.session_id, **properties})

    def read(self, event_id: str, is_there: Callable[[Mapping[str, Any]], bool] = bool) -> Exchange:
        """Get an event that exists, and again for a while until `is_there` holds.

        Raises:
            CannotTest: events cannot be read, or the event stays invisible, which another requirement reports.
        """
        if reason := self.lacking("getEvent"):
            raise CannotTest(f"getEvent: {reason}")
        exchange = self.look(event_id, is_there)
        if exchange.response.status == NOT_FOUND:
            raise CannotTest(NOT_SEEN)
        return exchange

    def look(self, event_id: str, is_there: Callable[[Mapping[str, Any]], bool] = bool) -> Exchange:
        """Get an event, whether it exists or not, and again for a while until `is_there` holds."""
        return self._until(
            lambda: self.call("getEvent", id_=event_id), lambda exchange: is_there(exchange.response.held)
        )

    def find(self, session_id: str, number: int, operation: str = "searchEvents", **query: Any) -> Exchange:
        """Search for the events of a session, and again for a while until `number` are found.

        Raises:
            CannotTest: events cannot be searched.
        """
        if reason := self.lacking(operation):
            raise CannotTest(f"{operation}: {reason}")
        by_session = {"field": "session_id", "operator": "is", "value": session_id, "type": "string"}
        body = {"filters": [by_session, *query.pop("filters", ())], **query}
        return self._until(lambda: self.call(operation, body), lambda exchange: len(exchange.response.found) == number)

    def _until(self, look: Callable[[], Exchange], is_seen: Callable[[Exchange], bool]) -> Exchange:
        """Repeat a request until `is_seen` holds for it, as a write may become visible later than its response.

        The wait becomes shorter each time, so that a target that never shows anything costs little.
        """
        began, pause = time.monotonic(), FIRST_PAUSE[self.target.access.is_near]
        for looks in count():
            exchange = look()
            if is_seen(exchange):
                self._patience = self.target.access.patience if looks else self._patience
                return exchange
            if time.monotonic() - began >= self._patience:
                break
            time.sleep(min(pause * 2**looks, self._patience))
        self._patience /= 2
        return exchange

    def once(self, name: str, make: Callable[[], T]) -> T:
        """A value that several requirements share, computed when it is first needed."""
        if name not in self._made:
            self._made[name] = make()
        made: T = self._made[name]
        return made

    def lacking(self, operation: str) -> str:
        """Why the target cannot serve an operation, found out by one request; an empty string if it can."""
        response = self.sampled(operation).response
        if response.status == FORBIDDEN:
            return "the token may not do this"
        return "the target does not know the operation" if self.is_unknown(response) else ""

    def is_unknown(self, response: ReceivedResponse) -> bool:
        """Whether the target has no such operation: a 404 counts if its message is that of an unknown path."""
        if response.status != NOT_FOUND:
            return response.status in NO_SUCH_METHOD
        said = response.event.get("message")
        return not isinstance(said, str) or said == self._nowhere

    @cached_property
    def _nowhere(self) -> object:
        """The message of the target for an unknown path."""
        request = self.with_headers(SentRequest("createEvent", f"{PATHS['createEvent']}-no-such-route/at-all", b"{}"))
        return self.target.send(request).event.get("message")

    def sampled(self, operation: str) -> Exchange:
        """The exchange of a valid request to the operation, sent when it is first needed."""
        if operation not in self._samples:
            request = self.sample(operation)
            self._samples[operation] = self._until(
                lambda: self.send(request),
                lambda each: each.response.status != NOT_FOUND or self.is_unknown(each.response),
            )
        return self._samples[operation]

    @cached_property
    def session_id(self) -> str:
        """A session for events that need one, started when it is first needed."""
        session_id = self.new_id()
        self.start(self.marked({"session_id": session_id, "event_name": "events of hivestand check"}))
        return session_id

    @cached_property
    def event_id(self) -> str:
        """An event of that session, created when it is first needed; the session itself if none can be created."""
        created = self.call("createEvent", self.event(event_name="an event of hivestand check"))
        return canonical(created.response.event.get("event_id")) or self.session_id

    def posts(self, bodies: Sequence[Mapping[str, Any]], operation: str) -> Iterator[SessionPost]:
        """Post the sessions of a case one after the other; yields those that the target started."""
        bits = self._dice.getrandbits(128)
        for body in bodies:
            session = {name: _made(value, bits) if isinstance(value, Id) else value for name, value in body.items()}
            self.start(self.marked(session), operation)
            step = self.steps.get(len(self.exchanges) - 1)
            if step is not None:
                yield step

    def marked(self, session: Mapping[str, Any]) -> dict[str, Any]:
        """The session with the run's mark in its metadata, if that is an object."""
        metadata = session.get("metadata", {})
        if not isinstance(metadata, dict):
            return dict(session)
        return {**session, "metadata": {**metadata, MARK: self.run_id}}

    def with_marks(self, operation: str, body: Any) -> Any:
        """A body with the run's mark in the metadata of all that it stores, and a session for every event."""
        if not isinstance(body, dict) or operation not in STORING:
            return body
        if operation == "createEvent":
            return self._with_mark(body, {"session_id": self.session_id})
        known = {"session_id": self.session_id} if operation in CREATING else {}
        sessions = ("session_properties", "session") if operation in BATCHES else ()
        return {
            **{name: self._with_mark(value, known) for name, value in body.items()},
            **{name: self._with_mark(body.get(name, {}), {}) for name in sessions},
        }

    def _with_mark(self, value: Any, known: Mapping[str, Any]) -> Any:
        """An event, session or list of them with the mark, whatever the metadata is."""
        if isinstance(value, list):
            return [self._with_mark(each, {"session_id": self.session_id}) for each in value]
        if not isinstance(value, dict):
            return value
        named = value if canonical(value.get("session_id")) else {**value, **known}
        return self.marked(named if isinstance(named.get("metadata"), dict) else {**named, "metadata": {}})

    def note_unmarked(self, session_id: str) -> None:
        """Note that a session is the run's which does not have its mark, as a span created it."""
        self.started.add(session_id)
        self._unmarked.add(("first", session_id))

    def mark_rest(self) -> None:
        """Merge the run's mark into the sessions that do not have it yet: once, unless the response lacks it."""
        for token, session_id in sorted(self._unmarked):
            self._unmarked.discard((token, session_id))
            self.start(self.marked({"session_id": session_id}), token=token)

    def at_once(self, requests: Sequence[SentRequest]) -> list[Exchange]:
        """Send requests at the same time, each from its own thread; rules skip their sessions, as the order is open."""
        gate = threading.Barrier(len(requests))

        def send(request: SentRequest) -> Exchange:
            request = self.with_headers(request)
            gate.wait()
            return Exchange(request, self.target.send(request))

        self.history.mark_unordered(requests)
        with ThreadPoolExecutor(len(requests)) as threads:
            exchanges = list(threads.map(send, requests))
        self.exchanges += exchanges
        return exchanges

    def with_headers(self, request: SentRequest) -> SentRequest:
        """The request with the headers of every request."""
        return replace(request, headers={**request.headers, **self._headers})

    def remember(self, exchange: Exchange) -> SessionPost | None:
        """Add an exchange to the history; returns the session that it started, if any."""
        self.exchanges.append(exchange)
        step = self.history.step(exchange)
        if step is not None:
            self.steps[len(self.exchanges) - 1] = step
            self._note_mark(step)
        elif exchange.request.operation in STORING and exchange.response.status == OK:
            self.started |= sessions_in(exchange.request)
        return step

    def _note_mark(self, step: SessionPost) -> None:
        metadata = step.event.get("metadata")
        session_id = canonical(step.event.get("session_id"))
        bears = isinstance(metadata, dict) and metadata.get(MARK) == self.run_id
        if session_id:
            change = self._unmarked.discard if bears else self._unmarked.add
            change((step.exchange.request.token or "", session_id))


def request_of(session: Any, operation: str = "createSession", **changes: Any) -> SentRequest:
    """The request that posts a session."""
    body = {"session": session} if operation == "startSessionLegacy" else session
    text = json.dumps(body, ensure_ascii=False).encode()
    return SentRequest(operation, PATHS[operation], text, **changes)


def call_of(operation: str, body: Any = None, id_: str = "", **changes: Any) -> SentRequest:
    """The request that sends a body to an operation, whose path may contain an id."""
    route = ROUTES[operation]
    path = re.sub(r"\{\w+\}", id_, route.path)
    text = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    headers = {} if body is None else {"Content-Type": "application/json"}
    return SentRequest(operation, path, text, **{"method": route.method, "headers": headers, **changes})


def _made(id_: Id, bits: int) -> str:
    versioned = bits & ~(0xF << 76) & ~(0b11 << 62) | id_.version << 76 | 0b10 << 62  # RFC 9562, 4.1 and 4.2
    text = id_.form.format(UUID(int=versioned))
    return text.upper() if id_.upper else text
