"""`pytest --pyargs hivestand.conformance`, as a process."""

import subprocess
import sys
from pathlib import Path

import pytest
from support import Running, free_port


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it where nothing of this project is configured."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--pyargs",
        "hivestand.conformance",
        "-p",
        "no:cacheprovider",
        *arguments,
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_each_requirement_is_a_test(memory_server: Running, tmp_path: Path) -> None:
    """They are chosen as pytest chooses, and those alone are tried."""
    done = run_pytest(
        tmp_path, "--hivestand-url", memory_server.url, "--hivestand-quick", "-v", "-rs", "-k", "SES-NAME or TENANT-02"
    )
    assert done.returncode == 0, done.stdout
    assert "test_requirement[SES-NAME-01] PASSED" in done.stdout
    assert "needs --second-token" in done.stdout
    assert "SES-SRC-01" not in done.stdout


@pytest.mark.parametrize(("level", "status", "said"), [("MUST", 0, "1 xfailed"), ("SHOULD", 1, "1 failed")])
def test_what_should_hold_fails_where_that_is_asked_for(
    memory_server: Running, tmp_path: Path, level: str, status: int, said: str
) -> None:
    """The second token is the first here, so two accounts are one."""
    flags = [
        "--hivestand-second-token",
        "hivestand-check",
        "--hivestand-quick",
        "--hivestand-level",
        level,
        "-k",
        "TENANT-02",
    ]
    done = run_pytest(tmp_path, "--hivestand-url", memory_server.url, *flags)
    assert (status, said in done.stdout) == (done.returncode, True), done.stdout


def test_a_broken_requirement_says_what_was_sent(memory_server: Running, tmp_path: Path) -> None:
    """As `hivestand check` does."""
    flags = ["--hivestand-quick", "--hivestand-bad-token", "taken", "-k", "SES-AUTH-02 or SES-AUTH-01"]
    done = run_pytest(tmp_path, "--hivestand-url", memory_server.url, *flags)
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert "FAILED  SES-AUTH-02 MUST createSession: A request with a bad token gets 401" in done.stdout
    assert f"curl -i -X POST {memory_server.url}/v1/sessions" in done.stdout


def test_an_absent_target_passes_nothing(tmp_path: Path) -> None:
    """What was not exercised does not pass."""
    done = run_pytest(tmp_path, "--hivestand-url", f"http://127.0.0.1:{free_port()}", "-k", "SES-NAME")
    assert done.returncode == 1
    assert "does not respond" in done.stdout
    assert "passed" not in done.stdout


@pytest.mark.parametrize(
    "flags", [[], ["--hivestand-url", "nonsense"], ["--hivestand-url", "http://a", "--hivestand-operation", "b"]]
)
def test_a_wrong_flag_is_said(tmp_path: Path, flags: list[str]) -> None:
    """And nothing is run."""
    done = run_pytest(tmp_path, *flags)
    assert done.returncode not in {0, 1}
    assert "UsageError" in done.stdout
