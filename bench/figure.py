"""A measured figure and its target."""

import statistics
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple


class Figure(NamedTuple):
    """A measured figure, and the value that it must reach, if any.

    Attributes:
        name: what was measured.
        value: the median of the rounds.
        unit: its unit.
        rounds: the value of each round.
        reach: the value to reach; None if nothing is asked.
        sense: whether the figure must be at least or at most that.
    """

    name: str
    value: float
    unit: str
    rounds: Sequence[float] = ()
    reach: float | None = None
    sense: Literal["at least", "at most"] = "at least"

    @property
    def is_met(self) -> bool | None:
        """Whether the figure reaches its target; None if it has none."""
        if self.reach is None:
            return None
        return self.value >= self.reach if self.sense == "at least" else self.value <= self.reach

    def as_json(self) -> dict[str, Any]:
        """The figure as an object of the results file."""
        return {**self._asdict(), "rounds": list(self.rounds), "is_met": self.is_met}

    def __str__(self) -> str:
        """The figure as one line of text."""
        spread = f" ({min(self.rounds):.4g} to {max(self.rounds):.4g})" if len(self.rounds) > 1 else ""
        wanted = "" if self.reach is None else f", {self.sense} {self.reach:g}: {'met' if self.is_met else 'NOT MET'}"
        return f"{self.name}: {self.value:.4g} {self.unit}{spread}{wanted}"


def median(name: str, rounds: Sequence[float], unit: str) -> Figure:
    """The median of the rounds as a figure without a target."""
    return Figure(name, statistics.median(rounds), unit, rounds)


def at_least(name: str, rounds: Sequence[float], reach: float, unit: str = "x") -> Figure:
    """One that has to be so large."""
    return Figure(name, statistics.median(rounds), unit, rounds, reach, "at least")


def at_most(name: str, rounds: Sequence[float], reach: float, unit: str = "x") -> Figure:
    """One that must not be larger."""
    return Figure(name, statistics.median(rounds), unit, rounds, reach, "at most")


def ratios(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """Round by round."""
    return [a / b for a, b in zip(one, other, strict=True)]
