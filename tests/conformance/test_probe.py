"""Targets that are none: one clear line, and exit status 3."""

import datetime as dt
import http.server
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme
from support import free_port, hivestand_check

HEAD = b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %d\r\n%s\r\n"


def response(status: bytes, body: bytes = b"", headers: bytes = b"") -> Callable[[socket.socket], None]:
    """What answers everything alike."""
    return lambda connection: connection.sendall(HEAD % (status, len(body), headers) + body)


def drip(connection: socket.socket) -> None:
    """A response that never ends, an octet at a time."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(200):
        connection.sendall(b" ")
        time.sleep(0.05)


def flood(connection: socket.socket) -> None:
    """A response without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b" " * 1_000_000)


@contextmanager
def target(behave: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that does one thing with each connection; gives its URL."""
    ending = threading.Event()

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            wrapped = context.wrap_socket(connection, server_side=True) if context else connection
            with wrapped:
                wrapped.recv(65_536)
                behave(wrapped)
                wrapped.settimeout(0.2)
                while wrapped.recv(65_536):
                    pass  # or the system would cut off the response, as something is unread

    def accept() -> None:
        while not ending.is_set():
            with suppress(TimeoutError):
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"{'https' if context else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ending.set()
            thread.join()


@pytest.mark.parametrize(
    ("behave", "said"),
    [
        (lambda _: time.sleep(5), "nothing within 1 s"),
        (lambda _: None, "does not respond"),
        (drip, "nothing within 1 s"),
        (flood, "does not respond"),
        (lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n"), "does not respond"),
        (response(b"200 OK", b"<!doctype html><p>Welcome"), "responds with HTML"),
        (response(b"404 Not Found", b"\n<html>no"), "responds with HTML"),
        (response(b"302 Found", b"", b"Location: https://elsewhere.example/\r\n"), "redirects to https://elsewhere"),
        (response(b"503 Service Unavailable"), "is not available: it responds with status 503"),
        (response(b"502 Bad Gateway", b"{}"), "is not available: it responds with status 502"),
        (response(b"103 Early Hints"), "an interim response, 103"),
        (response(b"500 Oops", b"{}"), "is not available: it responds with status 500"),
        (response(b"401 Unauthorized", b"{}"), "refuses the token"),
        (response(b"404 Not Found", b"{}"), "does not know the operation"),
        (response(b"429 Too Many Requests", b"{}", b"Retry-After: 3600\r\n"), "asks for fewer requests"),
    ],
)
def test_what_is_no_api_is_3(behave: Callable[[socket.socket], None], said: str) -> None:
    """One line says what it is instead, and no requirement is blamed."""
    with target(behave) as url:
        done = hivestand_check(url, "--timeout", "1")
    assert (3, "") == (done.returncode, done.stderr)
    assert [True] == [said in line and line.startswith("inconclusive:") for line in done.stdout.splitlines()]


def test_an_absent_target_is_3() -> None:
    """One line says so."""
    done = hivestand_check(f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 3
    assert "does not respond: " in done.stdout


@pytest.mark.parametrize(
    ("days", "trusts", "said"),
    [(1, False, "unable to get local issuer"), (-1, True, "certificate has expired"), (1, True, "responds with HTML")],
)
def test_a_certificate_has_to_be_trusted_and_valid(tmp_path: Path, days: int, said: str, *, trusts: bool) -> None:
    """By the system, or by the file that is given."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    until = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    authority.issue_cert("127.0.0.1", not_before=until - dt.timedelta(days=9), not_after=until).configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with target(response(b"200 OK", b"<html>"), context) as url:
        done = hivestand_check(url, *(["--ca-file", str(tmp_path / "ca.pem")] if trusts else []))
    assert done.returncode == 3
    assert said in done.stdout


class Faltering(http.server.BaseHTTPRequestHandler):
    """Answers alike, but hangs up on some."""

    protocol_version = "HTTP/1.1"
    count = 0
    fails_at: Callable[[int], bool]

    def do_POST(self) -> None:
        """Start no session, and say so."""
        type(self).count += 1
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if type(self).fails_at(self.count):
            self.close_connection = True
            return
        body = b"{}"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def faltering(fails_at: Callable[[int], bool]) -> Iterator[str]:
    """A server that fails at some requests, by their number; gives its URL."""
    handler = type("Handler", (Faltering,), {"fails_at": staticmethod(fails_at), "count": 0})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_one_request_without_an_answer_is_an_error_and_no_end() -> None:
    """It is never blamed on the target, but nor is the run conclusive."""
    with faltering(lambda number: number == 4) as url:
        done = hivestand_check(url, "--only", "SES-ANY-07", "--max-requests", "70")
    assert done.returncode == 3
    assert "error   SES-ANY-07 SHOULD createSession" in done.stdout
    assert "error   SES-ANY-07 SHOULD startSessionLegacy" not in done.stdout


def test_a_quick_run_ends_with_what_is_not_answered() -> None:
    """As what many requirements are tried with is missing."""
    with faltering(lambda number: number == 4) as url:
        done = hivestand_check(url, "--quick", "--only", "SES-ANY-07")
    assert done.returncode == 3
    assert "does not respond" in done.stdout


def test_a_target_that_goes_away_ends_the_run() -> None:
    """Three requests without a response are enough."""
    with faltering(lambda number: number > 10) as url:
        done = hivestand_check(url, "--quick", "--only", "SES-A*")
    assert "inconclusive: " in done.stdout
    assert "; 13 requests" in done.stdout
