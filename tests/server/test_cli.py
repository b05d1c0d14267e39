"""The command line, as a process."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from support import HIVESTAND, TOKEN, free_port, running

from hivestand.openapi import path_of


def hivestand(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [str(HIVESTAND), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=30, check=False, env={**os.environ, **(env or {})}
    )


def assert_stopped(done: subprocess.CompletedProcess[str], status: int, *said: str) -> None:
    """It ended with the status, one line on standard error, and nothing else."""
    assert (status, "") == (done.returncode, done.stdout)
    assert re.fullmatch(r"hivestand: .+\n", done.stderr), done.stderr
    for text in said:
        assert text in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--colour", "blue"], "--colour"),
        (["--port", "http"], "--port"),
        (["--port", "65536"], "--port"),
        (["--port"], "--port"),
        (["--max-body", "0"], "--max-body"),
        (["--body-timeout", "0"], "--body-timeout"),
        (["--body-timeout", "nan"], "--body-timeout"),
        (["--body-timeout", "inf"], "--body-timeout"),
        (["--store", "sqlite://x"], "sqlite"),
        (["--store", "redis://127.0.0.1/?protocol=9"], "--store"),
        (["--store", "rediss://user:secret@127.0.0.1:0/0"], "--store"),
        (["--store", "secret:secret@redis"], "--store"),
        (["--store", "redis://127.0.0.1:x"], "--store"),
        (["--store", "redis://127.0.0.1/abc"], "--store"),
        (["--store", "redis://127.0.0.1/0/1"], "--store"),
        (["--write-timeout", "0"], "--write-timeout"),
        (["--max-buffered", "0"], "--max-buffered"),
        (["--store", "redis://127.0.0.1/?colour=blue"], "colour"),
        (["--store", "redis+cluster://127.0.0.1/3"], "--store"),
        (["--store-wait", "1"], "memory://"),
        (["--store-wait", "-1"], "--store-wait"),
        (["--store-prefix", "{a}", "--store", "redis://127.0.0.1:1"], "brace"),
        (["--store-timeout", "0"], "--store-timeout"),
        (["--ttl", "1e14"], "--ttl"),
        (["--ttl", "0"], "--ttl"),
        (["--ttl", "nan"], "--ttl"),
        (["--workers", "0"], "--workers"),
        (["--workers", "2"], "memory://"),
        (["--workers", "2", "--store", "memory://x"], "memory://"),
        (["extra"], "extra"),
    ],
)
def test_a_wrong_flag_stops_the_start(arguments: list[str], said: str) -> None:
    """One line that names it, without a password, and exit status 2."""
    done = hivestand("serve", *arguments)
    assert_stopped(done, 2, said)
    assert ":secret" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HIVESTAND_PORT", "x"),
        ("HIVESTAND_STORE", "x"),
        ("HIVESTAND_CORS", "perhaps"),
        ("HIVESTAND_MAX_BODY", "-1"),
        ("HIVESTAND_BODY_TIMEOUT", "x"),
        ("HIVESTAND_WORKERS", "many"),
        ("HIVESTAND_TTL", "-1"),
        ("HIVESTAND_STORE_WAIT", "x"),
        ("HIVESTAND_STORE_TIMEOUT", "inf"),
    ],
)
def test_a_wrong_variable_stops_the_start(name: str, value: str) -> None:
    """Every flag has a variable, and a bad value is as bad there."""
    assert_stopped(hivestand("serve", env={name: value}), 2, name.removeprefix("HIVESTAND_").lower().replace("_", "-"))


@pytest.mark.parametrize(
    "url",
    ["redis://user:secret@127.0.0.1:1/0", "redis://127.0.0.1:1/0?password=secret", "rediss://:secret@127.0.0.1:1/0"],
)
def test_an_absent_redis_stops_the_start(url: str) -> None:
    """One line, without the password, and exit status 3."""
    done = hivestand("serve", "--port", "0", "--store", url)
    assert_stopped(done, 3, "://127.0.0.1:1/0", "not available", "refused")
    assert "secret" not in done.stderr


def test_a_redis_that_may_lose_data_is_warned_of_once(redis_url: str) -> None:
    """One line on standard error, and the same sentence in the health."""
    command = [str(HIVESTAND), "serve", "--port", "0", "--workers", "2", "--store", redis_url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().split()[-1]
    warnings = httpx.get(f"{url}/__admin/health").json()["warnings"]
    process.terminate()
    _, said = process.communicate(timeout=15)
    assert len(warnings) == 1
    assert "append-only" in warnings[0]
    assert f"hivestand: warning: {warnings[0]}\n" == said


def test_an_address_in_use_stops_the_start() -> None:
    """One line, and exit status 3."""
    with running() as server:
        assert_stopped(hivestand("serve", "--port", str(server.address[1])), 3, str(server.address[1]), "in use")


@pytest.mark.parametrize("host", ["host.invalid", "a..b", "x" * 70])
def test_a_host_that_there_is_not_stops_the_start(host: str) -> None:
    """One line, and exit status 3."""
    assert_stopped(hivestand("serve", "--port", "0", "--host", host), 3, host)


def test_an_unknown_command_is_wrong() -> None:
    """Exit status 2."""
    assert_stopped(hivestand("conquer"), 2, "conquer")


def test_no_command_shows_help() -> None:
    """Exit status 2, as nothing was done."""
    done = hivestand()
    assert done.returncode == 2
    assert "serve" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["openapi", "-h"], ["--version"]])
def test_help_is_no_error(arguments: list[str]) -> None:
    """Exit status 0."""
    done = hivestand(*arguments)
    assert (0, "") == (done.returncode, done.stderr)
    assert "hivestand" in done.stdout


def test_flags_and_variables_set_the_same() -> None:
    """A flag wins over a variable."""
    port = free_port()
    with running("--max-body", "100", env={"HIVESTAND_MAX_BODY": "1", "HIVESTAND_CORS": "false"}) as server:
        assert server.post({"source": "x" * 50}).status_code == 200
        assert server.post({"source": "x" * 100}).status_code == 413
        headers = {"Origin": "http://app.test"}
        assert "access-control-allow-origin" not in server.post({}, **headers).headers
    # a port that the flag of `running` does not set
    process = subprocess.Popen(
        [str(HIVESTAND), "serve"], stdout=subprocess.PIPE, text=True, env={**os.environ, "HIVESTAND_PORT": str(port)}
    )
    try:
        assert process.stdout is not None
        assert f"hivestand is listening on http://127.0.0.1:{port}\n" == process.stdout.readline()
    finally:
        process.terminate()
        process.communicate(timeout=15)


@pytest.mark.parametrize("name", ["honeyhive", "control"])
def test_it_prints_its_documents(name: str) -> None:
    """As they are in the package."""
    assert path_of(name).read_text(encoding="utf-8") == hivestand("openapi", name).stdout


def test_the_mocked_api_is_the_default_document() -> None:
    """And it is valid."""
    assert hivestand("openapi").stdout == hivestand("openapi", "honeyhive").stdout
    assert hivestand("openapi", "--lint").stdout == "honeyhive.yaml is valid OpenAPI 3.1\n"


def test_help_imports_no_server() -> None:
    """Whoever asks for help does not wait for Connexion."""
    imported = hivestand("--help", env={"PYTHONPROFILEIMPORTTIME": "1"}).stderr
    assert "hivestand.server.cli" in imported
    assert "connexion" not in imported


def test_a_token_is_nowhere_in_redis_or_the_log(redis_url: str) -> None:
    """Stores and logs hold a digest."""
    import redis  # noqa: PLC0415 - this test alone looks into Redis

    with running("--store", redis_url) as server, redis.Redis.from_url(redis_url) as client:
        client.flushall()
        httpx.post(f"{server.url}/v1/sessions", json={}, headers={"Authorization": f"Bearer {TOKEN}"})
        assert httpx.get(f"{server.url}/__admin/requests/count").json() == {"count": 1}
        keys = list(client.scan_iter())
        assert [key for key in keys if key.endswith(b":journal}")]
        held = [client.dump(key) for key in keys]
        assert not [text for text in [*keys, *held] if TOKEN.encode() in text]


def test_a_mistyped_variable_is_told(tmp_path: Path) -> None:
    """With the one that was meant; those of other commands are not."""
    errors = tmp_path / "stderr"
    env = {"HIVESTAND_MAXBODY": "7", "HIVESTAND_TOKEN": "t", "HIVESTAND_ZEBRA_STRIPES": "7"}
    with errors.open("w") as stderr, running(stderr=stderr, env=env) as server:
        assert server.post({}).status_code == 200
    said = [line for line in errors.read_text(encoding="utf-8").splitlines() if "variable" in line]
    assert ["HIVESTAND_MAXBODY; is HIVESTAND_MAX_BODY meant?", "HIVESTAND_ZEBRA_STRIPES"] == [
        line.partition("variable ")[2] for line in said
    ]


def test_a_package_that_is_missing_is_status_3() -> None:
    """Wrong usage is 2; the line says what brings the package."""
    program = (
        "import sys; sys.modules['schemathesis'] = None\n"
        "from hivestand.server.cli import main; sys.argv = ['hivestand', 'check', 'http://127.0.0.1:1']; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert_stopped(done, 3, "schemathesis is not installed", "pip install")
