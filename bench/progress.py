"""How far a run is: a bar with the step, the time that has gone, and the time that the step may take."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

LIMIT: Final = 420  # seconds that a measure may take


class TooLong(Exception):
    """A measure takes longer than it may."""


class Bar:
    """A line at the bottom of a terminal, or nothing where the output is none."""

    def __init__(self, steps: int) -> None:
        """Expect so many steps."""
        columns = (BarColumn(), TextColumn("{task.completed:.0f} of {task.total:.0f}"), TimeElapsedColumn())
        self._progress = Progress(
            *columns, TextColumn("{task.description}"), console=Console(file=sys.stderr), refresh_per_second=1
        )
        self._task: TaskID = self._progress.add_task("", total=steps)

    def __enter__(self) -> Self:
        """Show it."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Show it no more."""
        self._progress.stop()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step, which is ended when it takes too long.

        Raises:
            TooLong: it does.
        """

        def end(_number: int, _frame: FrameType | None) -> None:
            raise TooLong(f"{name} takes longer than {LIMIT} s")

        self._progress.update(self._task, description=name)
        before = signal.signal(signal.SIGALRM, end)
        signal.alarm(LIMIT)
        try:
            yield
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
            self._progress.advance(self._task)

    def say(self, line: object) -> None:
        """A line above the bar, on standard output."""
        self._progress.console.file.flush()
        print(line, flush=True)
