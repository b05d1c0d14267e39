"""What a person sees in a terminal; a pipe sees none of it."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest
from support import HIVESTAND, running

WAIT = 0.2


class Shown:
    """A server in a terminal of its own, and what it has written there."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        """Take the process and the terminal's other side."""
        self.process = process
        self._terminal = terminal
        self.text = ""

    def until(self, wanted: str) -> str:
        """All that was written, once it has this in it."""
        deadline = time.monotonic() + 20
        while wanted not in self.text:
            assert time.monotonic() < deadline, self.text
            self.read()
        return self.text

    def read(self) -> None:
        """Take what was written meanwhile."""
        if select.select([self._terminal], [], [], WAIT)[0]:
            with suppress(OSError):  # the other side is closed
                self.text += os.read(self._terminal, 65536).decode()


@contextmanager
def shown(*options: str) -> Iterator[tuple[Shown, str]]:
    """Run a server in a terminal; gives what it writes, and its URL."""
    ours, theirs = pty.openpty()
    command = [str(HIVESTAND), "serve", "--port", "0", *options]
    env = {**os.environ, "TERM": "dumb"}  # without colours
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        terminal = Shown(process, ours)
        try:
            said = terminal.until("hivestand is listening on ")
            while "\n" not in said.partition("listening on ")[2]:
                terminal.read()
                said = terminal.text
            yield terminal, said.partition("listening on ")[2].split()[0].rstrip(",")
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            finally:
                process.kill()
                os.close(ours)


def test_it_says_where_to_look_and_shows_each_request() -> None:
    """With what was not used as it was sent, why it was refused, and which fault was applied."""
    with shown() as (terminal, url):
        said = terminal.until("Requests as they happen")
        for wanted in (
            f"{url}/__admin/",
            f"{url}/__admin/docs",
            "POST /v1/sessions",
            "GET  /v1/events/{event_id}",
            "memory://",
        ):
            assert wanted in said
        with httpx.Client(base_url=url, headers={"Authorization": "Bearer secret-token"}) as client:
            client.post("/v1/sessions", json={"duration": "x"})
            assert "createSession  200" in terminal.until("duration;reason=type")
            client.post("/v1/events", json={})
            assert "400" in terminal.until("/event_type must be one of")
            client.post("/__admin/faults", json={"status": 503, "times": 1})
            client.post("/v1/sessions", json={})
            assert "503" in terminal.until("1: status")
            client.get("/nothing%1b[31m")
            assert "not mocked  404" in terminal.until("/nothing\\u001b[31m")
        assert "secret-token" not in terminal.text


@pytest.mark.parametrize("options", [("-q",), ("--log-format", "none"), ("--log-format", "json")])
def test_it_can_be_silenced(options: tuple[str, ...]) -> None:
    """Or be a log, which then is all."""
    with shown(*options) as (terminal, url):
        assert httpx.get(f"{url}/nothing").status_code == 404
        if "json" in options:
            terminal.until('"path":"/nothing"')
        for _ in range(3):
            terminal.read()
        assert "not mocked" not in terminal.text
        assert "Requests as they happen" not in terminal.text


def test_a_pipe_sees_one_line() -> None:
    """As before, for scripts that wait for it."""
    with running() as server:
        assert httpx.get(f"{server.url}/nothing").status_code == 404
        server.process.terminate()
        assert server.process.stdout is not None
        assert "" == server.process.stdout.read()


def test_more_than_it_can_show_are_counted() -> None:
    """And the requests go on as fast as ever."""
    with shown() as (terminal, url):
        terminal.until("Requests as they happen")
        with httpx.Client(base_url=url) as client:
            for _ in range(400):
                client.get("/many")
        assert " more requests" in terminal.until(" more requests")
        assert terminal.text.count("/many") < 400
