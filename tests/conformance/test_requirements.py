"""The requirements, and how a conforming server fares by them."""

import re
from collections import Counter

import pytest
import redis
from support import ROOT, Running, stored_event

from hivestand.conformance.command import asked
from hivestand.conformance.defaults import QUICK_BUDGET
from hivestand.conformance.operations import ALIASES, ALL
from hivestand.conformance.outcome import Status
from hivestand.conformance.requirement import Level
from hivestand.conformance.requirements import REQUIREMENTS
from hivestand.conformance.run import RunPlan, run
from hivestand.conformance.target import TargetAccess
from hivestand.openapi import load
from hivestand.server.auth import authenticate
from hivestand.server.cli import check
from hivestand.testing.conformance import FLAGS

OPTIONS = {
    each.name: None if each.name != "url" else "http://127.0.0.1:1" for each in check.params if each.name is not None
} | {"operations": (), "headers": (), "only": "*", "token": "t", "bad_token": "invalid", "timeout": 1.0}
TOKENS = {"first": "conformance", "second": "another", "bad": "invalid"}


def test_ids_are_unique_and_of_one_form() -> None:
    """An id names one sentence, for good."""
    ids = [requirement.id for requirement in REQUIREMENTS]
    assert [] == [id_ for id_, count in Counter(ids).items() if count > 1]
    assert [] == [id_ for id_ in ids if not re.fullmatch(r"(SES|EVT|OTLP|AGG)-[A-Z]+-\d\d", id_)]


def test_each_says_what_it_asks_and_by_what_right() -> None:
    """A title, a source, operations that there are, and one way to be checked."""
    for requirement in REQUIREMENTS:
        assert requirement.title
        assert requirement.source
        assert set(requirement.operations) <= set(ALL)
        ways = (requirement.rule, requirement.scenario, requirement.response_rule)
        assert 1 == sum(way is not None for way in ways), requirement.id


def test_every_operation_of_the_document_has_some() -> None:
    """Of both levels that can fail."""
    document = load("honeyhive")
    operations = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    operations -= ALIASES
    for level in (Level.MUST, Level.SHOULD):
        covered = {name for each in REQUIREMENTS if each.level is level for name in each.operations}
        assert operations == covered


def test_every_documented_status_has_some() -> None:
    """What the document says of a response is to be judged somewhere."""
    document = load("honeyhive")
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    operations = [each for each in operations if each["operationId"] not in ALIASES]
    documented = {(each["operationId"], int(status)) for each in operations for status in each["responses"]}
    covered = {(name, status) for each in REQUIREMENTS for name in each.operations for status in each.statuses}
    assert set() == documented - covered


def test_a_quick_run_exercises_what_can_fail(server: Running) -> None:
    """Every requirement of a level that can fail, but for one race, within its budget."""
    report = run(TargetAccess(server.url, TOKENS), RunPlan(REQUIREMENTS, 1, quick=True))
    passed = {each.requirement.id for each in report.outcomes if each.status is Status.PASSED}
    can_fail = {each.id for each in REQUIREMENTS if each.level is not Level.INFO and each.needs != "--strict"}
    assert {"SES-RACE-03"} == can_fail - passed
    assert report.requests <= QUICK_BUDGET


def test_the_budget_of_a_quick_run_is_one_number() -> None:
    """In the help of the command and of the plugin, in the page, and for the run itself."""
    said = f"at most {QUICK_BUDGET} requests"
    for page in ("conformance.md", "how-to/check-a-deployment.md"):
        assert said in " ".join((ROOT / "docs" / page).read_text(encoding="utf-8").split())
    assert said in FLAGS["--hivestand-quick"]["help"]
    assert said in str(next(each.help for each in check.params if each.name == "quick")).lower()
    assert asked({**OPTIONS, "quick": True})[0].max_requests == QUICK_BUDGET
    assert asked({**OPTIONS, "quick": True, "max_requests": 7})[0].max_requests == 7


def test_every_session_bears_the_mark_of_the_run(redis_backed_server: Running, redis_url: str) -> None:
    """Where that is asked for: somebody will want to know whose they are."""
    token = "marked"
    tokens = {**TOKENS, "first": token, "second": token}
    report = run(TargetAccess(redis_backed_server.url, tokens), RunPlan(REQUIREMENTS, 255, examples=3, mark_all=True))
    assert report.inconclusive == ""
    with redis.Redis.from_url(redis_url) as client:
        tenant = authenticate(f"Bearer {token}".encode())
        keys = list(client.scan_iter(match=f"hivestand:{{{tenant.digest}:*}}:*-*", count=10_000))
        held = [stored_event(client.hgetall(key)) for key in keys]
    assert len(held) > 100
    assert {"ff"} == {event["metadata"].get("hivestand_check") for event in held}
    assert {event["session_id"] for event in held} <= set(report.created)


@pytest.mark.parametrize(("seed", "strict"), [(1, False), (2, False), (1, True)])
def test_the_mock_keeps_all_of_them(server: Running, seed: int, *, strict: bool) -> None:
    """On both stores, by either profile, whatever is generated: no failure, not even where the contract is open."""
    report = run(TargetAccess(server.url, TOKENS), RunPlan(REQUIREMENTS, seed, examples=8, strict=strict))
    assert report.inconclusive == ""
    broken = [outcome for outcome in report.outcomes if outcome.status in {Status.FAILED, Status.ERROR}]
    assert [] == broken
    skipped = {outcome.requirement.id for outcome in report.outcomes if outcome.status is Status.SKIPPED}
    assert skipped == (set() if strict else {each.id for each in REQUIREMENTS if each.needs == "--strict"})
    idle = {outcome.requirement.id for outcome in report.outcomes if outcome.status is Status.NOT_EXERCISED}
    assert (not strict and idle <= {"SES-ANY-06"}) or strict
    assert len(report.created) > 50
