"""The tables of `docs/performance.md` that a run writes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from bench.contenders import ROOT

PAGE: Final = ROOT / "docs" / "performance.md"


def write(results: Mapping[str, Any]) -> None:
    """Put the figures of a run into the page: what was asked for, and the rest."""
    figures: Sequence[Mapping[str, Any]] = results["figures"]
    apart = ("wait of another", "growth:")  # which have a table of their own
    shown = [each for each in figures if not each["name"].startswith(apart)]
    about = (
        f"Measured on {str(results['at'])[:10]} in {results['minutes']} minutes: {results['machine']}, Python "
        f"{results['python']}; medians of {results['rounds']} rounds in turn, {results['seconds']:g} seconds each."
    )
    replace("figures", [about, "", *_asked(shown), "", *_others(shown)])


def replace(name: str, lines: Sequence[str]) -> None:
    """Put lines between the marks of that name.

    Raises:
        ValueError: the page has no such marks.
    """
    text = PAGE.read_text(encoding="utf-8")
    marks = f"(<!-- {name} -->).*(<!-- end of {name} -->)"
    body = "\n".join(lines)
    changed, count = re.subn(marks, lambda found: f"{found[1]}\n\n{body}\n\n{found[2]}", text, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"docs/performance.md has no place for {name}")
    PAGE.write_text(changed, encoding="utf-8")


def _asked(figures: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A row for each figure that has a value to reach."""
    yield "| measure | figure | slowest to fastest round | to reach |"
    yield "|---|---|---|---|"
    for each in figures:
        if each["reach"] is not None:
            sign = "≥" if each["sense"] == "at least" else "≤"
            reached = "" if each["is_met"] else ", **not reached**"
            yield f"| {each['name']} | {_value(each)} | {_spread(each)} | {sign} {each['reach']:.3g}{reached} |"


def _others(figures: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "| figure | | slowest to fastest round |"
    yield "|---|---|---|"
    for each in figures:
        if each["reach"] is None:
            yield f"| {each['name']} | {_value(each)} | {_spread(each)} |"


def _value(figure: Mapping[str, Any]) -> str:
    unit = "" if figure["unit"] == "x" else f" {figure['unit']}"
    return f"{_number(figure['value'])}{unit}"


def _spread(figure: Mapping[str, Any]) -> str:
    rounds = figure["rounds"]
    return f"{_number(min(rounds))} to {_number(max(rounds))}" if len(rounds) > 1 else ""


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
