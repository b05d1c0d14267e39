"""Python's garbage collector: of what stays, it looks at each object once.

A full collection looks at all that the process holds, and comes again whenever a quarter has been added: with a million
sessions in memory it stops the server for a second. It would find nothing there. What a store holds has no cycles, and
is freed when it is deleted, as its reference counts say; neither does a request or a connection leave a cycle behind
(`tests/server/test_collector.py`). So what survives a full collection is left out of all later ones.
"""

import gc
from typing import Any


def rest() -> None:
    """Look at nothing while the server starts: all that is made then stays."""
    gc.disable()


def look_once() -> None:
    """Leave out what is there now, and after each full collection what survived it.

    It is for a process that is the server alone: a cycle that is made of such objects later is never freed.
    """
    gc.freeze()
    gc.enable()
    if _leave_out not in gc.callbacks:
        gc.callbacks.append(_leave_out)


def _leave_out(phase: str, info: dict[str, Any]) -> None:
    if phase == "stop" and info["generation"] == 2:  # noqa: PLR2004 - the oldest, so that all was looked at
        gc.freeze()
