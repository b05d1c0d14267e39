"""The fixture `skep`, used as a developer would."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from skep.testing import ControlError, Skep, client, serve


def start(skep: Skep, **session: object) -> httpx.Response:
    """Start a session as an SDK would."""
    headers = {"Authorization": f"Bearer {skep.token}"}
    return httpx.post(f"{skep.url}/v1/sessions", json=session, headers=headers)


def test_it_starts_empty(skep: Skep) -> None:
    """Whatever other tests did."""
    assert ([], []) == (skep.sessions, skep.requests)


def test_what_is_sent_is_there(skep: Skep) -> None:
    """Sessions and requests, in their order."""
    for number in range(3):
        start(skep, source=str(number))
    assert ["0", "1", "2"] == [session["source"] for session in skep.sessions]
    assert ["0", "1", "2"] == [entry["request"]["body"]["source"] for entry in skep.requests]
    assert {"HH_API_URL": skep.url, "HH_API_KEY": skep.token} == skep.env


def test_many_are_all_there(skep: Skep) -> None:
    """More than a page of the control API."""
    with httpx.Client(headers={"Authorization": f"Bearer {skep.token}"}) as client:
        for _ in range(1001):
            client.post(f"{skep.url}/v1/sessions", json={})
    assert len(skep.sessions) == 1001
    assert len(skep.requests) == 1000


def test_the_events_of_a_session(skep: Skep) -> None:
    """Itself first, as it started first."""
    session = start(skep, start_time=1).json()
    event = {"event_type": "tool", "inputs": {"a": 1}, "session_id": session["session_id"]}
    httpx.post(f"{skep.url}/v1/events", json=event, headers={"Authorization": f"Bearer {skep.token}"})
    first, second = skep.events(session["session_id"])
    assert session == first
    assert ("tool", {"a": 1}, session["session_id"]) == (second["event_type"], second["inputs"], second["parent_id"])
    assert [] == skep.events("ffffffff-ffff-4fff-bfff-ffffffffffff")


def test_what_was_seen_can_be_asserted(skep: Skep) -> None:
    """By operation, status, headers, a part of the body, and how often."""
    start(skep, metadata={"a": 1, "b": 2})
    skep.assert_seen()
    skep.assert_seen("createSession", times=1, status=200, headers={"Host": skep.url.removeprefix("http://")})
    skep.assert_seen(body={"metadata": {"a": 1}})
    skep.assert_seen("startSessionLegacy", times=0)


def test_what_was_not_seen_is_told(skep: Skep) -> None:
    """With the nearest request and each difference."""
    with pytest.raises(AssertionError, match="the journal has no other request"):
        skep.assert_seen("createSession")
    start(skep, metadata={"release": 6})
    with pytest.raises(AssertionError) as failure:
        skep.assert_seen("createSession", body={"metadata": {"release": 7, "new": True}})
    assert str(failure.value).splitlines() == [
        'expected {"operation": "createSession", "body": {"metadata": {"release": 7, "new": true}}}',
        "seen 0 times",
        "nearest: POST /v1/sessions, status 200",
        "  /body/metadata/release: expected 7, came 6",
        "  /body/metadata/new: expected true, came nothing",
    ]


def test_a_fault_lasts_for_its_block(skep: Skep) -> None:
    """Or until it is disarmed."""
    with skep.fault(status=503):
        assert start(skep).status_code == 503
    assert start(skep).status_code == 200
    fault = skep.fault(delay=1, kind="mistyped")
    assert start(skep).headers["content-type"] == "text/html"
    fault.disarm()
    assert start(skep).headers["content-type"] == "application/json"
    with pytest.raises(ControlError, match="meteor"):
        skep.fault(kind="meteor")


def test_a_fault_may_be_gone_before_its_block_ends(skep: Skep) -> None:
    """Disarmed, or forgotten with all else."""
    with skep.fault(status=503) as fault:
        fault.disarm()
    with skep.fault(status=503):
        skep.reset()
    assert start(skep).status_code == 200


def test_a_connection_that_was_idle_is_not_used_again(skep: Skep, monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers close those, and a test may take its time."""
    assert [] == skep.requests
    skep._connection.sock.close()  # noqa: SLF001 - as a server that closes it would have it
    monkeypatch.setattr(client, "IDLE", 0)
    assert [] == skep.requests


def test_time_stands_still(skep: Skep) -> None:
    """At a date, with steps, later; then it runs again."""
    skep.freeze_time(datetime(2026, 1, 1, tzinfo=UTC), step=5, seed=1)
    first, second = start(skep).json(), start(skep).json()
    assert [1_767_225_600_000, 1_767_225_600_005] == [first["start_time"], second["start_time"]]
    skep.advance_time(timedelta(hours=1))
    assert start(skep).json()["start_time"] == 1_767_229_200_010
    skep.freeze_time(datetime(2026, 1, 1, tzinfo=UTC), seed=1)
    assert start(skep).json()["session_id"] == first["session_id"]
    skep.release_time()
    assert start(skep).json()["start_time"] > 1_767_229_200_010


def test_the_server_ends_with_its_block() -> None:
    """Even while an answer is due, and leaves nothing behind."""
    with serve() as skep:
        skep.fault(delay=60_000)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                f"{skep.url}/v1/sessions", json={}, headers={"Authorization": f"Bearer {skep.token}"}, timeout=0.1
            )
        assert ["1: delay"] == skep.requests[0]["faults"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{skep.url}/__admin/health")


def test_it_serves_on_redis_too(redis_url: str) -> None:
    """By the name of the store."""
    with serve(store=redis_url) as skep:
        start(skep, source="x")
        skep.assert_seen("createSession", body={"source": "x"})
        skep.reset()
        assert ([], []) == (skep.sessions, skep.requests)


SUITE = """
import urllib.request, json, pytest
@pytest.mark.parametrize("number", range(200))
def test_it_is_alone(skep, number):
    assert skep.sessions == [] and skep.requests == []
    if number % 3 == 0:
        skep.fault(status=503, times=1)
    for turn in range(3):
        request = urllib.request.Request(
            skep.url + "/v1/sessions", json.dumps({"metadata": {"number": number, "turn": turn}}).encode(),
            {"Authorization": "Bearer " + skep.token, "Content-Type": "application/json"})
        try:
            urllib.request.urlopen(request).read()
        except urllib.error.HTTPError as error:
            assert (error.code, turn, number % 3) == (503, 0, 0)
            error.close()
    assert len(skep.requests) == 3
    expected = [{"number": number, "turn": turn} for turn in range(1 if number % 3 == 0 else 0, 3)]
    assert [session["metadata"] for session in skep.sessions] == expected
    skep.assert_seen("createSession", body={"metadata": {"number": number}}, times=3)
"""


@pytest.mark.parametrize("arguments", [["-n8", "--skep-server=process"], ["-n2"], ["--skep-server=process"]])
def test_tests_are_alone_on_one_server(tmp_path: Path, arguments: list[str]) -> None:
    """200 of them, on workers that share a server or have their own."""
    (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert "200 passed" in done.stdout, done.stdout[-3000:] + done.stderr[-1000:]
