"""Each rule judges each exchange once, and the smallest of its findings is kept."""

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from support import Running

from hivestand.conformance.api import Api
from hivestand.conformance.exchange import Exchange
from hivestand.conformance.outcome import Status
from hivestand.conformance.requirement import Level, Requirement
from hivestand.conformance.run import RunPlan, run
from hivestand.conformance.target import Target, TargetAccess
from hivestand.conformance.verdicts import Verdicts

OPERATION = "createSession"


def api_of(server: Running) -> Api:
    """The API of a server, with nothing sent yet."""
    access = TargetAccess(server.url, {"first": "verdicts", "bad": "invalid"})
    return Api(Target(access), "run", Random(1), {}, quick=False)  # noqa: S311 - ids are no secrets


def requirement(judge: Any, level: Level = Level.MUST) -> Requirement:
    """A requirement on the response to a new session."""
    return Requirement("SES-TEST-01", level, "a sentence", "here", (OPERATION,), response_rule=judge)


@pytest.mark.parametrize("quick", [False, True])
def test_a_run_judges_each_exchange_once(memory_server: Running, *, quick: bool) -> None:
    """Generated ones too."""
    seen: Counter[int] = Counter()
    kept: list[Exchange] = []  # so that no id is used twice

    def judge(exchange: Exchange) -> Iterator[tuple[Any, Any]]:
        kept.append(exchange)
        seen[id(exchange)] += 1
        yield exchange.response.status, exchange.response.status

    plan = RunPlan((requirement(judge),), 1, examples=3, quick=quick, operations=(OPERATION,))
    report = run(TargetAccess(memory_server.url, {"first": "verdicts", "bad": "invalid"}), plan)
    assert [Status.PASSED] == [outcome.status for outcome in report.outcomes]
    assert {1} == set(seen.values())
    assert len(seen) <= report.requests


def test_an_objection_names_the_requirement_that_is_broken(memory_server: Running) -> None:
    """Once, unless its level fails nothing."""
    api = api_of(memory_server)
    verdicts = Verdicts(api, (requirement(lambda _: [(201, 200)]),))
    lenient = Verdicts(api, (requirement(lambda _: [(201, 200)], Level.INFO),))
    api.start({}, OPERATION)
    assert ["SES-TEST-01", None] == [verdicts.judge_new(), verdicts.judge_new()]
    assert lenient.judge_new() is None


def test_the_smallest_finding_is_kept(memory_server: Running) -> None:
    """Of those that do not hold."""
    api = api_of(memory_server)
    broken = requirement(
        lambda exchange: [(len(exchange.request.body or b"") < 100, len(exchange.request.body or b""))]
    )
    verdicts = Verdicts(api, (broken,))
    for length in (300, 200, 400):
        api.start({"session_name": "x" * length}, OPERATION)
    verdicts.judge_new()
    outcome = verdicts.outcome(broken, OPERATION)
    assert outcome.status is Status.FAILED
    assert outcome.finding is not None
    assert 200 < outcome.finding.actual < 300


def test_a_rule_that_raises_is_an_error_of_the_suite(memory_server: Running) -> None:
    """It says nothing of the target."""

    def judge(_: Exchange) -> Iterator[tuple[Any, Any]]:
        raise KeyError("oops")

    api = api_of(memory_server)
    faulty = requirement(judge)
    verdicts = Verdicts(api, (faulty,))
    api.start({}, OPERATION)
    assert verdicts.judge_new() is None
    assert Status.ERROR is verdicts.outcome(faulty, OPERATION).status
