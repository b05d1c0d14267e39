"""What a run writes into `docs/performance.md` and the README; `python -m bench.page` writes it again."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench import contenders as who

PAGE: Final = who.ROOT / "docs" / "performance.md"
README: Final = who.ROOT / "README.md"
_NAMES: Final = {
    "memory": who.HIVESTAND_MEMORY.name,
    "redis": who.HIVESTAND_REDIS.name,
    "prism": who.PRISM_SMALL.name,
}
_SENTENCES: Final = """
- In memory it starts {memory:,.0f} sessions a second: {of_floor:.2f} of what an ASGI function reaches that does
  nothing, and {of_prism:.1f} times Prism.
- On Redis it starts {redis:,.0f}: {of_bare:.2f} times a bare function with one call of redis-py, and {of_stock:.1f}
  times stock Connexion.
- One response in a hundred takes longer than {p99_memory:.1f} ms, on Redis than {p99_redis:.1f} ms; of Prism's than
  {p99_prism:.0f} ms.
- It is ready in {start_memory:.2f} s, on Redis in {start_redis:.2f} s; Prism in {start_prism:.2f} s.
- After 100,000 sessions on Redis it holds {held:.0f} MB.
"""
RESULTS: Final = who.ROOT / "bench" / "results" / "latest.json"


def write(results: Mapping[str, Any]) -> None:
    """Put the figures of a run into the page, and the sentences into the README."""
    replace(PAGE, "figures", tables(results))
    replace(README, "speed", sentences(results))


def tables(results: Mapping[str, Any]) -> list[str]:
    """The lines of the page: what was asked for, and the rest."""
    figures: Sequence[Mapping[str, Any]] = results["figures"]
    apart = ("wait of another", "growth:")  # which have a table of their own
    shown = [each for each in figures if not each["name"].startswith(apart)]
    about = (
        f"Measured on {str(results['at'])[:10]} in {results['minutes']} minutes: {results['machine']}, Python "
        f"{results['python']}; medians of {results['rounds']} rounds in turn, {results['seconds']:g} seconds each."
    )
    return [about, "", *_asked(shown), "", *_others(shown)]


def sentences(results: Mapping[str, Any]) -> list[str]:
    """The lines of the README: a sentence for each figure that a user may ask for."""
    found = {each["name"]: each["value"] for each in results["figures"]}
    memory, redis, prism = who.HIVESTAND_MEMORY.name, who.HIVESTAND_REDIS.name, who.PRISM_SMALL.name
    floor, stock, bare = who.FLOOR.name, who.STOCK.name, who.BARE.name
    held = next(value for name, value in found.items() if name.startswith("memory after"))
    told = {
        "memory": found[memory],
        "redis": found[redis],
        "of_floor": found[f"{memory} / {floor}"],
        "of_prism": found[f"{memory} / {prism}"],
        "of_bare": found[f"{redis} / {bare}"],
        "of_stock": found[f"{redis} / {stock}"],
        "held": held,
        **{f"p99_{key}": found[f"p99, {name}"] for key, name in _NAMES.items()},
        **{f"start_{key}": found[f"start, {name}"] for key, name in _NAMES.items()},
    }
    about = f"{results['machine']}, with Python {results['python']}; the server has one core:"
    return [f"Measured side by side on {about}", "", *_SENTENCES.format(**told).strip().split("\n")]


def replace(page: Path, name: str, lines: Sequence[str]) -> None:
    """Put lines between the marks of that name.

    Raises:
        ValueError: the page has no such marks.
    """
    text = page.read_text(encoding="utf-8")
    marks = f"(<!-- {name} -->).*(<!-- end of {name} -->)"
    body = "\n".join(lines)
    changed, count = re.subn(marks, lambda found: f"{found[1]}\n\n{body}\n\n{found[2]}", text, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"{page.name} has no place for {name}")
    page.write_text(changed, encoding="utf-8")


def _asked(figures: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A row for each figure that has a value to reach."""
    yield "| measure | figure | slowest to fastest round | to reach |"
    yield "|---|---|---|---|"
    for each in figures:
        if each["reach"] is not None:
            sign = "≥" if each["sense"] == "at least" else "≤"
            reached = "" if each["is_met"] else ", **not reached**"
            yield f"| {each['name']} | {_value(each)} | {_spread(each)} | {sign} {_number(each['reach'])}{reached} |"


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


if __name__ == "__main__":
    write(json.loads(RESULTS.read_text(encoding="utf-8")))
