"""The deployment under test, politely: within a budget and a rate, and slower where it asks for that."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import requests

from skep.conformance.exchange import Request, Response

TOO_MANY = 429
PATIENCE = 3  # times that a request is sent again after a 429
LONGEST_PAUSE = 30.0  # seconds that a Retry-After is obeyed for


class Inconclusive(Exception):
    """The run cannot go on: the target is away, or the budget is spent. The message is one line."""


@dataclass(frozen=True)
class Access:
    """How a target is reached. `rate` is requests per second, 0 for as many as it takes; times are seconds."""

    url: str
    tokens: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 10.0
    ca_file: str | None = None
    rate: float = 0.0
    max_requests: int = 2000


class Target:
    """Sends requests and counts them. It may be used from several threads."""

    def __init__(self, access: Access) -> None:
        """Connect at the first request."""
        self.access = access
        self.sent = 0
        self._lock = threading.Lock()
        self._next = 0.0
        self._local = threading.local()

    def send(self, request: Request) -> Response:
        """The answer to a request.

        Raises:
            Inconclusive: there was none, or the budget is spent.
        """
        for _ in range(PATIENCE):
            self._take_turn()
            response = self._send(request)
            if response.status != TOO_MANY:
                break
            self._slow_down(response)
        return response

    def count(self) -> None:
        """Count a request that is sent, by this or on its behalf.

        Raises:
            Inconclusive: it is one too many.
        """
        if self.sent >= self.access.max_requests:
            raise Inconclusive(f"the budget of {self.access.max_requests} requests is spent")
        self.sent += 1

    def _take_turn(self) -> None:
        with self._lock:
            self.count()
            now = time.monotonic()
            pause = max(0.0, self._next - now)
            self._next = max(now, self._next) + (1 / self.access.rate if self.access.rate else 0.0)
        time.sleep(pause)

    def _slow_down(self, response: Response) -> None:
        asked = response.headers.get("retry-after", "1")
        pause = min(LONGEST_PAUSE, float(asked)) if asked.isdecimal() else 1.0
        with self._lock:
            self._next = time.monotonic() + pause

    def _send(self, request: Request) -> Response:
        headers = {**self.access.headers, **request.headers}
        if request.token is not None:
            headers["Authorization"] = f"Bearer {self.access.tokens[request.token]}"
        began = time.time()
        try:
            answer = self._session().request(
                request.method,
                self.access.url.rstrip("/") + request.path,
                data=request.body,
                headers=headers,
                timeout=self.access.timeout,
                allow_redirects=False,
                verify=self.access.ca_file or True,
            )
        except requests.RequestException as error:
            raise Inconclusive(f"{self.access.url} does not answer: {_reason(error)}") from error
        fields = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, fields, answer.content, began, time.time())

    def _session(self) -> requests.Session:
        """A session for each thread, as requests shares none safely."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False  # neither a proxy nor a netrc of this machine comes in between
            session.headers.clear()
        return session


def _reason(error: Exception) -> str:
    """What is at the bottom of an error, in one line."""
    while error.__cause__ or error.__context__:
        cause = error.__cause__ or error.__context__
        if not isinstance(cause, Exception):
            break
        error = cause
    return " ".join(str(error).split()) or type(error).__name__
