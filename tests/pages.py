"""The generated parts of `docs/conformance.md`: run as a program, this writes those that need no long run."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from mutants import MUTANTS

from hivestand.conformance.requirements import REQUIREMENTS

PAGE = Path(__file__).parent.parent / "docs" / "conformance.md"


def markers(part: str) -> tuple[str, str]:
    """The lines between which a generated part stands."""
    return f"<!-- {part} -->\n", f"<!-- end of {part} -->\n"


def part_of(page: str, part: str) -> str:
    """A generated part of a page."""
    begin, end = markers(part)
    return page.partition(begin)[2].partition(end)[0].strip("\n")


def with_part(page: str, part: str, lines: Iterable[str]) -> str:
    """The page with a generated part in place of the one that it has."""
    begin, end = markers(part)
    before, _, rest = page.partition(begin)
    after = rest.partition(end)[2]
    return f"{before}{begin}\n" + "\n".join(lines) + f"\n\n{end}{after}"


def requirements() -> list[str]:
    """The table of all requirements, and how many seeded defects each is meant to notice."""
    defects = Counter(mutant.kills for mutant in MUTANTS)
    lines = ["| id | level | the sentence | its source | seeded defects |", "|---|---|---|---|---|"]
    for each in REQUIREMENTS:
        source = each.source.replace("|", "\\|")
        lines.append(f"| {each.id} | {each.level} | {each.title} | {source} | {defects[each.id] or '-'} |")
    return lines


if __name__ == "__main__":
    PAGE.write_text(with_part(PAGE.read_text(encoding="utf-8"), "requirements", requirements()), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}: {len(REQUIREMENTS)} requirements\n")
