"""What one session, request or token shows of another: nothing."""

from collections.abc import Iterator
from typing import Any

from hivestand.conformance.api import Api, request_of
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import Finding, Level

registry = Registry()
NO = False
YES = True
FULL = {
    "event_name": "leak",
    "source": "leak",
    "start_time": 1767225600001,
    "end_time": 1767225600002,
    "duration": 7.25,
    "config": {"leak": 1},
    "inputs": {"leak": 1},
    "outputs": {"leak": 1},
    "children_ids": ["leak"],
    "metadata": {"leak": 1},
    "user_properties": {"leak": 1},
}
SEVERAL = 8


@registry.scenario(
    "SES-LEAK-01",
    Level.MUST,
    "A session shows nothing of the session posted before it",
    source="every field has a server-side fallback",
    costly=True,
)
def nothing_of_another_session(api: Api, operation: str) -> Iterator[Finding]:
    """A session shows nothing of the session posted before it: neither with an id of its own nor without one."""
    named = {"event_name": FULL["event_name"], "source": FULL["source"]}
    posts: tuple[dict[str, Any], ...] = ({}, {"session_id": api.new_id()}, named)
    for sent in api.few(posts):
        api.start(api.marked({**FULL, "session_id": api.new_id()}), operation)
        later = api.start(api.marked(sent), operation)
        others = {name: value for name, value in FULL.items() if name not in sent}
        seen = {name: later.response.event.get(name) for name in others}
        leaked = [name for name, value in others.items() if seen[name] == value or "leak" in str(seen[name])]
        yield Finding([], leaked, (later,))


@registry.scenario(
    "SES-LEAK-02",
    Level.MUST,
    "A merge into one session leaves others unchanged",
    source="merges … into the existing session",
    costly=True,
)
def merge_stays_at_home(api: Api, operation: str) -> Iterator[Finding]:
    """A merge into one session leaves others unchanged: however alike their ids are."""
    ids = [api.new_id() for _ in api.few(range(3), 2)]
    ids.append(ids[0][:-1] + ("0" if ids[0][-1] != "0" else "1"))
    for session_id in ids:
        api.start(api.marked({"session_id": session_id, "metadata": {"own": session_id}}), operation)
    leaking = {"session_id": ids[0], "metadata": {"leak": 1}, "user_properties": {"leak": 1}}
    api.start(api.marked(leaking), operation)
    for session_id in ids[1:]:
        seen = api.start(api.marked({"session_id": session_id}), operation).response.event
        held = [str(seen.get("metadata")), str(seen.get("user_properties"))]
        last = api.exchanges[-1]
        yield Finding([False, False], ["leak" in text for text in held], (last,))
        yield Finding(YES, session_id in held[0], (last,))


@registry.scenario(
    "SES-LEAK-03",
    Level.MUST,
    "Concurrently started sessions show nothing of each other",
    source="The server creates a session event and returns it",
    costly=True,
)
def nothing_of_those_beside(api: Api, operation: str) -> Iterator[Finding]:
    """Concurrently started sessions show nothing of each other.

    With ids of their own and without: each response is to its request, and no id is given twice.
    """
    for named in api.few((False, True)):
        ids = [{"session_id": api.new_id()} if named else {} for _ in range(SEVERAL)]
        texts = [f"beside {number}" for number in range(SEVERAL)]
        sessions = [{**id_, "event_name": text, "inputs": {"of": text}} for id_, text in zip(ids, texts, strict=True)]
        exchanges = tuple(api.at_once([request_of(api.marked(each), operation) for each in sessions]))
        events = [exchange.response.event for exchange in exchanges]
        seen = [{"event_name": event.get("event_name"), "inputs": event.get("inputs")} for event in events]
        yield Finding([{"event_name": text, "inputs": {"of": text}} for text in texts], seen, exchanges)
        yield Finding(SEVERAL, len({str(event.get("session_id")) for event in events}), exchanges)


@registry.scenario(
    "SES-TENANT-01",
    Level.INFO,
    "Organisation, workspace and project ids depend on the token",
    source="open",
)
def ids_are_the_tokens(api: Api, operation: str) -> Iterator[Finding]:
    """Organisation, workspace and project ids depend on the token: the same in every session of one token."""
    seen = [api.start(api.marked({}), operation) for _ in range(3)]
    names = ("org_id", "workspace_id", "project_id")
    yield Finding(1, len({str([each.response.event.get(name) for name in names]) for each in seen}), tuple(seen))


@registry.scenario(
    "SES-TENANT-02",
    Level.SHOULD,
    "One token cannot merge into another token's session",
    source="Bearer authentication: a token is an account's",
    needs="--second-token",
)
def tokens_are_apart(api: Api, operation: str) -> Iterator[Finding]:
    """One token cannot merge into another token's session: with its id, too."""
    session_id = api.new_id()
    owned = {"session_id": session_id, "event_name": "mine", "metadata": {"mine": 1}}
    api.start(api.marked(owned), operation)
    other = {"session_id": session_id, "metadata": {"theirs": 1}}
    theirs = api.start(api.marked(other), operation, token="second")  # noqa: S106 - a name for one
    mine = api.start(api.marked({"session_id": session_id}), operation)
    yield Finding(
        [False, False], ["mine" in str(theirs.response.event.get(n)) for n in ("event_name", "metadata")], (theirs,)
    )
    yield Finding(NO, "theirs" in str(mine.response.event.get("metadata")), (mine,))
