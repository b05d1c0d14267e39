"""The fixture `hivestand`, used as a developer would."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from hivestand.testing import ControlError, Hivestand, client, serve


def start(hivestand: Hivestand, **session: object) -> httpx.Response:
    """Start a session as an SDK would."""
    headers = {"Authorization": f"Bearer {hivestand.token}"}
    return httpx.post(f"{hivestand.url}/v1/sessions", json=session, headers=headers)


def test_it_starts_empty(hivestand: Hivestand) -> None:
    """Whatever other tests did."""
    assert ([], []) == (hivestand.sessions, hivestand.requests)


def test_what_is_sent_is_there(hivestand: Hivestand) -> None:
    """Sessions and requests, in their order."""
    for number in range(3):
        start(hivestand, source=str(number))
    assert ["0", "1", "2"] == [session["source"] for session in hivestand.sessions]
    assert ["0", "1", "2"] == [entry["request"]["body"]["source"] for entry in hivestand.requests]
    assert {"HH_API_URL": hivestand.url, "HH_API_KEY": hivestand.token} == hivestand.env


def test_many_are_all_there(hivestand: Hivestand) -> None:
    """More than a page of the admin API."""
    with httpx.Client(headers={"Authorization": f"Bearer {hivestand.token}"}) as client:
        for _ in range(1001):
            client.post(f"{hivestand.url}/v1/sessions", json={})
    assert len(hivestand.sessions) == 1001
    assert len(hivestand.requests) == 1000


def test_the_events_of_a_session(hivestand: Hivestand) -> None:
    """Itself first, as it started first."""
    session = start(hivestand, start_time=1).json()
    event = {"event_type": "tool", "inputs": {"a": 1}, "session_id": session["session_id"]}
    httpx.post(f"{hivestand.url}/v1/events", json=event, headers={"Authorization": f"Bearer {hivestand.token}"})
    first, second = hivestand.events(session["session_id"])
    assert {**session, "metadata": first["metadata"]} == first
    assert 1 == first["metadata"]["num_events"]
    assert ("tool", {"a": 1}, session["session_id"]) == (second["event_type"], second["inputs"], second["parent_id"])
    assert [] == hivestand.events("ffffffff-ffff-4fff-bfff-ffffffffffff")


def test_what_was_seen_can_be_asserted(hivestand: Hivestand) -> None:
    """By operation, status, headers, a part of the body, and how often."""
    start(hivestand, metadata={"a": 1, "b": 2})
    hivestand.assert_seen()
    hivestand.assert_seen("createSession", times=1, status=200, headers={"Host": hivestand.url.removeprefix("http://")})
    hivestand.assert_seen(body={"metadata": {"a": 1}})
    hivestand.assert_seen("startSessionLegacy", times=0)


def test_what_was_not_seen_is_told(hivestand: Hivestand) -> None:
    """With the nearest request and each difference."""
    with pytest.raises(AssertionError, match="the journal has no other request"):
        hivestand.assert_seen("createSession")
    start(hivestand, metadata={"release": 6})
    with pytest.raises(AssertionError) as failure:
        hivestand.assert_seen("createSession", body={"metadata": {"release": 7, "new": True}})
    assert str(failure.value).splitlines() == [
        'expected {"operation": "createSession", "body": {"metadata": {"release": 7, "new": true}}}',
        "seen 0 times",
        "nearest: POST /v1/sessions, status 200",
        "  /body/metadata/release: expected 7, got 6",
        "  /body/metadata/new: expected true, got nothing",
    ]


def test_a_fault_lasts_for_its_block(hivestand: Hivestand) -> None:
    """Or until it is disarmed."""
    with hivestand.fault(status=503):
        assert start(hivestand).status_code == 503
    assert start(hivestand).status_code == 200
    fault = hivestand.fault(delay=1, kind="mistyped")
    assert start(hivestand).headers["content-type"] == "text/html"
    fault.disarm()
    assert start(hivestand).headers["content-type"] == "application/json"
    with pytest.raises(ControlError, match="meteor"):
        hivestand.fault(kind="meteor")


def test_a_fault_may_be_gone_before_its_block_ends(hivestand: Hivestand) -> None:
    """Disarmed, or forgotten with all else."""
    with hivestand.fault(status=503) as fault:
        fault.disarm()
    with hivestand.fault(status=503):
        hivestand.reset()
    assert start(hivestand).status_code == 200


def test_a_connection_that_was_idle_is_not_used_again(hivestand: Hivestand, monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers close those, and a test may take its time."""
    assert [] == hivestand.requests
    hivestand._connection.sock.close()  # noqa: SLF001 - as a server that closes it would have it
    monkeypatch.setattr(client, "IDLE", 0)
    assert [] == hivestand.requests


def test_time_stands_still(hivestand: Hivestand) -> None:
    """At a date, with steps, later; then it runs again."""
    hivestand.freeze_time(datetime(2026, 1, 1, tzinfo=UTC), step=5, seed=1)
    first, second = start(hivestand).json(), start(hivestand).json()
    assert [1_767_225_600_000, 1_767_225_600_005] == [first["start_time"], second["start_time"]]
    hivestand.advance_time(timedelta(hours=1))
    assert start(hivestand).json()["start_time"] == 1_767_229_200_010
    hivestand.freeze_time(datetime(2026, 1, 1, tzinfo=UTC), seed=1)
    assert start(hivestand).json()["session_id"] == first["session_id"]
    hivestand.release_time()
    assert start(hivestand).json()["start_time"] > 1_767_229_200_010


def test_the_server_ends_with_its_block() -> None:
    """Even while a response is due, and leaves nothing behind."""
    with serve() as hivestand:
        hivestand.fault(delay=60_000)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                f"{hivestand.url}/v1/sessions",
                json={},
                headers={"Authorization": f"Bearer {hivestand.token}"},
                timeout=0.1,
            )
        assert ["1: delay"] == hivestand.requests[0]["faults"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{hivestand.url}/__admin/health")


def test_it_serves_on_redis_too(redis_url: str) -> None:
    """By the name of the store."""
    with serve(store=redis_url) as hivestand:
        start(hivestand, source="x")
        hivestand.assert_seen("createSession", body={"source": "x"})
        hivestand.reset()
        assert ([], []) == (hivestand.sessions, hivestand.requests)


SUITE = """
import urllib.request, json, pytest
@pytest.mark.parametrize("number", range(200))
def test_it_is_alone(hivestand, number):
    assert hivestand.sessions == [] and hivestand.requests == []
    if number % 3 == 0:
        hivestand.fault(status=503, times=1)
    for turn in range(3):
        request = urllib.request.Request(
            hivestand.url + "/v1/sessions", json.dumps({"metadata": {"number": number, "turn": turn}}).encode(),
            {"Authorization": "Bearer " + hivestand.token, "Content-Type": "application/json"})
        try:
            urllib.request.urlopen(request).read()
        except urllib.error.HTTPError as error:
            assert (error.code, turn, number % 3) == (503, 0, 0)
            error.close()
    assert len(hivestand.requests) == 3
    expected = [{"number": number, "turn": turn} for turn in range(1 if number % 3 == 0 else 0, 3)]
    assert [session["metadata"] for session in hivestand.sessions] == expected
    hivestand.assert_seen("createSession", body={"metadata": {"number": number}}, times=3)
"""


@pytest.mark.parametrize("arguments", [["-n4", "--hivestand-server=process"], ["-n2"], ["--hivestand-server=process"]])
def test_tests_are_alone_on_one_server(tmp_path: Path, arguments: list[str]) -> None:
    """200 of them, on workers that share a server or have their own."""
    (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert "200 passed" in done.stdout, done.stdout[-3000:] + done.stderr[-1000:]


def test_a_failed_test_shows_its_line_and_the_requests(tmp_path: Path) -> None:
    """Not the inside of the fixture; and what was sent and received."""
    (tmp_path / "test_it.py").write_text(
        """
import httpx

def test_it(hivestand):
    headers = {"Authorization": f"Bearer {hivestand.token}"}
    httpx.post(f"{hivestand.url}/v1/sessions", json={"source": "é", "colour": 1}, headers=headers)
    hivestand.assert_seen("createSession", body={"source": "x"})  # this line
""",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert '>       hivestand.assert_seen("createSession", body={"source": "x"})  # this line' in done.stdout or (
        '>   hivestand.assert_seen("createSession", body={"source": "x"})  # this line' in done.stdout
    )
    assert "raise AssertionError" not in done.stdout
    assert "Requests to hivestand" in done.stdout
    assert "POST /v1/sessions 200" in done.stdout
    assert '"source": "é"' in done.stdout
    assert "fallbacks: colour;reason=unknown" in done.stdout
    assert "token" not in done.stdout.partition("Requests to hivestand")[2]
