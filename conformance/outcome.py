"""The outcome of a requirement on a target."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hivestand.conformance.requirement import Finding, Level, Requirement


class Status(StrEnum):
    """The result of a requirement. `error` is the suite's or the network's, never blamed on the target."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    NOT_EXERCISED = "not_exercised"


@dataclass(frozen=True)
class Outcome:
    """The result of a requirement on one of its operations.

    Attributes:
        requirement: the requirement.
        operation: the operationId.
        status: the result.
        finding: the smallest finding that does not hold, or one that holds if all do.
        reason: why there is no finding.
    """

    requirement: Requirement
    operation: str
    status: Status
    finding: Finding | None = None
    reason: str = ""

    @property
    def is_judged(self) -> bool:
        """Whether something was found or went wrong: it was neither skipped nor left unexercised."""
        return self.status not in {Status.SKIPPED, Status.NOT_EXERCISED}

    @property
    def fails(self) -> bool:
        """Whether the contract is broken; INFO is only reported."""
        return self.status is Status.FAILED and self.requirement.level is not Level.INFO


def outcome_of(requirement: Requirement, operation: str, findings: Iterable[Finding]) -> Outcome:
    """The outcome of a requirement on an operation, given its findings."""
    found = list(findings)
    if not found:
        return Outcome(requirement, operation, Status.NOT_EXERCISED)
    broken = [finding for finding in found if not finding.holds]
    if broken:
        return Outcome(requirement, operation, Status.FAILED, min(broken, key=_size))
    return Outcome(requirement, operation, Status.PASSED, min(found, key=_size))


def is_smaller(finding: Finding, other: Finding) -> bool:
    """Whether a finding needs fewer bytes of request bodies than another."""
    return _size(finding) < _size(other)


def _size(finding: Finding) -> int:
    bodies: Sequence[bytes | None] = [exchange.request.body for exchange in finding.evidence]
    return sum(len(body or b"") for body in bodies)
