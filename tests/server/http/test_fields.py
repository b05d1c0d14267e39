"""Header fields and paths that decide who is asked for what."""

import pytest
from support import TOKEN, Running, running

from hivestand.server.http.protocol import _decoded


@pytest.fixture(scope="module")
def server() -> Running:  # type: ignore[misc] # a generator
    """A server on the memory store."""
    with running() as started:
        yield started


def status_of(server: Running, *fields: str, version: str = "1.1", body: bytes = b"{}") -> int:
    """The status of a post with these fields, and no others."""
    lines = [f"POST /v1/sessions HTTP/{version}", "Content-Type: application/json", *fields]
    if not any(field.lower().startswith("transfer-encoding") for field in fields):
        lines.append(f"Content-Length: {len(body)}")
    with server.connect() as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        return int(connection.recv(65536).split(b" ", 2)[1])


HOST, BEARER = "Host: localhost", f"Authorization: Bearer {TOKEN}"


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [HOST, HOST],
        [HOST, "Host: other"],
        ["Host: a b"],
        ["Host: a/b"],
        ["Host: user@a"],
        ["Host: a:b"],
        ["Host: [::1"],
        ["Host: a,b/"],
        [HOST, BEARER],
    ],
)
def test_a_request_needs_one_host_and_at_most_one_token(server: Running, fields: list[str]) -> None:
    """Anything else is 400 (RFC 9112, 3.2): two servers on its way could each see another."""
    assert status_of(server, BEARER, *fields) == 400


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:4010", "[::1]:80", "a_b.example", "x:", ""])
def test_a_host_is_a_name_or_an_address(server: Running, host: str) -> None:
    """With or without a port; it may be empty."""
    assert status_of(server, BEARER, f"Host: {host}") == 200


def test_a_host_is_needed_by_each_request_of_a_connection(server: Running) -> None:
    """Whatever the one before had."""
    head = f"POST /v1/sessions HTTP/1.1\r\n{BEARER}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
    for host in ("Host: \r\n", "Host: a\r\n"):
        with server.connect() as connection:
            connection.sendall(f"{head}{host}\r\n{{}}".encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
            connection.sendall(f"{head}\r\n{{}}".encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_http_1_0_needs_no_host(server: Running) -> None:
    """It has none."""
    assert status_of(server, BEARER, version="1.0") == 200


@pytest.mark.parametrize(
    ("coding", "status"), [("chunked", 200), ("Chunked", 200), ("gzip, chunked", 501), ("gzip,chunked", 501)]
)
def test_a_transfer_coding_that_is_not_known_is_501(server: Running, coding: str, status: int) -> None:
    """As RFC 9112 has it, 6.1: what it stands for cannot be read."""
    body = b"2\r\n{}\r\n0\r\n\r\n"
    assert status == status_of(server, HOST, BEARER, f"Transfer-Encoding: {coding}", body=body)


@pytest.mark.parametrize(
    ("path", "decoded"),
    [
        ("/v1/events/a%20b", "/v1/events/a b"),
        ("/v1/events/a%2Fb", "/v1/events/a%2Fb"),
        ("/v1/events/a%2fb", "/v1/events/a%2Fb"),
        ("/__admin/requests/%31", "/__admin/requests/1"),
        ("/%5F%5Fadmin/requests", "/%5F%5Fadmin/requests"),
        ("/__%61dmin/requests", "/__%61dmin/requests"),
        ("/__admin%2Frequests", "/__admin%2Frequests"),
    ],
)
def test_an_encoded_slash_is_none_and_the_admin_api_is_not_spelled_otherwise(path: str, decoded: str) -> None:
    """What stands before the server may decide by the path that is written."""
    assert decoded == _decoded(path)


@pytest.mark.parametrize("path", ["/%5F%5Fadmin/requests", "/__%61dmin/requests", "/__admin%2Frequests"])
def test_no_spelling_leads_to_the_admin_api(server: Running, path: str) -> None:
    """They are paths that nobody knows."""
    with server.connect() as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\n{HOST}\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 404 ")
