"""The deployment under test, treated politely: within a budget and a rate, slower if it asks for that."""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Final
from urllib.parse import urlsplit

import requests

from hivestand.conformance.defaults import BUDGET, PATIENCE
from hivestand.conformance.exchange import ReceivedResponse, SentRequest
from hivestand.openapi.formats import is_loopback

OK, TOO_MANY, SERVER_ERROR = 200, 429, 500
MAX_PAUSE: Final = 60.0  # seconds that a Retry-After is obeyed for
MAX_SILENT_REQUESTS: Final = 3  # requests in a row without a response that end a run
MAX_SERVER_ERRORS: Final = 20  # server errors in a row that end a run
RETRY_TIMEOUT_DIVISOR: Final = 5  # a request after one that got no response gets this part of the time-out
MAX_RESPONSE: Final = 16 * 1024 * 1024  # bytes of a response that are read


class Inconclusive(Exception):
    """The run cannot go on: the target is unavailable, or the budget is spent. The message is one line."""


class Unanswered(Exception):
    """A request got no response. The message is one line."""


@dataclass(frozen=True)
class TargetAccess:
    """How to reach a target.

    Attributes:
        url: the base URL.
        tokens: the tokens by name.
        headers: headers of every request.
        timeout: seconds for a response.
        ca_file: certificates to trust; None for the system's.
        rate: requests per second; 0 for no limit.
        max_requests: the budget.
        patience: seconds for which a write may stay invisible.
    """

    url: str
    tokens: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 10.0
    ca_file: str | None = None
    rate: float = 0.0
    max_requests: int = BUDGET
    patience: float = PATIENCE

    @property
    def is_near(self) -> bool:
        """Whether the target is on this machine."""
        return is_loopback(urlsplit(self.url).hostname or "")


class Target:
    """Sends requests and counts them. It may be used from several threads."""

    def __init__(self, access: TargetAccess) -> None:
        """Prepare a connection; it is opened by the first request."""
        self.access = access
        self.sent = 0
        self._lock = threading.Lock()
        self._next = 0.0
        self._unanswered = 0
        self._errors = 0
        self._idle: list[requests.Session] = []

    def send(self, request: SentRequest, patience: float = MAX_PAUSE) -> ReceivedResponse:
        """The response to a request; after a 429 it is sent again, for up to `patience` seconds.

        Raises:
            Unanswered: there was no response.
            Inconclusive: several requests in a row had none, the target only fails, or the budget is spent.
        """
        while True:
            self._take_turn()
            response = self._response(request)
            if response.status != TOO_MANY:
                self.note(response.status)
                return response
            patience -= self.slow_down(response)
            if patience < 0:
                raise Unanswered(f"{self.access.url} asks for fewer requests, again and again (429)")

    def count(self) -> None:
        """Count a request against the budget.

        Raises:
            Inconclusive: the budget is spent.
        """
        if self.sent >= self.access.max_requests:
            raise Inconclusive(f"the budget of {self.access.max_requests} requests is spent")
        self.sent += 1

    def note(self, status: int) -> None:
        """Count server errors in a row.

        Raises:
            Inconclusive: the target responds with nothing but errors.
        """
        self._unanswered = 0
        self._errors = self._errors + 1 if status >= SERVER_ERROR else 0
        if self._errors >= MAX_SERVER_ERRORS:
            raise Inconclusive(f"{self.access.url} responded to {self._errors} requests in a row with a server error")

    def _take_turn(self) -> None:
        with self._lock:
            self.count()
            now = time.monotonic()
            pause = max(0.0, self._next - now)
            self._next = max(now, self._next) + (1 / self.access.rate if self.access.rate else 0.0)
        time.sleep(pause)

    def slow_down(self, response: ReceivedResponse) -> float:
        """Send nothing for as long as a 429 asks for; returns the seconds."""
        asked = response.headers.get("retry-after", "1")
        pause = min(MAX_PAUSE, float(asked)) if asked.isdecimal() else 1.0
        with self._lock:
            self._next = time.monotonic() + pause
        return pause

    def _response(self, request: SentRequest) -> ReceivedResponse:
        """The response, complete within the time-out: a target that sends a byte now and then is cut off."""
        received: Future[ReceivedResponse] = Future()
        timeout = self.access.timeout / (RETRY_TIMEOUT_DIVISOR if self._unanswered else 1)
        threading.Thread(target=self._send, args=(request, received), daemon=True).start()
        try:
            return received.result(timeout)
        except NotInTime:
            reason = f"nothing within {timeout:g} s"
        except (requests.RequestException, OSError) as error:
            reason = _reason(error)
        self._unanswered += 1
        said = f"{self.access.url} does not respond: {reason}"
        raise Inconclusive(said) if self._unanswered >= MAX_SILENT_REQUESTS else Unanswered(said)

    def _send(self, request: SentRequest, received: Future[ReceivedResponse]) -> None:
        headers = {**self.access.headers, **request.headers}
        if request.token is not None:
            headers["Authorization"] = request.credentials(self.access.tokens[request.token])
        try:
            session = self._idle.pop() if self._idle else _new_session()
            began = time.time()
            with session.request(
                request.method,
                self.access.url.rstrip("/") + request.path,
                data=request.body,
                headers=headers,
                timeout=self.access.timeout + 1,  # the caller has given up by then
                allow_redirects=False,
                verify=self.access.ca_file or True,
                stream=True,
            ) as response:
                body = _body(response)
            fields = {name.lower(): value for name, value in response.headers.items()}
            ended = time.time()
            clock = ended if self.access.is_near else date_of(fields)
            received.set_result(ReceivedResponse(response.status_code, fields, body, began, ended, clock))
            self._idle.append(session)
        except Exception as error:  # noqa: BLE001 - whoever waits for the response gets the error
            received.set_exception(error)


def date_of(fields: Mapping[str, str]) -> float | None:
    """The time in a Date header (RFC 9110, 6.6.1), Unix seconds; None if there is none."""
    try:
        return parsedate_to_datetime(fields.get("date", "")).timestamp()
    except ValueError:
        return None


def _new_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # ignore proxies and netrc files of this machine
    session.headers.clear()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # no cookies between requests
    return session


def _body(response: requests.Response) -> bytes:
    if response.status_code < OK:  # http.client skips only status 100 (RFC 9110, 15.2)
        raise requests.ConnectionError(f"an interim response, {response.status_code}, which cannot be passed over")
    body = bytearray()
    for chunk in response.iter_content(65_536):
        body += chunk
        if len(body) > MAX_RESPONSE:
            raise requests.ConnectionError(f"more than {MAX_RESPONSE} bytes")
    return bytes(body)


def _reason(error: Exception) -> str:
    """The root cause of an error, in one line."""
    while error.__cause__ or error.__context__:
        cause = error.__cause__ or error.__context__
        if not isinstance(cause, Exception):
            break
        error = cause
    return " ".join(str(error).split()) or type(error).__name__
