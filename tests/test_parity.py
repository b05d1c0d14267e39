"""10,000 random bodies, posted to a server on each store: the same responses, all valid, none a fault."""

import json
import random
import string
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support import TOKEN, Running

from hivestand.handlers.event.normalise import FIELDS
from hivestand.openapi import load

COUNT = 10_000
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
MALFORMED = [b"", b"{", b"[1", b"nul", b'{"a":NaN}', b'{"a":"\xff"}', b'{"a":"\\ud800"}', b'{"a":1e999}', b"[" * 5000]
IDS = 400


class Bodies:
    """Random bodies: mostly objects of the contract's fields with right and wrong types, many with ids sent before."""

    def __init__(self, seed: int) -> None:
        """Repeat with the same seed."""
        self.random = random.Random(seed)  # noqa: S311 - not for secrets
        self.ids = [str(uuid.UUID(int=self.random.getrandbits(128))) for _ in range(IDS)]

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """A kind of body and its bytes, without end."""
        while True:
            kind = self.random.choices(["session", "malformed", "other"], [90, 4, 6])[0]
            make: Callable[[], bytes] = getattr(self, kind)
            yield kind, make()

    def session(self) -> bytes:
        """An object with some of the fields."""
        names = self.random.sample(sorted(FIELDS), self.random.randint(0, len(FIELDS)))
        sent = {name: self.right(name) if self.random.random() < 0.7 else self.anything() for name in names}
        if self.random.random() < 0.15:
            sent[self.text()] = self.anything()
        if self.random.random() < 0.5:
            known = self.random.choice(self.ids)
            sent["session_id"] = self.random.choice([known, known.upper()])
        return json.dumps(sent, ensure_ascii=self.random.random() < 0.5).encode()

    def malformed(self) -> bytes:
        """No JSON."""
        return self.random.choice(MALFORMED)

    def other(self) -> bytes:
        """Any JSON, mostly no object."""
        return json.dumps(self.anything()).encode()

    def right(self, name: str) -> Any:
        """A value of the documented type."""
        if name == "session_id":
            return str(uuid.UUID(int=self.random.getrandbits(128)))
        if name in {"session_name", "event_name", "source"}:
            return self.text()
        if name in {"start_time", "end_time", "duration"}:
            return self.number()
        if name == "children_ids":
            return [self.text() for _ in range(self.random.randint(0, 3))]
        return self.object()

    def anything(self, depth: int = 0) -> Any:
        """Any JSON value."""
        leaves: list[Callable[[], Any]] = [self.text, self.number, lambda: None, lambda: True, lambda: False]
        branches: list[Callable[[], Any]] = [
            lambda: [self.anything(depth + 1) for _ in range(2)],
            lambda: self.object(depth + 1),
        ]
        return self.random.choice(leaves if depth > 3 else leaves + branches)()

    def object(self, depth: int = 0) -> dict[str, Any]:
        """Any object, often with keys that others have too."""
        names = [self.random.choice(["", "a", "b", "c", self.text()]) for _ in range(self.random.randint(0, 4))]
        return {name: self.anything(depth + 1) for name in names}

    def number(self) -> float:
        """Any number: small, a time, at the limits, large, with a fraction."""
        limits = [0, -0.0, 2**53, 2**63 - 1, 2**63, -(2**63), 2**64, 10**40, 1e308, 5e-324, 0.1]
        makers: list[Callable[[], float]] = [
            lambda: self.random.randint(-10, 10),
            lambda: self.random.randint(10**12, 2 * 10**12),
            lambda: self.random.uniform(-1e6, 1e6),
            lambda: self.random.choice(limits),
        ]
        return self.random.choice(makers)()

    def text(self) -> str:
        """Any string, from empty to far off ASCII."""
        letters = string.printable + "\x00é\N{HONEYBEE}\u2028"
        return "".join(self.random.choices(letters, k=self.random.randint(0, 8)))


def post(connection: HTTPConnection, body: bytes) -> tuple[int, str | None, Any]:
    """The status, the fallbacks told, and the response."""
    connection.request("POST", "/v1/sessions", body, HEADERS)
    response = connection.getresponse()
    return response.status, response.getheader("Hivestand-Fallbacks"), json.loads(response.read())


def comparable(event: dict[str, Any], sent_ids: set[str], since: float) -> dict[str, Any]:
    """The response, ids and times of the server's own making aside."""
    made = {name: "an id" for name in ("event_id", "session_id") if event.get(name) not in sent_ids}
    for name in ("start_time", "end_time"):
        if event.get(name) is not None and (since - 1) * 1000 <= event[name] <= (time.time() + 1) * 1000:
            made[name] = "a time"
    return {**event, **made}


def validators() -> dict[int, Draft202012Validator]:
    """What a response of each status has to be valid under."""
    components = load("honeyhive")["components"]
    schemas = {200: "SessionEvent", 400: "Error"}
    return {
        status: Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})
        for status, name in schemas.items()
    }


@pytest.mark.parametrize("seed", [20261122])
def test_both_stores_answer_the_same(memory_server: Running, redis_backed_server: Running, seed: int) -> None:
    """Statuses, fallbacks and bodies, over sessions started and merged into; each valid under the document."""
    valid, bodies, since = validators(), Bodies(seed), time.time()
    sessions, repeated, seen = 0, 0, set[str]()
    with ExitStack() as stack:
        connections = [
            stack.enter_context(closing(HTTPConnection(*server.address, timeout=30)))
            for server in (memory_server, redis_backed_server)
        ]
        for _, (kind, body) in zip(range(COUNT), bodies, strict=False):
            responses = []
            for connection in connections:
                status, told, event = post(connection, body)
                assert status in valid, (body, event)
                valid[status].validate(event)
                responses.append((status, told, comparable(event, {*bodies.ids, _sent_id(body)}, since)))
            assert repr_of(responses[0]) == repr_of(responses[1]), body
            sessions += kind == "session"
            repeated += responses[0][2]["session_id"] in seen
            seen |= {responses[0][2]["session_id"]} - {"an id"}
    assert sessions > 0.7 * COUNT
    assert repeated > 0.2 * COUNT


def repr_of(event: Any) -> str:
    """Comparable by type too, but not by the order of keys."""
    return json.dumps(event, sort_keys=True)


def _sent_id(body: bytes) -> str:
    try:
        return str(json.loads(body)["session_id"]).lower()
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
