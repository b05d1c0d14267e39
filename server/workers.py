"""Several processes on one socket: a parent that holds it, and workers that it forks and replaces."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from hivestand.server.stderr import STDERR, say

RESTART_SECONDS = 1.0  # seconds at least between two starts of a worker that dies at once
END_SECONDS = 15  # seconds that workers have to end: more than the ten for responses in flight

Work = Callable[[int, Callable[[], None]], None]


class Workers:
    """A parent and its workers.

    A worker signals the parent by SIGUSR1 when it serves. It notices the end of the parent by a pipe, whatever the
    cause, and ends too, so that nobody is left behind on the port.
    """

    def __init__(self, count: int, work: Work, stop_listening: Callable[[], None]) -> None:
        """Prepare `count` workers; the parent calls `stop_listening` as soon as they are to end.

        `work` gets a file descriptor and a callable: it makes the call when it serves, and serves until SIGTERM or
        until the descriptor can be read.
        """
        self._count = count
        self._work = work
        self._stop_listening = stop_listening
        self._started: dict[int, float] = {}
        self._ending = False
        self._lifeline, self._held = os.pipe()

    def run(self, ready: Callable[[], None]) -> None:
        """Start the workers, call `ready` when the first serves, and keep their number until SIGINT or SIGTERM."""
        ending = {signal.SIGINT: self._end, signal.SIGTERM: self._end, signal.SIGALRM: self._kill}
        with _handling({**ending, signal.SIGUSR1: _once(ready)}):
            for _ in range(self._count):
                self._start()
            while self._started:
                self._replace(*os.wait())
            signal.alarm(0)

    def _start(self) -> None:
        with _blocked():  # block signals until the parent knows the worker and the worker has its handlers
            if self._ending:
                return
            parent = os.getpid()
            STDERR.close()  # its thread would not be in the worker
            pid = os.fork()
            if pid == 0:
                self._serve(parent)
            self._started[pid] = time.monotonic()

    def _serve(self, parent: int) -> NoReturn:
        """Be a worker; nothing of the parent runs in it afterwards."""
        status = 1
        try:
            os.close(self._held)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal signals all; the parent ends the workers
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            self._work(self._lifeline, lambda: _tell(parent))
            status = 0
        except BaseException:  # noqa: BLE001 - there is nobody else to tell
            sys.excepthook(*sys.exc_info())
        finally:
            STDERR.close()
            os._exit(status)

    def _replace(self, pid: int, status: int) -> None:
        """Start another worker for one that ended unasked.

        A process that is no worker ends here too: one that was started before, by what became this process, or any
        whose parent is gone where this is the first process of a container.
        """
        if pid not in self._started:
            return
        lived = time.monotonic() - self._started.pop(pid)
        if not self._ending:
            code = os.waitstatus_to_exitcode(status)
            how = signal.Signals(-code).name if code < 0 else f"status {code}"
            say(f"worker {pid} ended with {how} and is replaced")
            time.sleep(max(0, RESTART_SECONDS - lived))
        self._start()

    def _end(self, *_signal: object) -> None:
        """Tell the workers to end, at the second call at once; a worker that does not end is killed."""
        self._ending = True
        self._stop_listening()
        signal.alarm(END_SECONDS)
        self._signal(signal.SIGTERM)

    def _kill(self, *_signal: object) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._started:
            with suppress(ProcessLookupError):  # it has ended and will be reaped
                os.kill(pid, number)


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


@contextmanager
def _blocked() -> Iterator[None]:
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


@contextmanager
def _handling(handlers: dict[signal.Signals, Callable[..., None]]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(parent: int) -> None:
    if os.getppid() == parent:  # otherwise it is reaped, and its id may belong to another process
        os.kill(parent, signal.SIGUSR1)


def _once(call: Callable[[], None]) -> Callable[..., None]:
    """A signal handler that makes the call at the first signal only."""
    is_called = False

    def handle(*_signal: Any) -> None:
        nonlocal is_called
        if not is_called:
            is_called = True
            with suppress(OSError):  # standard output may be closed
                call()

    return handle
