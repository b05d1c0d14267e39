"""Each seeded defect is noticed by the requirement that is meant to notice it, and nothing is noticed that is none."""

from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

from hivestand.conformance.operations import EVENTS, SESSIONS
from hivestand.conformance.outcome import Status
from hivestand.conformance.requirement import Level
from hivestand.conformance.requirements import REQUIREMENTS
from hivestand.conformance.run import RunPlan
from mutants import MUTANTS
from mutants.differing import DIFFERING
from mutants.differing_events import DIFFERING as DIFFERING_EVENTS
from mutants.differing_events import not_mocked
from mutants.events import missing
from mutants.kill import failing, false_alarms, plan_for, report_on
from mutants.mutant import GROUPS, Mutant

CAN_FAIL = [each.id for each in REQUIREMENTS if each.level is not Level.INFO]


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_it_is_killed(mutant: Mutant) -> None:
    """By its requirement, alone or among all of them; what else fails is its own affair.

    Nothing is made up by chance here; `scripts/kills` tries that too.
    """
    everything = plan_for(mutant, examples=0)
    alone = replace(everything, requirements=tuple(each for each in REQUIREMENTS if each.id == mutant.kills))
    plans = (alone, replace(everything, quick=True), everything)
    assert any(mutant.kills in failing(report_on(mutant, plan)) for plan in plans)


@pytest.mark.parametrize("name", DIFFERING)
def test_what_is_open_is_no_defect(name: str) -> None:
    """A server that starts sessions otherwise keeps every MUST, and the suite has no trouble of its own with it.

    In a quick run; `scripts/kills` tries a whole one, in which requests are made up, too.
    """
    plan = RunPlan(REQUIREMENTS, 1, quick=True, operations=SESSIONS)
    report = report_on(Mutant(name, "", "", DIFFERING[name]), plan)
    assert ("", []) == (report.inconclusive, false_alarms(report))


@pytest.mark.parametrize("name", DIFFERING_EVENTS)
def test_nor_is_what_is_open_of_events(name: str) -> None:
    """Such as how soon what was written is to be seen, which has it skipped at worst; likewise in a quick run."""
    plan = RunPlan(REQUIREMENTS, 1, quick=True, operations=EVENTS)
    report = report_on(Mutant(name, "", "", DIFFERING_EVENTS[name]), plan)
    assert ("", []) == (report.inconclusive, false_alarms(report))


def test_operations_that_are_missing_are_one_failure_each() -> None:
    """A server of sessions alone: all else about the other operations is skipped, and says why."""
    report = report_on(Mutant("sessions alone", "", "", not_mocked), RunPlan(REQUIREMENTS, 1, quick=True))
    failed = [(each.operation, each.requirement.id) for each in report.outcomes if each.fails]
    assert sorted(failed) == sorted(
        (name, "EVT-ROUTE-02" if name == "exportTraces" else "EVT-ROUTE-01") for name in EVENTS
    )
    others = [each for each in report.outcomes if each.operation in EVENTS and not each.fails]
    assert {Status.SKIPPED} == {each.status for each in others}
    assert {"needs --strict", "the target does not know the operation"} == {each.reason for each in others}


def test_an_older_path_that_is_missing_is_one_failure() -> None:
    """All else about it is skipped."""
    patched = partial(missing, "startSessionLegacy")
    report = report_on(
        Mutant("no older path", "", "", patched), RunPlan(REQUIREMENTS, 1, examples=0, operations=SESSIONS)
    )
    failed = [(each.operation, each.requirement.id) for each in report.outcomes if each.fails]
    assert [("startSessionLegacy", "SES-ROUTE-01")] == failed
    others = [each for each in report.outcomes if each.operation == "startSessionLegacy" and not each.fails]
    assert {Status.SKIPPED} == {each.status for each in others}


def test_a_failure_shows_every_request_that_reproduces_it() -> None:
    """In order: a merge fails with the post before it."""
    mutant = next(each for each in MUTANTS if each.kills == "SES-MERGE-02")
    report = report_on(mutant, plan_for(mutant, examples=0))
    failed = next(each for each in report.outcomes if each.fails and each.requirement.id == "SES-MERGE-02")
    assert failed.finding is not None
    posted = [exchange.request.json for exchange in failed.finding.evidence]
    assert len(posted) >= 2
    assert 1 == len({exchange.response.event["session_id"].lower() for exchange in failed.finding.evidence})


def test_names_are_unique_and_groups_known() -> None:
    """A name is how one asks for a mutant."""
    assert [] == [name for name, count in Counter(mutant.name for mutant in MUTANTS).items() if count > 1]
    assert set(GROUPS) == {mutant.group for mutant in MUTANTS}


def test_what_is_meant_to_notice_exists_and_can_fail() -> None:
    """What is open in the contract fails nothing."""
    assert set() == {mutant.kills for mutant in MUTANTS} - set(CAN_FAIL)


def test_each_requirement_that_can_fail_has_a_mutant() -> None:
    """Else nobody knows whether it can."""
    meant = {mutant.kills for mutant in MUTANTS}
    assert [] == [id_ for id_ in CAN_FAIL if id_ not in meant]


def test_there_are_more_than_a_hundred() -> None:
    """And several in each group."""
    counts = Counter(mutant.group for mutant in MUTANTS)
    assert counts.total() >= 105
    assert min(counts.values()) >= 10
