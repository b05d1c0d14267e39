"""How a module of requirements declares them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from skep.conformance.requirement import BOTH, AnswerRule, Level, Requirement, Rule, Scenario


class Registry:
    """The requirements of one module, in the order in which they are declared."""

    def __init__(self) -> None:
        """Start without any."""
        self.requirements: list[Requirement] = []

    def rule(
        self,
        id_: str,
        level: Level,
        title: str,
        *cases: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        source: str,
        operations: tuple[str, ...] = BOTH,
    ) -> Callable[[Rule], Rule]:
        """Declare a rule; a case is a session to post, or several to post one after the other."""
        bodies = tuple((case,) if isinstance(case, Mapping) else tuple(case) for case in cases)

        def declare(rule: Rule) -> Rule:
            self.requirements.append(Requirement(id_, level, title, source, operations, rule=rule, cases=bodies))
            return rule

        return declare

    def answer(
        self, id_: str, level: Level, title: str, *, source: str, operations: tuple[str, ...] = BOTH
    ) -> Callable[[AnswerRule], AnswerRule]:
        """Declare an answer rule."""

        def declare(rule: AnswerRule) -> AnswerRule:
            self.requirements.append(Requirement(id_, level, title, source, operations, answer_rule=rule))
            return rule

        return declare

    def scenario(
        self, id_: str, level: Level, title: str, *, source: str, operations: tuple[str, ...] = ("createSession",)
    ) -> Callable[[Scenario], Scenario]:
        """Declare a scenario."""

        def declare(scenario: Scenario) -> Scenario:
            self.requirements.append(Requirement(id_, level, title, source, operations, scenario=scenario))
            return scenario

        return declare
