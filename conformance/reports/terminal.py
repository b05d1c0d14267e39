"""The progress and the report of a run on a terminal; plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from hivestand.conformance.outcome import Status
from hivestand.conformance.reports.report import Report, Watch, by_subject
from hivestand.conformance.reports.text import failures, sums

STYLES = {"FAILED": "bold red", "error": "red", "differs": "yellow"}


class Terminal:
    """Standard output."""

    def __init__(self) -> None:
        """Find out whether standard output is a terminal, and how wide it is."""
        self._console = Console(highlight=False, emoji=False, markup=False)

    def say(self, line: str, style: str = "") -> None:
        """Print a line unwrapped, without control characters."""
        printable = "".join(letter if letter.isprintable() else "�" for letter in line)
        self._console.print(printable, style=style, soft_wrap=True)

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        """Show a progress bar during a run if standard output is a terminal."""
        columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
        words = TextColumn("{task.description}", markup=False)
        shown = self._console.is_terminal
        with Progress(*columns, words, console=self._console, transient=True, disable=not shown) as progress:
            task = progress.add_task("", total=1.0)
            yield lambda share, doing: progress.update(task, completed=share, description=doing)

    def show(self, report: Report) -> None:
        """Print what does not pass, a table and the totals; if nothing was exercised, only why."""
        if report.inconclusive and not any(outcome.is_judged for outcome in report.outcomes):
            self.say(f"inconclusive: {report.inconclusive}")
            return
        for line in failures(report):
            self.say(line, STYLES.get(line.partition(" ")[0], ""))
        self._console.print(_table(report))
        for line in sums(report):
            self.say(line)


def _table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for status in Status:
        table.add_column(status.replace("_", " "), justify="right")
    for subject, counted in by_subject(report).items():
        table.add_row(subject, *(str(counted[status]) if counted[status] else "-" for status in Status))
    return table
