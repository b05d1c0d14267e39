"""The report of a run as a value, and the counts that all its forms share."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hivestand.conformance.outcome import Outcome, Status
from hivestand.conformance.requirement import Matcher

Watch = Callable[[float, str], object]  # gets the share of the run that is done, and what comes next
MAX_SHOWN: Final = 2000  # characters of a body or value that a report repeats


@dataclass(frozen=True)
class Report:
    """What a run found.

    Attributes:
        target: the URL.
        seed: the seed.
        requests: how many were sent.
        seconds: how long the run took.
        outcomes: one for each requirement and operation.
        created: the ids of the sessions that the run created.
        inconclusive: why the run could not be finished; empty if it was.
        marked: whether the created sessions have the run's mark.
    """

    target: str
    seed: int
    requests: int
    seconds: float
    outcomes: tuple[Outcome, ...]
    created: tuple[str, ...] = ()
    inconclusive: str = ""
    marked: bool = False


def summary(report: Report) -> dict[str, int]:
    """The number of outcomes of each status."""
    counted = Counter(outcome.status for outcome in report.outcomes)
    return {status.value: counted[status] for status in Status}


def by_subject(report: Report) -> dict[str, Counter[Status]]:
    """The number of outcomes of each status for each subject, such as SES-MERGE, in the order of the requirements."""
    subjects: dict[str, Counter[Status]] = {}
    for outcome in report.outcomes:
        subject = outcome.requirement.id.rpartition("-")[0]
        subjects.setdefault(subject, Counter())[outcome.status] += 1
    return subjects


def shown(value: Any) -> str:
    """A JSON value in one line."""
    return (str(value) if isinstance(value, Matcher) else repr(value))[:MAX_SHOWN]
