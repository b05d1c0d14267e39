"""Idempotent, whoever else posts at the same time."""

from collections.abc import Iterator, Sequence
from functools import partial

from hivestand.conformance.api import Api, request_of
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import BOTH, Finding, Level, Matcher, same

registry = Registry()
IDEMPOTENT = "Idempotent on session_id: posting twice with the same session_id merges … into the existing session"
ROUNDS, POSTS = 4, 8
ONCE = ("event_name", "source", "start_time", "inputs")


@registry.scenario(
    "SES-RACE-01",
    Level.MUST,
    "Of concurrent first posts exactly one creates the session",
    source=IDEMPOTENT,
    costly=True,
)
def one_creates(api: Api, operation: str) -> Iterator[Finding]:
    """Of concurrent first posts exactly one creates the session.

    All responses show the same creation, and so does a later one.
    """
    for _ in api.few(range(ROUNDS)):
        session_id = api.new_id()
        sessions = [_session(api, session_id, number) for number in api.few(range(POSTS), 6)]
        exchanges = api.at_once([request_of(session, operation) for session in sessions])
        exchanges.append(api.start(api.marked({"session_id": session_id}), operation))
        seen = [{name: exchange.response.event.get(name) for name in ONCE} for exchange in exchanges]
        yield Finding([200] * len(exchanges), [each.response.status for each in exchanges], tuple(exchanges))
        yield Finding([seen[-1]] * len(seen), seen, tuple(exchanges))
        posted = [{name: session[name] for name in ONCE} for session in sessions]
        yield Finding(Matcher("what one of them posted", partial(_is_one_of, posted)), seen[-1], tuple(exchanges))


@registry.scenario("SES-RACE-02", Level.MUST, "No concurrent merge is lost", source=IDEMPOTENT, costly=True)
def no_merge_is_lost(api: Api, operation: str) -> Iterator[Finding]:
    """No concurrent merge is lost: each response shows its own, and a later one shows all."""
    for _ in api.few(range(ROUNDS)):
        yield from _merges(api, (operation,))


@registry.scenario(
    "SES-RACE-03",
    Level.MUST,
    "No concurrent merge is lost across both operations",
    source=IDEMPOTENT,
    operations=("createSession",),
    needs="both operations",
)
def no_merge_is_lost_by_either(api: Api, _: str) -> Iterator[Finding]:
    """No concurrent merge is lost across both operations: half of them by each."""
    for _round in api.few(range(ROUNDS), 0):
        yield from _merges(api, BOTH)


def _merges(api: Api, operations: Sequence[str]) -> Iterator[Finding]:
    session_id = api.new_id()
    api.start(api.marked({"session_id": session_id}), operations[0])
    sessions = [_session(api, session_id, number) for number in api.few(range(POSTS), 6)]
    posts = [request_of(each, operations[number % len(operations)]) for number, each in enumerate(sessions)]
    exchanges = api.at_once(posts)
    last = api.start(api.marked({"session_id": session_id}), operations[0])
    for name in ("metadata", "user_properties"):
        own = [_held(each.response.event, name).get(f"k{n}") for n, each in enumerate(exchanges)]
        yield Finding(list(range(len(sessions))), own, tuple(exchanges))
        all_of = [_held(last.response.event, name).get(f"k{number}") for number in range(len(sessions))]
        yield Finding(list(range(len(sessions))), all_of, (*exchanges, last))


def _is_one_of(values: list[dict[str, object]], value: object) -> bool:
    return any(same(each, value) for each in values)


def _session(api: Api, session_id: str, number: int) -> dict[str, object]:
    mark = f"post {number}"
    keys = {"metadata": {f"k{number}": number}, "user_properties": {f"k{number}": number}}
    session = {"session_id": session_id, "event_name": mark, "source": mark, "start_time": number, **keys}
    return api.marked({**session, "inputs": {"post": number}})


def _held(event: dict[str, object], name: str) -> dict[str, object]:
    value = event.get(name)
    return value if isinstance(value, dict) else {}
