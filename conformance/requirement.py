"""One sentence of the contract, made checkable.

There are three ways to check one. A **rule** is a pure function of a session that was posted and the event that came
back; it judges every such answer of a run, whoever made the request up. An **answer rule** judges every answer
whatsoever, and may say what to send so that there is one. A **scenario** sends what it needs itself.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from hivestand.conformance.api import Api
from hivestand.conformance.exchange import Exchange
from hivestand.conformance.history import SessionPost
from hivestand.conformance.operations import SESSIONS

BOTH = SESSIONS


class Level(StrEnum):
    """How much a sentence binds.

    MUST: the published prose or response schema says it. SHOULD: clients, RFCs or the plain sense of a sentence imply
    it. INFO: the contract is open; what the deployment does is reported, and fails nothing.
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
        """Whether it came as expected; 1 is not True, as JSON knows the difference."""
        return same(self.expected, self.actual)


Expectations = Iterator[tuple[Any, Any]]
Rule = Callable[[SessionPost], Expectations]
AnswerRule = Callable[[Exchange], Expectations]
Scenario = Callable[[Api, str], Iterator[Finding]]
Tries = Callable[[Api, str], Iterator[Exchange]]
Bodies = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Requirement:
    """A sentence and its check: a rule with its posts, an answer rule with what it `tries`, if anything, or a scenario.

    An id is never used again for another sentence. `statuses` are those of the answers that it judges, `needs` what has
    to be asked for before it can be tried, such as a flag of `hivestand check`, and a `costly` one takes many requests.
    One `is_of_presence` if it is about whether the target knows the operation at all.
    """

    id: str
    level: Level
    title: str
    source: str
    operations: tuple[str, ...] = BOTH
    rule: Rule | None = None
    cases: tuple[Bodies, ...] = ()
    scenario: Scenario | None = None
    answer_rule: AnswerRule | None = None
    tries: Tries | None = None
    statuses: tuple[int, ...] = (200,)
    needs: str = ""
    costly: bool = False
    is_of_presence: bool = False

    def exercise(self, api: Api, operation: str) -> Iterator[Finding]:
        """Send what it takes to try it on an operation; a scenario gives its findings here, a rule in `judge`."""
        if self.scenario is not None:
            yield from self.scenario(api, operation)
        if self.tries is not None:
            exhaust(self.tries(api, operation))
        for bodies in api.few(self.cases):
            exhaust(api.posts(bodies, operation))

    def judge(self, exchange: Exchange, step: SessionPost | None) -> Iterator[Finding]:
        """What its rule says of an exchange, and of the session that it started, if it did."""
        if self.answer_rule is not None:
            for expected, actual in self.answer_rule(exchange):
                yield Finding(expected, actual, (exchange,))
        if self.rule is not None and step is not None:
            for expected, actual in self.rule(step):
                yield Finding(expected, actual, (exchange,))


def exhaust(exchanges: Iterator[object]) -> None:
    """Have everything sent; what comes of it is judged with all exchanges of the run."""
    for _ in exchanges:
        pass


def same(expected: Any, actual: Any) -> bool:
    """Whether two JSON values are the same: numbers by value, as doubles have it, everything else by type too.

    RFC 8259, 6 asks for no more of a number than a double holds. What is expected may be a `Matcher`, which decides for
    itself.
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
    """Any of several values, in words."""

    words: str
    holds: Callable[[Any], bool]

    def __str__(self) -> str:
        """The words."""
        return self.words
