"""An event's stored form and its JSON text."""

import json
import subprocess
import sys
from typing import Any

import pytest
from support import StoppedClock

from hivestand.handlers.errors import BadRequest
from hivestand.handlers.event.encoding import EncodedEvent, encode, loads, merge, spread, text
from hivestand.handlers.event.normalise import normalise_session
from hivestand.handlers.tenant import tenant_of

TENANT = tenant_of(b"t")
VALUES: list[Any] = [
    0,
    -1,
    2**63,
    2**64 - 1,
    2**64,
    -(2**63) - 1,
    10**300,
    0.1,
    1.0,
    -0.0,
    1e-7,
    1.7976931348623157e308,
    5e-324,
    True,
    None,
    "",
    'quote " and \\',
    "nul \x00 and é and 🐝",
    [],
    {},
    {"": {"": [[]]}},
]


def encoded(**sent: Any) -> EncodedEvent:
    """A session's event, encoded."""
    return encode(normalise_session(sent, StoppedClock())[0])


@pytest.mark.parametrize("name", ["config", "inputs", "outputs", "metadata", "user_properties"])
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_free_form_values_come_back_exactly(name: str, value: Any) -> None:
    """Type and value of each: an integer stays an integer of any size, a float a float."""
    returned = json.loads(text(encoded(**{name: {"key": value}}), TENANT))
    assert repr({"key": value}) == repr(returned[name])


@pytest.mark.parametrize("key", ["", " ", '"', "\\", "m", "u", "a.b", "é", "🐝", "\x00", "k" * 5000])
def test_any_key_comes_back(key: str) -> None:
    """A merged object's keys are stored apart, and come back as they were."""
    returned = json.loads(text(encoded(metadata={key: 1}, user_properties={key: 2}), TENANT))
    assert ({key: 1}, {key: 2}) == (returned["metadata"], returned["user_properties"])


def test_the_text_is_the_event_with_the_ids_of_its_tenant() -> None:
    """All 21 properties of the response."""
    returned = json.loads(text(encoded(), TENANT))
    ids = json.loads(b"{" + TENANT.ids + b"}")
    assert {**normalise_session({}, StoppedClock())[0], **ids} == returned
    assert len(returned) == 21


def test_a_merge_adds_keys_and_the_new_value_wins() -> None:
    """Key by key at the top level; what is below a key is replaced as a whole."""
    first = encoded(metadata={"a": {"x": 1}, "b": 1}, user_properties={"u": 1}, config={"kept": True})
    second = encoded(metadata={"a": {"y": 2}, "c": 3}, user_properties={"m": 2}, config={"lost": True})
    returned = json.loads(text(merge(first, spread(second).merged), TENANT))
    assert {"a": {"y": 2}, "b": 1, "c": 3} == returned["metadata"]
    assert {"u": 1, "m": 2} == returned["user_properties"]
    assert {"kept": True} == returned["config"]


@pytest.mark.parametrize("depth", [250, 300, 900])
def test_deep_nesting_comes_back(depth: int) -> None:
    """Past what orjson writes, the standard library does."""
    value: Any = 0
    for _ in range(depth):
        value = [value]
    assert text(encoded(config={"deep": value}), TENANT).count(b"[") >= depth


def test_a_member_takes_no_more_memory_than_it_needs() -> None:
    """A stored event is about as large as its text, not kilobytes for each member: seen from outside the process."""
    program = """
import resource
from hivestand.handlers.clock import SystemClock
from hivestand.handlers.event.encoding import encode
from hivestand.handlers.event.normalise import normalise_session
event, _ = normalise_session({}, SystemClock())
event["metadata"] = {f"key-{number}": number for number in range(50_000)}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
kept = encode(event)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    kibibytes = int(subprocess.check_output([sys.executable, "-c", program], text=True))
    assert kibibytes < 50_000


@pytest.mark.parametrize(
    "written",
    [
        '{"a": "account 123456789012345678901"}',
        '{"a": "\\"123456789012345678901"}',
        '{"123456789012345678901": "-123456789012345678901", "a": 1234567890123456789}',
        "1234567890123456789",
    ],
)
def test_digits_in_strings_and_64_bits_are_read_once(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    """The slow reader of the standard library is for integers that the fast one would make floats of."""
    expected = json.loads(written)
    monkeypatch.setattr("hivestand.handlers.event.encoding.json.loads", None)
    assert expected == loads(written.encode())


@pytest.mark.parametrize(
    "written",
    [
        "18446744073709551616",
        "-9223372036854775809",
        '["12", 18446744073709551616]',
        '{"a\\\\":18446744073709551616}',
        '{"a\\"":"","b":-18446744073709551616}',
    ],
)
def test_integers_beyond_64_bits_are_exact(written: str) -> None:
    """Wherever they stand."""
    assert repr(json.loads(written)) == repr(loads(written.encode()))


def test_nesting_past_the_encoder_is_refused() -> None:
    """As a bad request, not as a fault of the server."""
    value: Any = 0
    for _ in range(50_000):
        value = [value]
    with pytest.raises(BadRequest, match="nested too deeply"):
        encoded(metadata={"deep": value})
