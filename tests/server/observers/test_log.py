"""The line that is logged of a request."""

import json
import re
from pathlib import Path

import httpx
import pytest
from support import TOKEN, running

from hivestand.server.auth import authenticate

DIGEST = authenticate(f"Bearer {TOKEN}".encode()).digest


def logged(form: str, file: Path) -> list[str]:
    """What three requests have logged."""
    with file.open("w") as stderr, running("--log-format", form, stderr=stderr) as server:
        server.post({})
        server.post([], Prefer="hivestand-delay=1")
        httpx.get(f"{server.url}/a%0Ab%20c")
    return file.read_text(encoding="utf-8").splitlines()


def test_json_is_for_programs(tmp_path: Path) -> None:
    """An object a line; the token is in none."""
    lines = [json.loads(line) for line in logged("json", tmp_path / "log")]
    assert [200, 400, 404] == [line["status"] for line in lines]
    assert [DIGEST, DIGEST, None] == [line["tenant"] for line in lines]
    assert ("POST", "/v1/sessions", "createSession") == tuple(
        lines[0][name] for name in ("method", "path", "operation")
    )
    assert (["hivestand-delay=1"], "/a\nb c") == (lines[1]["faults"], lines[2]["path"])
    assert all(TOKEN not in json.dumps(line) for line in lines)


def test_text_is_for_people(tmp_path: Path) -> None:
    """Fields parted by spaces; a path cannot break the line."""
    first, second, third = logged("text", tmp_path / "log")
    assert re.fullmatch(rf"20\d\d-\d\d-\d\dT[\d:.]+Z POST /v1/sessions createSession 200 [\d.]+ms {DIGEST} -", first)
    assert second.endswith(f"{DIGEST} hivestand-delay=1")
    assert re.search(r"GET /a\\nb\\x20c - 404 [\d.]+ms - -$", third)


def test_nothing_is_logged_unasked(tmp_path: Path) -> None:
    """Standard error is for what goes wrong."""
    file = tmp_path / "log"
    with file.open("w") as stderr, running(stderr=stderr) as server:
        assert server.post({}).status_code == 200
    assert file.read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("form", ["xml", ""])
def test_there_are_two_forms(form: str) -> None:
    """Another stops the start."""
    with pytest.raises(AssertionError), running("--log-format", form):
        pass
