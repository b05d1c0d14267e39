"""Reading a body and parsing it."""

import asyncio
import gzip
import json
from typing import Any

import pytest

from hivestand.handlers.errors import BadRequest, ContentTooLarge, RequestTimeout, UnsupportedMediaType
from hivestand.server.http.body import (
    MAX_STRUCTURE,
    MAX_VALUES,
    ClientDisconnected,
    IncomingBody,
    Limits,
    check_media_type,
    decoded,
    parse_json,
)

LIMITS = Limits(size=10, seconds=5)


def body_of(*parts: bytes, declared: int | None = None, complete: bool = False) -> IncomingBody:
    """A body of which these parts have arrived."""
    body = IncomingBody(lambda: None, declared)
    for part in parts:
        body.feed(part)
    if complete:
        body.finish()
    return body


@pytest.mark.anyio
@pytest.mark.parametrize("parts", [[b"1234567890"], [b"12345", b"", b"67890"], [b"1"] * 10, [b""]])
async def test_a_body_is_read_whole(parts: list[bytes]) -> None:
    """Whether it is there already or comes in parts, up to the limit."""
    assert b"".join(parts) == await body_of(*parts, complete=True).read(LIMITS)
    body = body_of()
    reading = asyncio.create_task(body.read(LIMITS))
    for part in parts:
        await asyncio.sleep(0)
        body.feed(part)
    await asyncio.sleep(0)
    body.finish()
    assert b"".join(parts) == await reading


@pytest.mark.anyio
async def test_a_body_declared_too_large_is_not_read() -> None:
    """The response comes before the first part."""
    body = body_of(b"x", declared=11)
    with pytest.raises(ContentTooLarge, match="10 bytes") as caught:
        await body.read(LIMITS)
    assert body.unread == 1
    assert {"Connection": "close"} == caught.value.headers


@pytest.mark.anyio
async def test_a_body_that_grows_too_large_is_not_read_on() -> None:
    """A chunked body declares no length."""
    body = body_of(b"123456")
    reading = asyncio.create_task(body.read(LIMITS))
    await asyncio.sleep(0)
    body.feed(b"78901")
    with pytest.raises(ContentTooLarge):
        await reading
    body.feed(b"x")
    assert body.unread == 1


@pytest.mark.anyio
async def test_a_complete_body_that_is_too_large_is_refused() -> None:
    """Though it is all there."""
    with pytest.raises(ContentTooLarge):
        await body_of(b"12345678901", complete=True).read(LIMITS)


@pytest.mark.anyio
async def test_a_stalled_body_times_out() -> None:
    """It is not waited for longer than the limit."""
    with pytest.raises(RequestTimeout, match=r"0\.01 seconds") as caught:
        await body_of(b"1").read(Limits(10, 0.01))
    assert {"Connection": "close"} == caught.value.headers


@pytest.mark.anyio
@pytest.mark.parametrize("complete", [True, False])
async def test_a_client_that_goes_away_gets_no_response(*, complete: bool) -> None:
    """There is nobody to read it, whether all of the body came or not."""
    body = body_of(b"1", complete=complete)
    body.lose()
    with pytest.raises(ClientDisconnected):
        await body.read(LIMITS)


@pytest.mark.parametrize(
    "declared",
    [
        b"application/json",
        b"Application/JSON",
        b"application/json; charset=utf-8",
        b'application/json ; charset="UTF-8"',
        b"application/json;foo=bar",
    ],
)
def test_json_in_utf8_is_taken(declared: bytes) -> None:
    """However it is written (RFC 9110, 8.3.1)."""
    check_media_type({b"content-type": declared, b"content-length": b"2"})


@pytest.mark.parametrize(
    "declared",
    [
        b"text/plain",
        b"application/jsonp",
        b"application/problem+json",
        b"application/json; charset=latin-1",
        b"application/json;foo=bar; charset=utf-16",
        b"multipart/form-data; boundary=application/json",
        b"json",
        b"",
        b"\xff",
    ],
)
def test_any_other_media_type_is_refused(declared: bytes) -> None:
    """415 says what was sent."""
    with pytest.raises(UnsupportedMediaType):
        check_media_type({b"content-type": declared, b"content-length": b"2"})


@pytest.mark.parametrize("headers", [{b"content-length": b"2"}, {b"transfer-encoding": b"chunked"}])
def test_a_body_without_a_media_type_is_refused(headers: dict[bytes, bytes]) -> None:
    """Nothing is guessed."""
    with pytest.raises(UnsupportedMediaType, match="not missing"):
        check_media_type(headers)


def test_no_body_needs_no_media_type() -> None:
    """It is refused as an empty body later."""
    check_media_type({})
    check_media_type({b"content-length": b"0"})


def test_a_coded_body_is_refused() -> None:
    """415 names the coding that is taken."""
    with pytest.raises(UnsupportedMediaType) as caught:
        check_media_type({b"content-type": b"application/json", b"content-encoding": b"gzip"})
    assert {"Accept-Encoding": "identity"} == caught.value.headers


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b'{"a":1',
        b'{"a":1,}',
        b"{'a':1}",
        b"{}{}",
        b"{} x",
        b"[1,2",
        b"nul",
        b"\xef\xbb\xbf{}",
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\\ud800"}',
        b'{"\\udc00":1}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1e400}',
        b'{"a":-1e400}',
        b'{"a":1' + b"0" * 400 + b"}",
        b'{"a":1' + b"0" * 5000 + b"}",
        b'{"a":01}',
        b'{"a":+1}',
        b'{"a":.5}',
        b'{"a":"\n"}',
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"[" * 10_000,
        b"\x00",
    ],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """400, with where and why."""
    with pytest.raises(BadRequest, match="not valid JSON") as caught:
        parse_json(body)
    assert [("", "json")] == [detail[:2] for detail in caught.value.details]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'{"a":{"b":1},"a":{"c":18446744073709551616}}', {"a": {"c": 2**64}}),
        (b" \r\n\t{} ", {}),
        (b"9223372036854775808", 2**63),
        (b"-9223372036854775809", -(2**63) - 1),
        (b"1" + b"0" * 300, 10**300),
        (b"[1.0, 1, -0.0, 1e2, 1E-2]", [1.0, 1, -0.0, 100.0, 0.01]),
        (b'{"a":"12345678901234567890"}', {"a": "12345678901234567890"}),
        (b"0.12345678901234567890123", 0.12345678901234568),
        (b"1e-400", 0.0),
        (b'"\\ud83d\\udc1d"', "\N{HONEYBEE}"),
        (b"null", None),
    ],
)
def test_json_is_read_exactly(body: bytes, expected: Any) -> None:
    """The last of repeated keys wins; integers of any size; type and value of each number."""
    assert repr(expected) == repr(parse_json(body))


@pytest.mark.parametrize("depth", [900, 1000, 1024, 1025, 5000])
def test_an_integer_of_many_digits_beside_deep_nesting(depth: int) -> None:
    """Neither reader's limit becomes a fault of the server's: it is read exactly, or refused as malformed."""
    body = b"[" * depth + b"12345678901234567890" + b"]" * depth
    try:
        value = parse_json(body)
    except BadRequest:
        assert depth > 900
    else:
        for _ in range(depth):
            (value,) = value
        assert value == 12345678901234567890


@pytest.mark.parametrize("name", ["gzip", "x-gzip", "GZIP"])
def test_a_gzip_body_may_have_several_members(name: str) -> None:
    """All of them are the body (RFC 1952, 2.2); `x-gzip` is another name of it."""
    sent = gzip.compress(b"12", mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(b"34567890", mtime=0)
    assert b"1234567890" == decoded(sent, {b"content-encoding": name.encode()}, LIMITS)


@pytest.mark.parametrize(
    "sent",
    [
        gzip.compress(b"1", mtime=0) + b"junk",
        gzip.compress(b"1", mtime=0) + gzip.compress(b"2", mtime=0)[:-1],
        gzip.compress(b"", mtime=0) * 1001,
        gzip.compress(b"1", mtime=0)[:-1],
        b"",
        b"no gzip",
    ],
)
def test_what_is_behind_a_gzip_member_is_one_or_wrong(sent: bytes) -> None:
    """Nothing of a body is dropped in silence."""
    with pytest.raises(BadRequest):
        decoded(sent, {b"content-encoding": b"gzip"}, LIMITS)


def test_the_members_of_a_gzip_body_share_the_limit() -> None:
    """However small each is."""
    with pytest.raises(ContentTooLarge):
        decoded(gzip.compress(b"123456", mtime=0) * 2, {b"content-encoding": b"gzip"}, LIMITS)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":[%b]}' % b",".join([b"{}"] * (MAX_STRUCTURE - 3)),
        b'{"a":[%b]}' % b",".join([b"1"] * (MAX_VALUES - 4)),
        b'{"a":"%b"}' % (b"{[:," * MAX_VALUES),
        b'{"a":"%b"}' % (rb"\"{[:,\\" * MAX_VALUES),
        b"[%b]" % b",".join([b'"{[:,"'] * 200_000),
    ],
)
def test_what_a_body_may_hold_is_counted_outside_of_strings(body: bytes) -> None:
    """To the last value; a long text with brackets, colons and commas in it is one."""
    assert json.loads(body) == parse_json(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[%b]" % b",".join([b"{}"] * (MAX_STRUCTURE + 1)),
        b"[%b]" % b" , ".join([b'{"a" : 1}'] * MAX_STRUCTURE),
        b"{%b}" % b",".join(b'"%d":1' % number for number in range(MAX_STRUCTURE + 1)),
        b"[%b]" % b",".join([b"1"] * (MAX_VALUES + 2)),
        b"[%b]" % b",".join([rb'"\\",{}'] * MAX_STRUCTURE),
        b"[" * 400_000,
    ],
)
def test_a_body_that_holds_too_much_is_refused(body: bytes) -> None:
    """Before anything of it is made."""
    with pytest.raises(BadRequest, match="holds too much"):
        parse_json(body)
