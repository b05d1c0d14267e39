"""A requirement: one sentence of the contract and its check.

There are three kinds of check. A **rule** is a pure function of a session that was posted and the event that came back;
it judges every such exchange of a run, whoever made the request. A **response rule** judges every exchange, and may say
what to send so that there is one. A **scenario** sends what it needs itself.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from hivestand.conformance.api import Api
from hivestand.conformance.exchange import Exchange
from hivestand.conformance.history import SessionPost
from hivestand.conformance.operations import SESSIONS

BOTH = SESSIONS


class Level(StrEnum):
    """How binding a sentence is.

    MUST: the published prose or response schema says it. SHOULD: clients, RFCs or the plain sense of a sentence imply
    it. INFO: the contract is open; what the deployment does is reported and fails nothing.
    """

    MUST = "MUST"
    SHOULD = "SHOULD"
    INFO = "INFO"


class Finding(NamedTuple):
    """What was expected, what came, and the exchanges that show it."""

    expected: Any
    actual: Any
    evidence: tuple[Exchange, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the value is as expected; 1 is not true, as in JSON."""
        return same(self.expected, self.actual)


ABSENT: Final = "(absent)"  # what a finding shows for a missing property or header

Expectations = Iterator[tuple[Any, Any]]
Rule = Callable[[SessionPost], Expectations]
ResponseRule = Callable[[Exchange], Expectations]
Scenario = Callable[[Api, str], Iterator[Finding]]
Tries = Callable[[Api, str], Iterator[Exchange]]
Bodies = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Requirement:
    """A sentence and its check: a rule with cases, a response rule with what it tries, or a scenario.

    Attributes:
        id: never used again for another sentence.
        level: how binding it is.
        title: the sentence.
        source: where the contract says it.
        operations: the operations that it is about.
        rule: the rule, if it is one.
        cases: the sessions to post for a rule.
        scenario: the scenario, if it is one.
        response_rule: the response rule, if it is one.
        tries: sends requests for a response rule.
        statuses: the response statuses that it judges.
        needs: a flag of `hivestand check` without which it is skipped.
        costly: whether it takes many requests.
        is_of_presence: whether it is about the existence of the operation.
    """

    id: str
    level: Level
    title: str
    source: str
    operations: tuple[str, ...] = BOTH
    rule: Rule | None = None
    cases: tuple[Bodies, ...] = ()
    scenario: Scenario | None = None
    response_rule: ResponseRule | None = None
    tries: Tries | None = None
    statuses: tuple[int, ...] = (200,)
    needs: str = ""
    costly: bool = False
    is_of_presence: bool = False

    def exercise(self, api: Api, operation: str) -> Iterator[Finding]:
        """Send the requests that the requirement needs; a scenario yields its findings here, a rule in `judge`."""
        if self.scenario is not None:
            yield from self.scenario(api, operation)
        if self.tries is not None:
            exhaust(self.tries(api, operation))
        for bodies in api.few(self.cases):
            exhaust(api.posts(bodies, operation))

    def judge(self, exchange: Exchange, step: SessionPost | None) -> Iterator[Finding]:
        """The findings of a rule on an exchange, and on the session that it posted, if any."""
        if self.response_rule is not None:
            for expected, actual in self.response_rule(exchange):
                yield Finding(expected, actual, (exchange,))
        if self.rule is not None and step is not None:
            for expected, actual in self.rule(step):
                yield Finding(expected, actual, (exchange,))


def exhaust(exchanges: Iterator[object]) -> None:
    """Run an iterator of exchanges to its end; the run judges them with all others."""
    for _ in exchanges:
        pass


def same(expected: Any, actual: Any) -> bool:
    """Whether two JSON values are equal: numbers by value as doubles, everything else by type too.

    RFC 8259, 6 promises no more of a number than a double holds. An expected `Matcher` decides for itself.
    """
    if isinstance(expected, Matcher):
        return expected.holds(actual)
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(same(value, actual[name]) for name, value in expected.items())
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(same, expected, actual))
    if isinstance(expected, int | float) and isinstance(actual, int | float):
        return _as_double(expected) == _as_double(actual)
    return bool(expected == actual)


def _as_double(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, number)


@dataclass(frozen=True)
class Matcher:
    """A set of acceptable values, described in words."""

    words: str
    holds: Callable[[Any], bool]

    def __str__(self) -> str:
        """The description."""
        return self.words
