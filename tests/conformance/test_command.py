"""`hivestand check`, as a process."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import pytest
from support import Running, accepting, hivestand_check

from hivestand.conformance.reports.as_json import SCHEMA
from hivestand.openapi.formats import is_loopback


@contextmanager
def responding(response: bytes) -> Iterator[str]:
    """A server that sends the same response to every request, and closes; gives its URL."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(response)

    with accepting(serve) as port:
        yield f"http://127.0.0.1:{port}"


def test_a_conforming_target_is_0(memory_server: Running, tmp_path: Path) -> None:
    """With a line that sums up, and a report for programs."""
    path = tmp_path / "report.json"
    done = hivestand_check(memory_server.url, "--seed", "7", "--level", "SHOULD", "--json", str(path))
    assert (0, "") == (done.returncode, done.stderr), done.stdout
    assert "passed" in done.stdout.splitlines()[-1]
    assert ["passed", "failed", "error", "skipped", "not", "exercised"] == done.stdout.splitlines()[0].split()
    assert "SES-MERGE" in done.stdout
    report = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(report)
    assert all(each["evidence"] for each in report["requirements"] if each["status"] == "passed")
    assert (memory_server.url, 7) == (report["target"], report["seed"])
    assert report["summary"]["failed"] == 0
    assert report["summary"]["passed"] > 100
    assert report["requests"] <= 6000


def test_a_broken_target_is_1_and_says_what_is_broken() -> None:
    """The sentence, what was expected and what came, and a command that shows it again."""
    with responding(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
    ) as url:
        done = hivestand_check(url, "--quick", "--only", "SES-AUTH-01")
    assert done.returncode == 1
    assert "FAILED  SES-AUTH-01 MUST createSession: A request without a token gets 401" in done.stdout
    assert "expected 401" in done.stdout
    assert "actual   200" in done.stdout
    assert f"curl -i -X POST {url}/" in done.stdout


@pytest.mark.parametrize(
    ("known", "status", "said"),
    [
        ("SES-AUTH-01 # not yet\n", 0, ""),
        ("", 1, "FAILED"),
        ("SES-AUTH-01\nSES-NAME-99\n", 1, "known to fail, but matches no requirement of the run: SES-NAME-99"),
        ("SES-AUTH-01\nSES-AUTH-04\n", 1, "known to fail, but passes: SES-AUTH-04"),
    ],
)
def test_a_known_failure_fails_nothing_unless_it_passes(tmp_path: Path, known: str, status: int, said: str) -> None:
    """Or there is no such requirement: the list is to be kept up."""
    path = tmp_path / "known"
    path.write_text(known, encoding="utf-8")
    body = b'{"event_id": "a"}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    with responding(head % len(body) + body) as url:
        done = hivestand_check(url, "--quick", "--only", "SES-AUTH-0[14]", "--known-failing", str(path))
    assert (status, said in done.stdout) == (done.returncode, True)


def test_a_spent_budget_is_3(memory_server: Running) -> None:
    """What was not exercised is not proved."""
    done = hivestand_check(memory_server.url, "--quick", "--max-requests", "10")
    assert done.returncode == 3
    assert "budget of 10 requests" in done.stdout


def test_a_budget_that_is_spent_while_requests_are_generated_is_kept(memory_server: Running, tmp_path: Path) -> None:
    """Nothing is sent beyond it."""
    path = tmp_path / "report.json"
    done = hivestand_check(memory_server.url, "--max-requests", "900", "--json", str(path))
    assert done.returncode == 3
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["requests"] == 900
    assert "budget of 900 requests" in report["inconclusive"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["ftp://127.0.0.1"],
        ["http://"],
        ["http://127.0.0.1:1", "--only", "NO-*"],
        ["http://127.0.0.1:1", "--operation", "noSuchOperation"],
        ["http://127.0.0.1:1", "--header", "nonsense"],
        ["http://127.0.0.1:1", "--level", "INFO"],
        ["http://127.0.0.1:1", "--timeout", "0"],
        ["http://127.0.0.1:1", "--json", "/no/such/folder/report.json"],
        ["http://127.0.0.1:1", "--token", "two\nlines"],
        ["http://127.0.0.1:1", "--header", "K: two\nlines"],
        ["http://127.0.0.1:99999"],
        ["http://127.0.0.1:1/?a=b"],
        ["http://name:secret@127.0.0.1:1"],
    ],
)
def test_a_wrong_flag_is_2(arguments: list[str]) -> None:
    """One line, and nothing is sent."""
    done = hivestand_check(*arguments)
    assert (2, "") == (done.returncode, done.stdout)
    assert len(done.stderr.splitlines()) == 1


def test_the_list_names_levels_and_sources() -> None:
    """Without a target."""
    done = hivestand_check("--list", "--only", "SES-NAME-0[12]")
    assert done.returncode == 0
    assert [["SES-NAME-01", "MUST"], ["SES-NAME-02", "MUST"]] == [line.split()[:2] for line in done.stdout.splitlines()]
    assert "Falls back to session_name" in done.stdout


def test_a_target_that_is_not_here_is_treated_politely() -> None:
    """What is on loopback is not."""
    assert [True, True, True] == [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost")]
    assert [False, False] == [is_loopback(host) for host in ("api.example", "10.0.0.1")]


def test_reports_are_written_whatever_the_terminal_can_show(memory_server: Running, tmp_path: Path) -> None:
    """A report is UTF-8; what a terminal lacks is escaped there."""
    path = tmp_path / "report.json"
    arguments = (memory_server.url, "--quick", "--only", "SES-NAME-*", "--json", str(path))
    done = hivestand_check(*arguments, PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert done.returncode == 0, done.stderr
    assert json.loads(path.read_text(encoding="utf-8"))["summary"]["passed"] > 0


def test_a_run_in_which_nothing_was_tried_is_3(memory_server: Running) -> None:
    """It proves nothing."""
    done = hivestand_check(memory_server.url, "--only", "SES-STRICT-*")
    assert done.returncode == 3, done.stdout
