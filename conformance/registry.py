"""The decorators by which a module of requirements declares them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Required, TypedDict, Unpack

from hivestand.conformance.requirement import Level, Requirement, ResponseRule, Rule, Scenario, Tries


class Details(TypedDict, total=False):
    """The optional arguments of a requirement, each a field of `Requirement`.

    Attributes:
        source: where the contract says it.
        operations: the operations that it is about.
        statuses: the response statuses that it judges.
        needs: a flag of `hivestand check` without which it is skipped.
        costly: whether it takes many requests.
        tries: sends requests for a response rule.
        is_of_presence: whether it is about the existence of the operation.
    """

    source: Required[str]
    operations: tuple[str, ...]
    statuses: tuple[int, ...]
    needs: str
    costly: bool
    tries: Tries
    is_of_presence: bool


class Registry:
    """The requirements that one module declares, in order."""

    def __init__(self) -> None:
        """Start without any."""
        self.requirements: list[Requirement] = []

    def rule(
        self,
        id_: str,
        level: Level,
        title: str,
        *cases: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        **details: Unpack[Details],
    ) -> Callable[[Rule], Rule]:
        """Declare a rule; a case is a session to post, or several to post one after the other."""
        bodies = tuple((case,) if isinstance(case, Mapping) else tuple(case) for case in cases)

        def declare(rule: Rule) -> Rule:
            self.requirements.append(Requirement(id_, level, title, rule=rule, cases=bodies, **details))
            return rule

        return declare

    def response(
        self, id_: str, level: Level, title: str, **details: Unpack[Details]
    ) -> Callable[[ResponseRule], ResponseRule]:
        """Declare a rule on every response."""

        def declare(rule: ResponseRule) -> ResponseRule:
            self.requirements.append(Requirement(id_, level, title, response_rule=rule, **details))
            return rule

        return declare

    def scenario(
        self, id_: str, level: Level, title: str, **details: Unpack[Details]
    ) -> Callable[[Scenario], Scenario]:
        """Declare a scenario."""

        def declare(scenario: Scenario) -> Scenario:
            self.requirements.append(Requirement(id_, level, title, scenario=scenario, **details))
            return scenario

        return declare
