"""Whose session it is, gone wrong."""

import hashlib
import itertools
import json
import re
import uuid
from typing import Any
from unittest.mock import patch

from hivestand.handlers.errors import BadRequest
from hivestand.handlers.event import normalise
from mutants.mutant import NEW, OLD, Group, Patch, events, new_ids, of, responses, sessions

mutant = Group("identity")
CONSTANT = "5c1f0a1e-0000-4000-8000-000000000001"
NO_IDS = {"session_id": None}


def accepting(pattern: str, flags: int = re.IGNORECASE) -> Patch:
    """Another idea of what a UUID looks like."""
    return patch("hivestand.handlers.event.normalise._UUID", re.compile(pattern, flags))


def version_4_of(text: str) -> str:
    """A UUID that looks random, and is not."""
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))


mutant("time-based-id", "SES-ID-01")(lambda: new_ids(lambda: str(uuid.uuid1())))
mutant("hashed-id", "SES-ID-01")(lambda: new_ids(lambda: str(uuid.uuid5(uuid.NAMESPACE_URL, str(uuid.uuid4())))))
mutant("id-without-hyphens", "SES-ID-01")(lambda: new_ids(lambda: uuid.uuid4().hex))
mutant("short-random-id", "SES-ID-01")(lambda: new_ids(lambda: uuid.uuid4().hex[:12]))
mutant("prefixed-id", "SES-ID-01")(lambda: new_ids(lambda: f"ses_{uuid.uuid4()}"))
mutant("nil-id", "SES-ID-01")(lambda: new_ids(lambda: str(uuid.UUID(int=0))))
mutant("constant-id", "SES-ID-07")(lambda: new_ids(lambda: CONSTANT))


@mutant("sequential-id", "SES-ID-01")
def sequential() -> Patch:
    """A counter in the form of a UUID."""
    count = itertools.count(1)
    return new_ids(lambda: str(uuid.UUID(int=next(count))))


@mutant("id-of-a-small-pool", "SES-ID-07")
def pooled() -> Patch:
    """Three ids in turn."""
    pool = itertools.cycle([str(uuid.uuid4()) for _ in range(3)])
    return new_ids(lambda: next(pool))


@mutant("id-derived-from-the-body", "SES-ID-07")
def derived() -> Patch:
    """The same body, the same session."""
    return sessions(lambda sent: {"session_id": version_4_of(json.dumps(sent)), **sent})


@mutant("replacement-remembered", "SES-ID-08")
def remembered() -> Patch:
    """An id that is no UUID is mapped to one, so that two sessions of one bad id are one."""

    def mapped(sent: dict[str, Any]) -> dict[str, Any]:
        sent_id = sent.get("session_id")
        if isinstance(sent_id, str) and not normalise._UUID.fullmatch(sent_id):  # noqa: SLF001
            return {**sent, "session_id": version_4_of(sent_id)}
        return sent

    return sessions(mapped)


@mutant("invalid-id-hashed-to-version-5", "SES-ID-02")
def hashed() -> Patch:
    """A stable id for each invalid one."""

    def mapped(sent: dict[str, Any]) -> dict[str, Any]:
        sent_id = sent.get("session_id")
        if isinstance(sent_id, str) and not normalise._UUID.fullmatch(sent_id):  # noqa: SLF001
            return {**sent, "session_id": str(uuid.uuid5(uuid.NAMESPACE_OID, sent_id))}
        return sent

    return sessions(mapped)


mutant("any-string-is-an-id", "SES-ID-02")(lambda: accepting(r".*", re.DOTALL))
mutant("empty-string-is-an-id", "SES-ID-02")(lambda: accepting(normalise._UUID.pattern + "|"))  # noqa: SLF001
mutant("any-36-characters-are-an-id", "SES-ID-02")(lambda: accepting(r".{36}"))
mutant("35-characters-are-an-id", "SES-ID-02")(lambda: accepting(r"[0-9a-f-]{35,36}"))
mutant("letters-beyond-f-in-an-id", "SES-ID-02")(lambda: accepting(r"[0-9a-z]{8}-(?:[0-9a-z]{4}-){3}[0-9a-z]{12}"))
mutant("text-behind-an-id", "SES-ID-02")(lambda: accepting(f"{normalise._UUID.pattern}.+|{normalise._UUID.pattern}"))  # noqa: SLF001
mutant("newline-behind-an-id", "SES-ID-02")(lambda: accepting(f"{normalise._UUID.pattern}\n?"))  # noqa: SLF001
mutant("hyphens-anywhere-in-an-id", "SES-ID-09")(lambda: accepting(r"(?=(?:-*[0-9a-f]){32}-*$)[0-9a-f-]{36}"))


def converted(change: Any) -> Patch:
    """Make something of an id that is no string."""

    def changed(sent: dict[str, Any]) -> dict[str, Any]:
        if "session_id" in sent and not isinstance(sent["session_id"], str):
            return {**sent, "session_id": change(sent["session_id"])}
        return sent

    return sessions(changed)


def refusing(condition: Any, operations: tuple[str, ...] = (NEW, OLD)) -> Patch:
    """400 for some sessions."""

    def changed(sent: dict[str, Any]) -> dict[str, Any]:
        if condition(sent):
            raise BadRequest("session_id must be a UUID")
        return sent

    return sessions(changed, operations)


def stringified() -> Patch:
    """Keep whatever there is as text."""

    def changed(event: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
        if "session_id" not in sent or isinstance(sent["session_id"], str):
            return event
        return {**event, "session_id": str(sent["session_id"]), "event_id": str(sent["session_id"])}

    return events(changed)


mutant("id-of-another-type-kept-as-text", "SES-ID-03")(stringified)
mutant("id-in-an-array-taken", "SES-ID-03")(
    lambda: converted(lambda value: value[0] if isinstance(value, list) and value else value)
)
mutant("number-padded-to-an-id", "SES-ID-03")(
    lambda: converted(lambda value: str(uuid.UUID(int=value)) if isinstance(value, int) else value)
)
mutant("null-id-refused", "SES-ANY-04")(
    lambda: refusing(lambda sent: "session_id" in sent and sent["session_id"] is None)
)
mutant("invalid-id-refused", "SES-ANY-03")(
    lambda: refusing(lambda sent: isinstance(sent.get("session_id"), str) and len(sent["session_id"]) != 36)
)
mutant("missing-id-refused", "SES-ANY-03")(lambda: refusing(lambda sent: "session_id" not in sent))
mutant("missing-id-refused-by-the-older-operation", "SES-ANY-03")(
    lambda: refusing(lambda sent: "session_id" not in sent, (OLD,))
)

mutant("upper-case-id-replaced", "SES-ID-04")(lambda: accepting(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", 0))
mutant("lower-case-id-replaced", "SES-ID-04")(lambda: accepting(r"[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{12}", 0))
mutant("version-1-replaced", "SES-ID-04")(lambda: accepting(r"[0-9a-f]{8}-[0-9a-f]{4}-[2-9a-f][0-9a-f-]{21}"))
mutant("version-7-replaced", "SES-ID-04")(lambda: accepting(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-689a-f][0-9a-f-]{21}"))
mutant("versions-after-5-replaced", "SES-ID-04")(lambda: accepting(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f-]{21}"))
mutant("only-version-4-kept", "SES-ID-04")(lambda: accepting(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{21}"))
mutant("sent-id-ignored", "SES-ID-04")(lambda: sessions(lambda sent: {**sent, **NO_IDS}))
mutant("sent-id-ignored-by-the-older-operation", "SES-ID-04")(lambda: sessions(lambda sent: {**sent, **NO_IDS}, (OLD,)))
mutant("any-id-rewritten-as-version-4", "SES-ID-04")(
    lambda: responses(of("session_id", lambda value: str(uuid.UUID(int=uuid.UUID(value).int, version=4))))
)
mutant("id-answered-as-urn", "SES-ID-04")(lambda: responses(of("session_id", lambda value: f"urn:uuid:{value}")))
mutant("id-answered-in-braces", "SES-ID-04")(lambda: responses(of("session_id", lambda value: f"{{{value}}}")))


@mutant("every-fiftieth-id-again", "SES-ANY-10")
def again() -> Patch:
    """An id is given a second time now and then."""
    made: list[uuid.UUID] = []

    def make() -> str:
        made.append(made[-1] if len(made) % 50 == 49 else uuid.uuid4())
        return str(made[-1])

    return new_ids(make)
