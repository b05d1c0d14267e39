"""The verdicts of a run: what each rule says of each exchange, judged once, in the order in which they came."""

from collections.abc import Sequence

from hivestand.conformance.api import Api
from hivestand.conformance.exchange import Exchange
from hivestand.conformance.history import SessionPost
from hivestand.conformance.outcome import Outcome, Status, is_smaller, outcome_of
from hivestand.conformance.requirement import Finding, Level, Requirement

_Key = tuple[str, str]  # the id of a requirement, and an operation


class Verdicts:
    """Judges the exchanges of a run, and keeps of each requirement and operation the smallest findings."""

    def __init__(self, api: Api, requirements: Sequence[Requirement]) -> None:
        """Judge the exchanges of `api` by those of the requirements that are rules."""
        self._api = api
        self._judged = 0
        self._rules: dict[str, list[Requirement]] = {}  # by operation
        for requirement in requirements:
            for operation in requirement.operations:
                self._rules.setdefault(operation, []).append(requirement)
        self._findings: dict[_Key, dict[bool, Finding]] = {}  # by whether they hold
        self._errors: dict[_Key, str] = {}

    def judge_new(self) -> str | None:
        """Judge the exchanges that came since the last call.

        Returns the id of a requirement that one of them breaks and that can fail a run, or None.
        """
        objection: str | None = None
        for place in range(self._judged, len(self._api.exchanges)):
            exchange, post = self._api.exchanges[place], self._api.steps.get(place)
            for requirement in self._rules.get(exchange.request.operation, ()):
                is_kept = self._judge(requirement, exchange, post)
                if not is_kept and requirement.level is not Level.INFO:
                    objection = objection or requirement.id
        self._judged = len(self._api.exchanges)
        return objection

    def outcome(self, requirement: Requirement, operation: str) -> Outcome:
        """What was found of a requirement on an operation, of all that has been judged."""
        key = requirement.id, operation
        if key in self._errors:
            return Outcome(requirement, operation, Status.ERROR, reason=self._errors[key])
        return outcome_of(requirement, operation, self._findings.get(key, {}).values())

    def _judge(self, requirement: Requirement, exchange: Exchange, post: SessionPost | None) -> bool:
        """Take in what a requirement says of an exchange; returns whether it keeps the requirement."""
        key, is_kept = (requirement.id, exchange.request.operation), True
        try:
            for finding in requirement.judge(exchange, post):
                smallest = self._findings.setdefault(key, {})
                if finding.holds not in smallest or is_smaller(finding, smallest[finding.holds]):
                    smallest[finding.holds] = finding
                is_kept = is_kept and finding.holds
        except Exception as error:  # noqa: BLE001 - a bug of the suite's is never blamed on the target
            self._errors[key] = f"{type(error).__name__}: {error}"
        return is_kept
