"""How a module of requirements declares them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Required, TypedDict, Unpack

from hivestand.conformance.requirement import AnswerRule, Level, Requirement, Rule, Scenario, Tries


class Details(TypedDict, total=False):
    """What a requirement may say beside its title; see `Requirement`."""

    source: Required[str]
    operations: tuple[str, ...]
    statuses: tuple[int, ...]
    needs: str
    costly: bool
    tries: Tries
    is_of_presence: bool


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
        **details: Unpack[Details],
    ) -> Callable[[Rule], Rule]:
        """Declare a rule; a case is a session to post, or several to post one after the other."""
        bodies = tuple((case,) if isinstance(case, Mapping) else tuple(case) for case in cases)

        def declare(rule: Rule) -> Rule:
            self.requirements.append(Requirement(id_, level, title, rule=rule, cases=bodies, **details))
            return rule

        return declare

    def answer(
        self, id_: str, level: Level, title: str, **details: Unpack[Details]
    ) -> Callable[[AnswerRule], AnswerRule]:
        """Declare an answer rule."""

        def declare(rule: AnswerRule) -> AnswerRule:
            self.requirements.append(Requirement(id_, level, title, answer_rule=rule, **details))
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
