"""Whose session it is: `session_id`."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from hivestand.conformance.api import Api, Id
from hivestand.conformance.history import SessionPost, canonical
from hivestand.conformance.registry import Registry
from hivestand.conformance.requirement import Expectations, Finding, Level, Matcher

registry = Registry()
rule = registry.rule
OMITTED = "session_id (string, UUID): Server generates a UUIDv4 if omitted"
DASHED = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
OTHER_FORM = rf"[0-9a-f]{{32}}|\{{{DASHED}\}}|(urn:)?uuid:{DASHED}"
HYPHENS_ASTRAY = "{0.time_low:08x}{0.time_mid:04x}-{0.node:012x}-{0.time_hi_version:04x}-{0.clock_seq:04x}-"
INVALID = "Server generates a UUIDv4 if … the supplied value is not a valid UUID"


@rule("SES-ID-01", Level.MUST, "A session without an id gets a UUIDv4", {}, {"source": "a"}, source=OMITTED)
def generated(step: SessionPost) -> Expectations:
    """A session without an id gets a UUIDv4: where none was sent."""
    if "session_id" not in step.sent:
        yield _new_uuid4(step), step.event.get("session_id")


@rule(
    "SES-ID-02",
    Level.MUST,
    "A string that is not a UUID is replaced by a UUIDv4",
    {"session_id": "session-1"},
    {"session_id": ""},
    {"session_id": "6f9619ff-8b86-4011-b42d-00c04fc964f"},
    {"session_id": "6f9619ff-8b86-4011-b42d-00c04fc964fg"},
    {"session_id": Id(form="{}x")},
    {"session_id": Id(form="{}\n")},
    {"session_id": Id(form=" {}")},
    {"session_id": Id(form="session {}.")},
    {"session_id": Id(form="{0.hex}0")},
    source=INVALID,
)
def replaces_string(step: SessionPost) -> Expectations:
    """A string that is not a UUID is replaced by a UUIDv4: silently."""
    session_id = step.sent.get("session_id")
    if isinstance(session_id, str) and not _is_uuid_to_some(session_id):
        yield _new_uuid4(step), step.event.get("session_id")


@rule(
    "SES-ID-03",
    Level.SHOULD,
    "A value that is not a string is replaced by a UUIDv4",
    {"session_id": 7},
    {"session_id": None},
    {"session_id": ["6f9619ff-8b86-4011-b42d-00c04fc964ff"]},
    {"session_id": {}},
    {"session_id": True},
    source=INVALID,
)
def replaces_other(step: SessionPost) -> Expectations:
    """A value that is not a string is replaced by a UUIDv4: no such value is a UUID."""
    if "session_id" in step.sent and not isinstance(step.sent["session_id"], str):
        yield _new_uuid4(step), step.event.get("session_id")


@rule(
    "SES-ID-04",
    Level.MUST,
    "A UUID of any version is kept",
    *({"session_id": Id(version)} for version in range(1, 9)),
    {"session_id": Id(upper=True)},
    source="Client-provided session ID (server generates one if omitted)",
)
def kept(step: SessionPost) -> Expectations:
    """A UUID of any version is kept: in either case of its letters."""
    posted = canonical(step.sent.get("session_id"))
    if posted:
        yield posted, str(step.event.get("session_id")).lower()


@rule(
    "SES-ID-05",
    Level.INFO,
    "A UUID in upper case is returned in lower case",
    {"session_id": Id(upper=True)},
    source="open",
)
def in_lower_case(step: SessionPost) -> Expectations:
    """A UUID in upper case is returned in lower case: RFC 9562: output in lower case, input in either."""
    posted = canonical(step.sent.get("session_id"))
    if posted and posted != step.sent["session_id"]:
        yield posted, step.event.get("session_id")


@rule(
    "SES-ID-06",
    Level.INFO,
    "A UUID in any but the 36-character form is replaced",
    {"session_id": Id(form="{{{}}}")},
    {"session_id": Id(form="urn:uuid:{}")},
    {"session_id": Id(form="{0.hex}")},
    source="open",
)
def replaces_other_forms(step: SessionPost) -> Expectations:
    """A UUID in any but the 36-character form is replaced: in braces, as a URN, without hyphens."""
    session_id = step.sent.get("session_id")
    if isinstance(session_id, str) and re.fullmatch(OTHER_FORM, session_id, re.IGNORECASE):
        yield Matcher("another id", lambda value: value != UUID(session_id).hex), _hex(step.event.get("session_id"))


@rule(
    "SES-ID-09",
    Level.SHOULD,
    "A UUID with misplaced hyphens is replaced",
    {"session_id": Id(form=HYPHENS_ASTRAY)},
    {"session_id": "\uff16f9619ff-8b86-1011-b42d-00c04fc964ff"},
    source=f"{INVALID}; RFC 9562, 4",
)
def replaces_astray(step: SessionPost) -> Expectations:
    """A UUID with misplaced hyphens is replaced: as it is in none of the forms that there are."""
    session_id = str(step.sent.get("session_id"))
    is_odd = _is_uuid_to_some(session_id) and canonical(session_id) is None
    if is_odd and not re.fullmatch(OTHER_FORM, session_id, re.IGNORECASE):
        yield _new_uuid4(step), step.event.get("session_id")


@registry.scenario("SES-ID-07", Level.MUST, "Each generated id is unique", source=OMITTED, costly=True)
def is_new(api: Api, operation: str) -> Iterator[Finding]:
    """Each generated id is unique: of several sessions without an id, none has that of another."""
    exchanges = [api.start(api.marked({}), operation) for _ in api.few(range(4), 2)]
    ids = [exchange.response.event.get("session_id") for exchange in exchanges]
    yield Finding(len(ids), len(set(map(str, ids))), tuple(exchanges))


@registry.scenario("SES-ID-08", Level.SHOULD, "A string that is not a UUID gets a new id each time", source=INVALID)
def is_new_again(api: Api, operation: str) -> Iterator[Finding]:
    """A string that is not a UUID gets a new id each time: the same text twice makes two sessions."""
    posted = api.few(("session-1", None, ""))
    exchanges = [api.start(api.marked({"session_id": each}), operation) for each in posted for _ in range(2)]
    ids = [exchange.response.event["session_id"] for exchange in exchanges if "session_id" in exchange.response.event]
    yield Finding(len(ids), len(set(map(str, ids))), tuple(exchanges))


def _new_uuid4(step: SessionPost) -> Matcher:
    """A UUIDv4 that is not in what was sent, in whole or in part."""
    posted = str(step.sent.get("session_id")).lower()

    def holds(value: object) -> bool:
        made = canonical(value)
        return made is not None and UUID(made).version == 4 and made not in posted  # noqa: PLR2004

    return Matcher("a new UUIDv4", holds)


def _is_uuid_to_some(text: str) -> bool:
    """Whether a common parser takes it, such as this one, which does not look where the hyphens are."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _hex(session_id: Any) -> str | None:
    posted = canonical(session_id)
    return UUID(posted).hex if posted else None
