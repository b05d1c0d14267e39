"""The report before a terminal and elsewhere."""

import os
import pty
import subprocess
from contextlib import suppress
from dataclasses import replace

import pytest
from hostile import BROKEN, REPORT
from support import HIVESTAND, Running

from hivestand.conformance.reports.terminal import Terminal


def test_elsewhere_it_is_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """No colours, no bar, no line broken; a table at the end."""
    Terminal().show(REPORT)
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert len(BROKEN) + 1 == sum(line.startswith(("FAILED", "differs")) for line in said.splitlines())
    assert "SES-MUST" in said


def test_what_was_created_is_listed_where_it_was_marked(capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody will want to find it."""
    Terminal().show(replace(REPORT, created=("one-id", "another-id"), marked=True))
    said = capsys.readouterr().out
    assert "created 2 sessions, each with 7 as hivestand_check in its metadata:\n  one-id\n  another-id\n" in said


def test_on_a_terminal_there_is_a_bar(memory_server: Running) -> None:
    """With what is tried beside it."""
    ours, theirs = pty.openpty()
    command = [str(HIVESTAND), "check", memory_server.url, "--quick"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        said = b""
        with suppress(OSError):  # how Linux says that the other side is closed
            while chunk := os.read(ours, 65_536):
                said += chunk
    os.close(ours)
    assert process.returncode == 0
    assert b"\x1b[" in said
    assert "━".encode() in said
    assert b" %" in said
