"""What the events of a session add up to, on every store: as a plain sum over them says."""

import asyncio
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from operation import Clock, call
from support import id_of, running

from hivestand.handlers.event.index import Selection
from hivestand.handlers.operations import OPERATIONS
from hivestand.handlers.request import Request
from hivestand.handlers.store.protocol import Store, StoreOptions
from hivestand.handlers.store.schemes import store_for
from hivestand.handlers.store.window import Window
from hivestand.handlers.tenant import tenant_of

pytestmark = pytest.mark.anyio

START = 1_760_000_000_000
TENANT = tenant_of(b"t")
SESSIONS = {"field": "event_type", "operator": "is", "value": "session", "type": "string"}


@dataclass
class Tree:
    """A session and its events, as they were sent, and what was changed of them since."""

    session: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The session's id."""
        return str(self.session["session_id"])


def new_id(chance: random.Random) -> str:
    """A UUID by chance."""
    return str(UUID(int=chance.getrandbits(128), version=4))


def tree(chance: random.Random) -> Tree:
    """A session of some events, with numbers of all kinds, and what is none."""
    session: dict[str, Any] = {"session_id": new_id(chance), "start_time": START, "metadata": {"num_events": 77}}
    if chance.random() < 0.5:
        session["end_time"] = START + 100
    if chance.random() < 0.3:
        session["duration"] = 5.5
    made = Tree(session)
    for _ in range(chance.randint(0, 12)):
        start = START + chance.randint(-5000, 5000)
        event: dict[str, Any] = {
            "event_id": new_id(chance),
            "session_id": made.id,
            "event_type": chance.choice(("chain", "model", "tool")),
            "inputs": {},
            "start_time": start,
            "metadata": {
                name: chance.choice((0, 7, 50, 0.25, 1e-5, "7", None, True))
                for name in (
                    "cost",
                    "prompt_tokens",
                    "input_tokens",
                    "completion_tokens",
                    "output_tokens",
                    "total_tokens",
                )
                if chance.random() < 0.4
            },
        }
        if chance.random() < 0.7:
            event["end_time"] = start + chance.randint(0, 9000)
        if chance.random() < 0.2:
            event["feedback"] = {"rating": 1}
        made.events.append(event)
    return made


def number(event: dict[str, Any], *names: str) -> float | None:
    """The first of some members of the metadata that is a number."""
    values = (event["metadata"].get(name) for name in names)
    return next((each for each in values if isinstance(each, (int, float)) and not isinstance(each, bool)), None)


def expected(made: Tree) -> dict[str, Any]:
    """The fields that the session shows: a plain sum."""
    models = [each for each in made.events if each["event_type"] == "model"]
    prompts = [number(each, "prompt_tokens", "input_tokens") or 0 for each in models]
    replies = [number(each, "completion_tokens", "output_tokens") or 0 for each in models]
    totals = [number(each, "total_tokens") for each in models]
    whole = [
        prompt + reply if total is None else total
        for prompt, reply, total in zip(prompts, replies, totals, strict=True)
    ]
    ends = [each["end_time"] for each in (made.session, *made.events) if "end_time" in each]
    start = min(each["start_time"] for each in (made.session, *made.events))
    end = max(ends, default=None)
    return {
        "start_time": start,
        "end_time": end,
        "duration": made.session.get("duration", None if end is None else end - start),
        "num_events": len(made.events),
        "num_model_events": len(models),
        "has_feedback": any(each.get("feedback") for each in made.events),
        "cost": pytest.approx(sum(number(each, "cost") or 0 for each in models)),
        "prompt_tokens": pytest.approx(sum(prompts)),
        "completion_tokens": pytest.approx(sum(replies)),
        "total_tokens": pytest.approx(sum(whole)),
    }


def seen(event: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The same fields of a session that was read."""
    return {name: event[name] if name in event else event["metadata"].get(name) for name in names}


def update(chance: random.Random, event: dict[str, Any]) -> dict[str, Any]:
    """An update, which the event has from now on."""
    changed: dict[str, Any] = {}
    if chance.random() < 0.6:
        name = chance.choice(("cost", "prompt_tokens", "total_tokens", "output_tokens"))
        changed["metadata"] = {name: chance.choice((7, 0.5, None))}
        event["metadata"] |= changed["metadata"]
    if chance.random() < 0.5:
        changed["end_time"] = event["end_time"] = event["start_time"] + chance.randint(-10_000, 20_000)
    if chance.random() < 0.3:
        changed["feedback"] = event["feedback"] = {"a": 1}
    return changed


async def post(store: Store, chance: random.Random, trees: Sequence[Tree]) -> None:
    """Everything twice, in any order, and then some updates; a start is answered with what was sent."""
    posts = [(made, each) for made in trees for each in (made.session, *made.events) for _ in range(2)]
    chance.shuffle(posts)
    for made, each in posts:
        if each is made.session:
            answered = await call(store, "createSession", each)
            assert ({"num_events": 77}, START) == (answered["metadata"], answered["start_time"])
        elif chance.random() < 0.3:
            await call(store, "createEventBatch", {"events": [each]})
        else:
            await call(store, "createEvent", each)
    for made in trees:
        for each in made.events:
            if chance.random() < 0.4:
                await call(store, "updateEvent", update(chance, each), event_id=each["event_id"])


async def check(store: Store, trees: Sequence[Tree]) -> None:
    """Whether each session shows what it has to, by its id, in searches, and in what filters and order see."""
    found = {each["event_id"]: each for each in (await call(store, "searchEvents", {"filters": [SESSIONS]}))["events"]}
    for made in trees:
        held = (await call(store, "getEvent", event_id=made.id))["event"]
        assert held == found[made.id]
        if made.events:
            fields = expected(made)
            assert fields == seen(held, list(fields))
        else:
            assert {"num_events": 77} == held["metadata"]
    times = [each["start_time"] for each in found.values()]
    assert times == sorted(times, reverse=True)
    early = {"field": "start_time", "operator": "less than", "value": START, "type": "number"}
    many = {"field": "metadata.num_events", "operator": "greater than", "value": 5, "type": "number"}
    for condition, wanted in (
        (early, [made.id for made in trees if expected(made)["start_time"] < START]),
        (many, [made.id for made in trees if len(made.events) > 5 or not made.events]),
    ):
        result = await call(store, "exportEventsLegacy", {"filters": [SESSIONS, {**condition}]})
        assert sorted(wanted) == sorted(each["event_id"] for each in result["events"])


@pytest.mark.parametrize("seed", [1, 2])
async def test_totals_are_those_of_a_plain_sum(store: Store, seed: int) -> None:
    """Over random trees, in any order of arrival, sent twice and updated."""
    chance = random.Random(seed)  # noqa: S311 - chance that repeats
    trees = [tree(chance) for _ in range(40)]
    await post(store, chance, trees)
    await check(store, trees)
    await store.reset(TENANT)
    assert [None] == list(await store.totals(TENANT, [trees[0].id]))


async def test_a_session_that_comes_late_knows_of_its_events(store: Store) -> None:
    """Also where somebody searched before."""
    event = {"session_id": id_of("s"), "event_type": "tool", "inputs": {}, "start_time": START - 5}
    await call(store, "createEvent", event)
    await call(store, "searchEvents", {})
    started = await call(store, "createSession", {"session_id": id_of("s"), "start_time": START})
    assert START == started["start_time"]
    assert START - 5 == (await call(store, "getEvent", event_id=id_of("s")))["event"]["start_time"]
    before = {"field": "start_time", "operator": "less than", "value": START, "type": "number"}
    assert 2 == (await call(store, "searchEvents", {"filters": [before]}))["count"]


async def test_a_hidden_event_counts_once_it_is_there(store: Store) -> None:
    """Within the window of weak consistency it does not."""
    await call(store, "createSession", {"session_id": id_of("s"), "start_time": START})
    event = {"session_id": id_of("s"), "event_type": "tool", "inputs": {}, "start_time": START}
    window = Window(store, 0.05)
    await OPERATIONS["createEvent"](Request(store, window, Clock(), TENANT, event))
    assert "num_events" not in (await call(store, "getEvent", event_id=id_of("s")))["event"]["metadata"]
    await asyncio.sleep(0.3)
    assert 1 == (await call(store, "getEvent", event_id=id_of("s")))["event"]["metadata"]["num_events"]


async def test_an_event_that_expires_is_taken_away(store_url: str) -> None:
    """What it added, and its times."""
    store = store_for(store_url, StoreOptions(ttl=0.4))
    await store.reset(TENANT)
    for name, start, end in (("first", -50, 90), ("second", 10, 20)):
        sent = {"session_id": id_of("s"), "event_type": "model", "inputs": {}, "event_id": id_of(name)}
        times = {"start_time": START + start, "end_time": START + end}
        await call(store, "createEvent", {**sent, **times, "metadata": {"cost": 1, "prompt_tokens": 3}})
    for _ in range(6):  # of which only the second and the session live on
        await asyncio.sleep(0.1)
        await call(store, "createSession", {"session_id": id_of("s"), "start_time": START})
        await call(store, "updateEvent", {"metadata": {}}, event_id=id_of("second"))
        await call(
            store,
            "createEvent",
            {"session_id": id_of("s"), "event_type": "model", "inputs": {}, "event_id": id_of("second")},
        )
    (totals,) = await store.totals(TENANT, [id_of("s")])
    assert totals is not None
    assert (1, 1, 1, 3, START + 10, START + 20) == (
        totals.events,
        totals.models,
        totals.cost,
        totals.prompt_tokens,
        totals.start_time,
        totals.end_time,
    )
    await store.reset(TENANT)
    await store.close()


async def test_without_aggregation_a_session_is_as_it_was_sent(store_url: str) -> None:
    """In every reading of it."""
    store = store_for(store_url, StoreOptions(aggregation=False))
    await store.reset(TENANT)
    made = tree(random.Random(5))  # noqa: S311 - chance that repeats
    await call(store, "createSession", made.session)
    for each in made.events:
        await call(store, "createEvent", each)
    held = (await call(store, "getEvent", event_id=made.id))["event"]
    assert ({"num_events": 77}, START) == (held["metadata"], held["start_time"])
    assert len(made.events) + 1 == await store.count(TENANT, Selection())
    await store.reset(TENANT)
    await store.close()


def test_four_workers_count_the_same(redis_url: str) -> None:
    """Of events that come at the same time, twice, through any of them."""
    chance = random.Random(3)  # noqa: S311 - chance that repeats
    trees = [tree(chance) for _ in range(20)]
    posts = [(made, each) for made in trees for each in (made.session, *made.events) for _ in range(2)]
    chance.shuffle(posts)
    with running("--store", redis_url, "--workers", "4", "--store-prefix", "totals") as server:

        def send(made: Tree, each: dict[str, Any]) -> int:
            path = "/v1/sessions" if each is made.session else "/v1/events"
            return server.post(each, path=path).status_code

        with ThreadPoolExecutor(8) as pool:
            assert {200} == set(pool.map(lambda post: send(*post), posts))
        for made in trees:
            held = server.get(f"/v1/events/{made.id}").json()["event"]
            fields = expected(made) if made.events else {"num_events": 77}
            assert fields == seen(held, list(fields))
            if made.events:
                assert held == server.get(f"/__admin/sessions/{made.id}").json()["session"]
