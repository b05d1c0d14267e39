"""Requests as a person can repeat them."""

import shlex
import subprocess

import pytest

from hivestand.conformance.exchange import ReceivedResponse, SentRequest


def body_of(command: str) -> bytes:
    """What curl would read of the last word of a command, in a shell."""
    word = command.partition("--data-binary ")[2]
    script = f"cat {word[1:]}" if word.startswith("@") else f"printf %s {word}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    return done.stdout


@pytest.mark.parametrize(
    "body", [b"{}", b"{'a\"$x`\\'}", "ü 😀".encode(), b"a\nb\tc", b"\xff\x00\xfe\x01", b"@file", b""]
)
def test_the_command_sends_the_same_body(body: bytes) -> None:
    """Whatever quotes and octets are in it."""
    assert body == body_of(SentRequest("createSession", "/v1/sessions", body).curl("http://127.0.0.1:1"))


def test_the_command_leaves_the_token_out() -> None:
    """It names a variable instead, which a shell fills in; and none where none was sent."""
    request = SentRequest("createSession", "/v1/sessions", b"{}", headers={"Prefer": "handling=strict"})
    words = shlex.split(request.curl("http://127.0.0.1:1/"))
    assert words[-1] == "{}"
    assert ["curl", "-i", "-X", "POST", "http://127.0.0.1:1/v1/sessions"] == words[:5]
    assert "Authorization: Bearer $HIVESTAND_TOKEN" in words
    assert "Prefer: handling=strict" in words
    assert "HIVESTAND_TOKEN" not in SentRequest("createSession", "/", b"", token=None).curl("http://127.0.0.1:1")


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"a": NaN}', b'"\\ud800"', b"1e400", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"[" * 100_000]
)
def test_what_is_no_json_has_no_value(body: bytes) -> None:
    """By the letter of RFC 8259, which Python's parser is more generous than."""
    assert SentRequest("createSession", "/", body).json is None
    assert ReceivedResponse(200, {}, body, 0, 0).event == {}


def test_a_lone_surrogate_in_a_response_is_json() -> None:
    """RFC 8259 lets a text escape it, and what is read of it can be printed; a pair of them is one letter."""
    body = b'{"a": ["\\ud800", "\\ud83d\\ude00"], "\\udfff": 1}'
    assert {"a": ["�", "😀"], "�": 1} == ReceivedResponse(200, {}, body, 0, 0).json
