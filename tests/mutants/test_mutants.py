"""Each seeded defect is noticed by the requirement that is meant to notice it."""

from collections import Counter

import pytest

from mutants import MUTANTS
from mutants.kill import SOUND, killed_by, report_on
from mutants.mutant import GROUPS, Mutant
from skep.conformance.outcome import Status
from skep.conformance.requirement import Level
from skep.conformance.requirements import REQUIREMENTS


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_it_is_killed(mutant: Mutant) -> None:
    """By its requirement; what else fails is its own affair."""
    assert mutant.kills in killed_by(mutant)


@pytest.mark.parametrize("strict", [False, True])
def test_a_server_without_a_defect_is_not(*, strict: bool) -> None:
    """Else every mutant would be, and for nothing."""
    report = report_on(SOUND, strict=strict)
    assert "" == report.inconclusive
    assert [] == [outcome for outcome in report.outcomes if outcome.fails or outcome.status is Status.ERROR]


def test_names_are_unique_and_groups_known() -> None:
    """A name is how one asks for a mutant."""
    assert [] == [name for name, count in Counter(mutant.name for mutant in MUTANTS).items() if count > 1]
    assert set(GROUPS) == {mutant.group for mutant in MUTANTS}


def test_what_is_meant_to_notice_exists_and_can_fail() -> None:
    """What is open in the contract fails nothing."""
    known = {each.id for each in REQUIREMENTS if each.level is not Level.INFO}
    assert set() == {mutant.kills for mutant in MUTANTS} - known


def test_each_requirement_that_can_fail_has_a_mutant() -> None:
    """Else nobody knows whether it can."""
    meant = {mutant.kills for mutant in MUTANTS}
    assert [] == [each.id for each in REQUIREMENTS if each.level is not Level.INFO and each.id not in meant]


def test_there_are_more_than_a_hundred() -> None:
    """And several in each group."""
    counts = Counter(mutant.group for mutant in MUTANTS)
    assert counts.total() >= 105
    assert min(counts.values()) >= 10
