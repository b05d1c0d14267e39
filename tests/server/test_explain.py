"""`hivestand explain`: where each value of a file went."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import HIVESTAND, SESSION_ID

from hivestand.server.explain import NothingToExplain, explanation_of

SPAN = {
    "traceId": "5b8efff798038103d269b633813fc60c",
    "spanId": "eee19b7ec3c1b174",
    "name": "chat",
    "attributes": [
        {"key": "gen_ai.request.model", "value": {"stringValue": "m"}},
        {"key": "honeyhive.project", "value": {"stringValue": "p"}},
        {"key": "mine", "value": {"stringValue": "x"}},
    ],
}
EXPORT = {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN, {"name": "broken"}]}]}]}


def words(lines: list[str], beginning: str) -> str:
    """The one line that begins so, with single spaces."""
    (line,) = (line for line in (" ".join(each.split()) for each in lines) if line.startswith(beginning))
    return line


@pytest.mark.parametrize(
    "document",
    [
        EXPORT,
        {"method": "POST", "path": "/opentelemetry/v1/traces", "headers": {}, "body": EXPORT},
        {"request": {"method": "POST", "path": "/nextjs/v1/traces", "body": EXPORT, "encoding": "json", "cut": False}},
    ],
)
def test_spans_are_explained_by_the_table(document: dict[str, Any]) -> None:
    """Each attribute with its places and its row, what was reported, the type and its rule, and what was rejected."""
    lines = explanation_of(document)
    assert "by rule 3" in words(lines, "event ")
    assert (
        "gen_ai.request.model config.model (gen_ai.request.model -> config.model metadata.model_name? [D P])"
        == words(lines, "gen_ai.request.model ")
    )
    assert "mine metadata.mine (no row)" == words(lines, "mine ")
    assert words(lines, "honeyhive.project ").startswith("honeyhive.project reported as ignored (honeyhive.project")
    assert "reported session_id: missing" == words(lines, "reported session_id")
    assert "rejected: a span has no valid trace id" == words(lines, "rejected")


def test_any_other_request_is_tried() -> None:
    """Each value with where it is stored, and the header that reports the others."""
    body = {"session_id": SESSION_ID, "session_name": "lost", "event_name": "kept", "colour": 1}
    lines = explanation_of({"method": "POST", "path": "/v1/sessions", "body": body})
    assert "POST /v1/sessions: 200" == lines[0]
    assert "/event_name event_name" == words(lines, "/event_name")
    assert "/session_name not stored" == words(lines, "/session_name")
    assert "reported session_name;reason=ignored, colour;reason=unknown" == words(lines, "reported")
    refused = explanation_of({"method": "POST", "path": "/v1/events", "body": {}})
    assert "POST /v1/events: 400" == refused[0]
    assert "message: Invalid event data" == words(refused, "message")


@pytest.mark.parametrize(
    "document",
    [[], {}, {"method": "POST"}, {"request": {"method": "POST", "path": "/x", "cut": True}}, {"resourceSpans": 7}],
)
def test_what_is_nothing_to_explain_is_refused(document: Any) -> None:
    """With what was expected."""
    with pytest.raises(NothingToExplain):
        explanation_of(document)


def test_the_command_prints_it(tmp_path: Path) -> None:
    """Of a file or of standard input; what cannot be read is wrong usage."""
    file = tmp_path / "spans.json"
    file.write_text(json.dumps(EXPORT), encoding="utf-8")
    done = subprocess.run([HIVESTAND, "explain", file], capture_output=True, text=True, timeout=60, check=True)
    assert "span 'chat' (eee19b7ec3c1b174)" == done.stdout.splitlines()[0]
    wrong = subprocess.run(
        [HIVESTAND, "explain", "-"], input="{", capture_output=True, text=True, timeout=60, check=False
    )
    assert (2, True) == (wrong.returncode, "it is no JSON" in wrong.stderr)
