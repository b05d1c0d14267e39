"""Write the figures of a full run of tests/reliability into the table of docs/reliability.md."""

import json
import sys
from pathlib import Path

BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def line_of(row: dict[str, object]) -> str:
    """The line of a proof in the table."""
    measured = row["measured"]
    assert isinstance(measured, dict)  # noqa: S101 - as tests/reliability/conftest.py writes it
    figures = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in measured.items())
    return f"| {row['proof']} | {row['promise']} | {figures} |"


def table(rows: list[dict[str, object]], before: str) -> str:
    """A Markdown table, a line for each proof; proofs that were not run keep theirs from the table before."""
    lines = {line.split(" | ")[0]: line for line in before.splitlines()[2:] if line.startswith("| ")}
    lines |= {f"| {row['proof']}": line_of(row) for row in rows}
    head = ["| proof | what holds | measured |", "|---|---|---|"]
    return "\n".join([*head, *(lines[name] for name in sorted(lines))]) + "\n"


def main(figures: Path, page: Path) -> None:
    """Put the table between the marks of the page."""
    rows = [json.loads(line) for line in figures.read_text(encoding="utf-8").splitlines()]
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    known, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{table(rows, known.strip())}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
