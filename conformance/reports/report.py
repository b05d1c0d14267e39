"""What a run found, as a value, and what every form of it counts and shows alike."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hivestand.conformance.outcome import Outcome, Status
from hivestand.conformance.requirement import Matcher

Watch = Callable[[float, str], object]  # told the share of a run that is done, and what comes next
SHOWN: Final = 2000  # characters of a body or value that a report repeats


@dataclass(frozen=True)
class Report:
    """What a run found; `inconclusive` says why it could not be finished, if so.

    `created` lists the ids of sessions, which bear the run's mark where they are `marked`.
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
    """How many outcomes there are of each status."""
    counted = Counter(outcome.status for outcome in report.outcomes)
    return {status.value: counted[status] for status in Status}


def by_subject(report: Report) -> dict[str, Counter[Status]]:
    """How many outcomes of each status a subject has, such as SES-MERGE, in the order of the requirements."""
    subjects: dict[str, Counter[Status]] = {}
    for outcome in report.outcomes:
        subject = outcome.requirement.id.rpartition("-")[0]
        subjects.setdefault(subject, Counter())[outcome.status] += 1
    return subjects


def shown(value: Any) -> str:
    """A value in one line."""
    return (str(value) if isinstance(value, Matcher) else repr(value))[:SHOWN]
