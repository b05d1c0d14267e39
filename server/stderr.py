"""Lines for standard error, written by a thread, so that nobody who reads them, or does not, can stop the server."""

import logging
import os
import re
import select
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final, Generic, TypeVar

MAX_WAITING: Final = 10_000  # lines that wait to be written; more are dropped, and counted
TOLD: Final = "hivestand: {} lines of the log were dropped\n"
AT_ONCE: Final = 200  # lines that one write takes
TELL_SECONDS: Final = 0.5  # after which it is told that lines were dropped
CLOSE_SECONDS: Final = 1.0  # that the end waits for the lines that are left

# control characters of ASCII and of C1, which terminals act upon; a tab and line breaks stay
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


T = TypeVar("T")


def printable(text: str) -> str:
    """The text with its control characters escaped, as JSON escapes them."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


class LineWriter(Generic[T]):
    """Writes lines to a file descriptor in the background. A line that cannot be written is dropped and counted.

    Attributes:
        dropped: how many lines were dropped in this process.
    """

    def __init__(
        self,
        descriptor: int,
        render: Callable[[T], str],
        *,
        most: int = MAX_WAITING,
        pause: float = 0,
        told: str = TOLD,
    ) -> None:
        """Write to the descriptor what `render`, called in the background, makes of each line.

        At most `most` lines wait, and none is written for `pause` seconds after others were. `told` is the line that
        says how many were dropped.
        """
        self._descriptor = descriptor
        self._render = render
        self._most = most
        self._pause = pause
        self._told_by = told
        self._lines: SimpleQueue[T | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self.dropped = 0
        self._told = 0  # of those, how many a line has told of
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget_thread)

    @property
    def is_full(self) -> bool:
        """Whether so many lines wait that the next is dropped."""
        return self._lines.qsize() >= self._most

    def write(self, line: T) -> None:
        """Write a line soon; it never waits, and never fails."""
        if self.is_full:
            self.dropped += 1
            return
        self._lines.put(line)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, args=(self._lines,), name="hivestand-log", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Wait a moment for the lines that are left, and end the thread."""
        thread, lines = self._thread, self._lines
        self._forget_thread()
        if thread is not None:
            lines.put(None)
            thread.join(CLOSE_SECONDS)

    def _forget_thread(self) -> None:
        self._lines = SimpleQueue()
        self._thread = None

    def _work(self, lines: SimpleQueue[T | None]) -> None:
        while True:
            batch: list[T | None] = []
            with suppress(Empty):  # a moment after lines were dropped, that is told even if no other line comes
                batch.append(lines.get(timeout=TELL_SECONDS if self.dropped > self._told else None))
                while len(batch) < AT_ONCE and batch[-1] is not None:
                    batch.append(lines.get_nowait())
            texts = [self._render(line) for line in batch if line is not None]
            if self.dropped > self._told:
                told = self.dropped
                texts.append(self._told_by.format(told - self._told))
                self._told = told
            if not self._written("".join(texts).encode(errors="replace")):
                self.dropped += len(texts)
                self._told = self.dropped
                time.sleep(0.05)  # a disk that is full, or a reader that is gone
            if batch and batch[-1] is None:
                return
            if self._pause:
                time.sleep(self._pause)

    def _written(self, data: bytes) -> bool:
        """Write all of it; returns whether that was possible."""
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:  # somebody has made it non-blocking
                select.select([], [self._descriptor], [], 1)
            except OSError:
                return False
        return True


class LogHandler(logging.Handler):
    """Sends the records of Python's logging, such as the server's warnings, to a writer."""

    def __init__(self, writer: LineWriter[str]) -> None:
        """Write to this writer."""
        super().__init__(logging.WARNING)
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as a line, and the traceback of an exception below it."""
        try:
            self._writer.write(f"hivestand: {self.format(record)}\n")
        except Exception:  # noqa: BLE001 - a record that cannot be formatted stops nobody
            self._writer.dropped += 1


STDERR: Final = LineWriter(2, printable)


def say(line: str) -> None:
    """Write a line for who runs the server."""
    STDERR.write(f"hivestand: {line}\n")


def open_standard_descriptors() -> None:
    """Open the descriptors 0 to 2 that are closed: a socket would get their number, and the log would go there."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the process lives
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
