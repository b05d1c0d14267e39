"""Plots as SVG, for light pages and for dark ones."""

from collections.abc import Mapping, Sequence
from html import escape
from math import log10
from statistics import median
from typing import Final, NamedTuple

WIDTH, ROW, LEFT, RIGHT, TOP = 760, 30, 250, 90, 46
HEIGHT, BELOW, BESIDE = 300, 40, 70  # of a curve, and the room for its axes
_FONT: Final = "font-family='system-ui, sans-serif' font-size='13'"


class Theme(NamedTuple):
    """Colours: behind, of text, of hivestand and of others."""

    name: str
    page: str
    text: str
    ours: str
    theirs: str


THEMES: Final = (
    Theme("light", "#ffffff", "#1a202c", "#b7791f", "#8a8f98"),
    Theme("dark", "#0d1117", "#e6edf3", "#e0a84a", "#6e7681"),
)


def bars(rates: Mapping[str, Sequence[float]], title: str, theme: Theme) -> str:
    """A bar for each, the fastest first, with its median, and a line from its slowest round to its fastest."""
    order = sorted(rates, key=lambda name: -median(rates[name]))
    scale = (WIDTH - LEFT - RIGHT) / max(max(rounds) for rounds in rates.values())
    lines = _opened(TOP + ROW * len(order) + 12, title, theme)
    for place, name in enumerate(order):
        y, middle = TOP + ROW * place, median(rates[name])
        colour = theme.ours if name.startswith("hivestand") else theme.theirs
        least, most = (LEFT + scale * each for each in (min(rates[name]), max(rates[name])))
        lines += [
            _text(LEFT - 10, y + 17, name, theme, "end"),
            f"<rect x='{LEFT}' y='{y + 3}' width='{scale * middle:.1f}' height='18' fill='{colour}'/>",
            f"<line x1='{least:.1f}' y1='{y + 12}' x2='{most:.1f}' y2='{y + 12}' stroke='{theme.text}'/>",
            _text(most + 8, y + 17, f"{middle:,.0f}", theme),
        ]
    return "\n".join([*lines, "</svg>", ""])


class Curve(NamedTuple):
    """How a value grows: places along the first axis, and what was measured at each.

    Attributes:
        name: that of the plot's file.
        title: what the plot shows.
        along: what grows, with its unit.
        points: places, each with its value.
        unit: that of the values.
    """

    name: str
    title: str
    along: str
    points: Sequence[tuple[float, float]]
    unit: str


def curve(drawn: Curve, theme: Theme) -> str:
    """A line through the points; the first axis is logarithmic, the second begins at zero."""
    most = max(value for _, value in drawn.points) or 1.0
    low, high = (log10(drawn.points[end][0]) for end in (0, -1))
    wide, tall = WIDTH - 2 * BESIDE, HEIGHT - TOP - BELOW
    spots = [
        (BESIDE + wide * (log10(place) - low) / ((high - low) or 1), TOP + tall * (1 - value / most), place, value)
        for place, value in drawn.points
    ]
    lines = _opened(HEIGHT, drawn.title, theme)
    base = f"y1='{TOP + tall}' y2='{TOP + tall}' stroke='{theme.theirs}'"
    lines.append(f"<line x1='{BESIDE}' x2='{WIDTH - BESIDE}' {base}/>")
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in spots)
    lines.append(f"<polyline points='{path}' fill='none' stroke='{theme.ours}' stroke-width='2'/>")
    for x, y, place, value in spots:
        below = y <= TOP + 20  # where a label above would meet the title
        label = f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"
        lines += [
            f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4' fill='{theme.ours}'/>",
            _text(x, y + 20 if below else y - 10, label, theme, "middle"),
            _text(x, HEIGHT - BELOW + 16, f"{place:,.0f}", theme, "middle"),
        ]
    lines.append(_text(WIDTH / 2, HEIGHT - 8, f"{drawn.along}; up: {drawn.unit}", theme, "middle"))
    return "\n".join([*lines, "</svg>", ""])


def _opened(height: float, title: str, theme: Theme) -> list[str]:
    return [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height:.0f}' role='img'>",
        f"<title>{escape(title)}</title>",
        f"<rect width='{WIDTH}' height='{height:.0f}' fill='{theme.page}'/>",
        f"<text x='16' y='26' {_FONT} font-weight='600' fill='{theme.text}'>{escape(title)}</text>",
    ]


def _text(x: float, y: float, text: str, theme: Theme, anchor: str = "start") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' {_FONT} text-anchor='{anchor}' fill='{theme.text}'>{escape(text)}</text>"
