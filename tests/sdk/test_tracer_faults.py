"""The tracer of the released `honeyhive==1.7.0` under every fault, through the fixture `hivestand`.

It swallows every failure and carries on with a random id. So what it did is seen in journal and store, and not in
what it returns.
"""

import json
import subprocess
import sys
from typing import Any

import pytest

from hivestand.testing import Hivestand

PROGRAM = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
from honeyhive import HoneyHiveTracer
before = time.monotonic()
tracer = HoneyHiveTracer.init(session_name="faulty", disable_http_tracing=True, test_mode=False)
print("answer:" + json.dumps([tracer.session_id, time.monotonic() - before]), flush=True)
"""


def trace(hivestand: Hivestand) -> tuple[str, float]:
    """Start the tracer in a program of its own: the id that it goes on with, and the seconds that it took."""
    env = {"PATH": "/usr/bin:/bin", **hivestand.env}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    lines = [line.removeprefix("answer:") for line in done.stdout.splitlines() if line.startswith("answer:")]
    assert lines, done.stderr
    session_id, seconds = json.loads(lines[-1])
    return session_id, seconds


def test_without_a_fault_its_session_is_stored(hivestand: Hivestand) -> None:
    """Once, under the id that it goes on with."""
    session_id, _ = trace(hivestand)
    assert [session_id] == [session["session_id"] for session in hivestand.sessions]
    hivestand.assert_seen("startSessionLegacy", times=1, status=200, body={"session": {"session_name": "faulty"}})


@pytest.mark.parametrize("status", [201, 204, 302, 400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 502, 503, 504])
def test_a_status_that_is_not_200_is_a_failure_to_it(hivestand: Hivestand, status: int) -> None:
    """It asks once, does not try again, and goes on with an id that the server does not know."""
    hivestand.fault(status=status)
    session_id, _ = trace(hivestand)
    hivestand.assert_seen("startSessionLegacy", times=1, status=status)
    assert hivestand.sessions == []
    assert session_id


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "reset"},
        {"kind": "close"},
        {"kind": "truncated"},
        {"kind": "empty"},
        {"kind": "malformed"},
        *({"missing": [f"/{name}"]} for name in ("event_id", "session_id", "org_id", "workspace_id", "project_id")),
        *({"null": [f"/{name}"]} for name in ("event_id", "session_id", "org_id", "workspace_id", "project_id")),
    ],
    ids=str,
)
def test_an_answer_that_is_broken_is_a_failure_to_it(hivestand: Hivestand, fault: dict[str, Any]) -> None:
    """The server has the session, and the tracer goes on with another id."""
    hivestand.fault(operation="startSessionLegacy", **fault)
    session_id, _ = trace(hivestand)
    hivestand.assert_seen("startSessionLegacy", times=1)
    (session,) = hivestand.sessions
    assert session_id != session["session_id"]


def test_a_media_type_that_is_wrong_does_not_matter_to_it(hivestand: Hivestand) -> None:
    """It reads JSON whatever it is declared as."""
    hivestand.fault(kind="mistyped")
    session_id, _ = trace(hivestand)
    assert [session_id] == [session["session_id"] for session in hivestand.sessions]


def test_it_gives_up_after_five_seconds(hivestand: Hivestand) -> None:
    """The request is in the journal by then, and so is what was done to it."""
    hivestand.fault(delay=8000)
    session_id, seconds = trace(hivestand)
    assert 4 < seconds < 8
    (entry,) = (entry for entry in hivestand.requests if entry["operation"] == "startSessionLegacy")
    assert ["1: delay"] == entry["faults"]
    assert session_id != hivestand.sessions[0]["session_id"]


def test_a_delay_within_its_patience_is_none(hivestand: Hivestand) -> None:
    """It waits, and goes on with its session."""
    hivestand.fault(delay=300)
    session_id, _ = trace(hivestand)
    assert [session_id] == [session["session_id"] for session in hivestand.sessions]


def test_a_session_that_is_visible_late_is_none_to_it(hivestand: Hivestand) -> None:
    """It has its id at once, and the store has it half a second later."""
    hivestand.fault(window=500)
    session_id, _ = trace(hivestand)
    while not hivestand.sessions:
        pass
    assert [session_id] == [session["session_id"] for session in hivestand.sessions]
