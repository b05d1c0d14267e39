"""Write the figures of a full run of tests/reliability into the table of docs/reliability.md."""

import json
import sys
from pathlib import Path

BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def table(rows: list[dict[str, object]]) -> str:
    """A Markdown table, a row for each proof."""
    lines = ["| proof | what holds | measured |", "|---|---|---|"]
    for row in sorted(rows, key=lambda row: str(row["proof"])):
        measured = row["measured"]
        assert isinstance(measured, dict)  # noqa: S101 - as tests/reliability/conftest.py writes it
        figures = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in measured.items())
        lines.append(f"| {row['proof']} | {row['promise']} | {figures} |")
    return "\n".join(lines) + "\n"


def main(figures: Path, page: Path) -> None:
    """Put the table between the marks of the page."""
    rows = [json.loads(line) for line in figures.read_text(encoding="utf-8").splitlines()]
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{table(rows)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
