"""Standard error, whoever reads it or does not."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from support import HIVESTAND, TOKEN, free_port, running

from hivestand.server.stderr import MAX_WAITING, LineWriter, printable

LINE = "x" * 99 + "\n"


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def read_all(descriptor: int, until: bytes) -> bytes:
    """What comes, up to a text."""
    received = b""
    while until not in received:
        received += os.read(descriptor, 65536)
    return received


def test_lines_come_in_order() -> None:
    """All of them, and the end waits for them."""
    reading, writing = os.pipe()
    writer = LineWriter(writing, printable)
    for number in range(500):
        writer.write(f"{number}\n")
    writer.close()
    assert [str(number) for number in range(500)] == read_all(reading, b"499\n").decode().split()
    assert writer.dropped == 0


def test_a_reader_that_stalls_stops_nobody() -> None:
    """What cannot wait is dropped and counted, and told when it reads again."""
    reading, writing = os.pipe()
    writer = LineWriter(writing, printable)
    for _ in range(2 * MAX_WAITING):
        writer.write(LINE)
    assert writer.dropped >= MAX_WAITING - 2000  # a pipe holds some hundred lines
    dropped, told = writer.dropped, 0
    while told < dropped:  # in one line, or in two if some were dropped before the first was written
        told += sum(map(int, re.findall(rb"(\d+) lines of the log were dropped", read_all(reading, b"dropped\n"))))
    assert dropped == told
    writer.close()


@pytest.mark.parametrize("broken", ["gone", "full"])
def test_what_cannot_be_written_is_counted(broken: str) -> None:
    """A reader that is gone, a disk that is full."""
    if broken == "gone":
        reading, writing = os.pipe()
        os.close(reading)
    else:
        writing = os.open("/dev/full", os.O_WRONLY)
    writer = LineWriter(writing, printable)
    for _ in range(3):
        writer.write(LINE)
    wait_until(lambda: writer.dropped == 3)
    writer.close()


def test_control_characters_never_reach_a_terminal() -> None:
    """Those of ASCII and of C1; tabs and line breaks stay."""
    assert "a\\u001b[2J\\u009b1\\u007f\\u000d\tb\né\n" == printable("a\x1b[2J\x9b1\x7f\r\tb\né\n")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_path_cannot_act_upon_a_terminal(tmp_path: Path, form: str) -> None:
    """Escaped, and JSON stays JSON."""
    file = tmp_path / "log"
    with file.open("w") as stderr, running("--log-format", form, stderr=stderr) as server:
        httpx.get(f"{server.url}/a%C2%9B2J%1B%5B0m")
    text = file.read_text(encoding="utf-8")
    assert not set(text) & {"\x1b", "\x9b"}
    if form == "json":
        assert "/a\x9b2J\x1b[0m" == json.loads(text)["path"]


@pytest.mark.parametrize("reader", ["gone", "stalled", "full"])
def test_the_log_changes_no_response(reader: str) -> None:
    """Requests are served as before, what is lost is counted, and the server ends as it should."""
    reading, writing = os.pipe()
    if reader == "gone":
        os.close(reading)
    elif reader == "full":
        os.close(writing)
        writing = os.open("/dev/full", os.O_WRONLY)
    with os.fdopen(writing, "w") as stderr, running("--log-format", "json", stderr=stderr) as server:
        with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
            for _ in range(700):  # more than a pipe holds
                assert client.post("/v1/sessions", json={}).status_code == 200
        metrics = httpx.get(f"{server.url}/__admin/metrics").text
        dropped = next(
            float(line.split()[1])
            for line in metrics.splitlines()
            if line.startswith("hivestand_log_lines_dropped_total ")
        )
        assert (dropped > 0) is (reader != "stalled")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(10) == 0


def test_a_full_standard_error_does_not_stop_the_start() -> None:
    """Nor does a full standard output: the line is lost, and requests are served."""
    port = free_port()
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [str(HIVESTAND), "serve", "--port", str(port), "--host", "0.0.0.0"]  # noqa: S104 - a token is told then
        process = subprocess.Popen(command, stdout=full, stderr=full)
    served_and_ended(process, port)


def test_closed_descriptors_are_survived() -> None:
    """No connection gets the number of standard error, and so the log is not sent to a client."""
    port = free_port()
    command = f"exec {HIVESTAND} serve --port {port} --log-format text 0<&- 1>&- 2>&-"
    served_and_ended(subprocess.Popen(["sh", "-c", command]), port)


def is_listening(port: int) -> bool:
    """Whether somebody does there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def served_and_ended(process: "subprocess.Popen[bytes]", port: int) -> None:
    """It serves, sends nothing but responses, and ends with status 0."""
    try:
        wait_until(lambda: is_listening(port))
        for _ in range(3):
            headers = {"Authorization": f"Bearer {TOKEN}"}
            response = httpx.post(f"http://127.0.0.1:{port}/v1/sessions", json={}, headers=headers)
            assert response.status_code == 200
            assert response.json()["event_type"] == "session"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
