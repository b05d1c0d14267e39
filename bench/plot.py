"""The plot that the README shows: throughput by contender, as SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from statistics import median
from typing import Final

WIDTH, ROW, LEFT, RIGHT, TOP = 760, 30, 190, 90, 46
OURS, THEIRS = "#b7791f", "#8a8f98"
_FONT: Final = "font-family='system-ui, sans-serif' font-size='13'"


def bars(rates: Mapping[str, Sequence[float]], title: str) -> str:
    """A bar for each, the fastest first, with its median, and a line from its slowest round to its fastest."""
    order = sorted(rates, key=lambda name: -median(rates[name]))
    longest = max(max(rounds) for rounds in rates.values())
    scale = (WIDTH - LEFT - RIGHT) / longest
    height = TOP + ROW * len(order) + 12
    # a background of its own, to be read on light pages and dark ones
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' role='img'>",
        f"<title>{escape(title)}</title>",
        f"<rect width='{WIDTH}' height='{height}' fill='#ffffff'/>",
        f"<text x='16' y='26' {_FONT} font-weight='600' fill='#1a202c'>{escape(title)}</text>",
    ]
    for place, name in enumerate(order):
        y, middle = TOP + ROW * place, median(rates[name])
        colour = OURS if name.startswith("hivestand") else THEIRS
        least, most = (LEFT + scale * each for each in (min(rates[name]), max(rates[name])))
        lines += [
            f"<text x='{LEFT - 10}' y='{y + 16}' {_FONT} text-anchor='end' fill='#1a202c'>{escape(name)}</text>",
            f"<rect x='{LEFT}' y='{y + 3}' width='{scale * middle:.1f}' height='18' fill='{colour}'/>",
            f"<line x1='{least:.1f}' y1='{y + 12}' x2='{most:.1f}' y2='{y + 12}' stroke='#1a202c'/>",
            f"<text x='{most + 8:.1f}' y='{y + 16}' {_FONT} fill='#1a202c'>{middle:,.0f}</text>",
        ]
    return "\n".join([*lines, "</svg>", ""])
