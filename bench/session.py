"""The sessions that are sent, and the script with which wrk sends them."""

import json
from pathlib import Path
from typing import Any

PATH = "/v1/sessions"
HEADERS = {"Authorization": "Bearer bench", "Content-Type": "application/json"}


def session(**members: Any) -> dict[str, Any]:
    """A session as a nightly evaluation would start it: 600 bytes of JSON."""
    return {
        "session_name": "nightly evaluation run",
        "source": "sdk-python",
        "start_time": 1767225600000,
        "config": {"model": "gpt-4o", "temperature": 0.2, "max_tokens": 512},
        "inputs": {"question": "What is a hivestand, and why would one keep bees in it for so many centuries?"},
        "outputs": {"answer": "A hive made by hand from straw, long in use before there were frames."},
        "metadata": {
            "release": "2026-11",
            "branch": "main",
            "commit": "0123456789abcdef0123456789abcdef01234567",
            "ci": True,
            "attempt": 3,
        },
        "user_properties": {"user_id": "u-17", "plan": "pro", "region": "eu-central"},
        **members,
    }


def json_body(value: Any) -> bytes:
    """The JSON text of a body, without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()


def body(**members: Any) -> bytes:
    """The session's text."""
    return json_body(session(**members))


def body_of(size: int) -> bytes:
    """A session whose text has so many bytes, most of it a hundred inputs."""
    missing = size - len(body(inputs={}))
    inputs = {f"{number:03}": "x" * max(0, missing // 100 - 9) for number in range(100)}
    return body(inputs=inputs)


def script(folder: Path, sent: bytes) -> Path:
    """A script for wrk that posts the body again and again."""
    path = folder / f"post-{len(sent)}.lua"
    fields = "".join(f'wrk.headers["{name}"] = "{value}"\n' for name, value in HEADERS.items())
    path.write_text(f'wrk.method = "POST"\n{fields}wrk.body = [[{sent.decode()}]]\n', encoding="utf-8")
    return path
