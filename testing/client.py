"""One tenant of a server, as a test uses it: sessions, events, journal, faults and clock."""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

TIMEOUT: Final = 30  # seconds to wait for a response of the admin API
IDLE: Final = 4  # seconds after which a connection is not used again, as servers close those that are idle
PAGE: Final = 1000  # entries, sessions or events in one request
_ABSENT: Final = object()


class ControlError(Exception):
    """The admin API refused a call; the message is its response, `status` its HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        """Take the message and the HTTP status."""
        super().__init__(message)
        self.status = status


class Fault:
    """An armed fault, until it is disarmed or its block ends."""

    def __init__(self, hivestand: "Hivestand", fault_id: str) -> None:
        """Take the tenant and the fault's id."""
        self._hivestand = hivestand
        self.id = fault_id

    def disarm(self) -> None:
        """Disarm the fault."""
        self._hivestand.ask("DELETE", f"faults/{self.id}")

    def __enter__(self) -> Self:
        """Return the fault, which is armed already."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Disarm the fault, unless the block did."""
        try:
            self.disarm()
        except ControlError as gone:
            if gone.status != HTTPStatus.NOT_FOUND:
                raise


class Hivestand:
    """A tenant of a server with a token of its own, so that it starts empty and no other test sees it.

    Attributes:
        url: the address for SDKs.
        token: the API key for SDKs.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        """Take the server's URL; without a token, one is generated."""
        self.url = url
        self.token = token or f"hh_{uuid4().hex}"
        parts = urlsplit(url)
        connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._base = parts.path.rstrip("/")
        self._asked = time.monotonic()
        self._connection = connect(parts.hostname or "", parts.port, timeout=TIMEOUT)

    @property
    def env(self) -> dict[str, str]:
        """The environment variables that point an SDK at this tenant."""
        return {"HH_API_URL": self.url, "HH_API_KEY": self.token}

    @property
    def sessions(self) -> list[dict[str, Any]]:
        """The sessions of the tenant as the API returns them; the one that started last comes last."""
        return [each["session"] for each in self._all("sessions", "sessions")]

    def events(self, session_id: str) -> list[dict[str, Any]]:
        """The events of a session, its own included, as the API returns them; the one that started last comes last."""
        return [each["event"] for each in self._all(f"sessions/{quote(session_id, safe='')}/events", "events")]

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The journal in the order of the requests; `docs/how-to/test-with-pytest.md` shows an entry."""
        return self._all("requests", "requests")

    def assert_seen(
        self,
        operation: str | None = None,
        *,
        times: int | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = _ABSENT,
    ) -> None:
        """Assert that such a request was seen, exactly `times` if that is given; objects may have further members.

        Raises:
            AssertionError: no such request was seen; the message shows the closest request and a diff.
        """
        __tracebackhide__ = True  # pytest shows the line of the test
        given = {"operation": operation, "times": times, "status": status, "headers": headers}
        pattern = {name: value for name, value in given.items() if value is not None}
        if body is not _ABSENT:
            pattern["body"] = body
        verified = self.ask("POST", "requests/verify", pattern)
        if not verified["verified"]:
            raise AssertionError(_difference(pattern, verified))

    def fault(self, *, delay: float | Mapping[str, Any] | None = None, **fault: Any) -> Fault:
        """Arm a fault; a `delay` that is a number is milliseconds.

        Raises:
            ControlError: the fault is not valid.
        """
        if isinstance(delay, Mapping):
            fault["delay"] = delay
        elif delay is not None:
            fault["delay"] = {"distribution": "fixed", "milliseconds": delay}
        return Fault(self, self.ask("POST", "faults", fault)["id"])

    def freeze_time(self, at: datetime | int | None = None, *, step: int = 0, seed: int | None = None) -> None:
        """Freeze the clock at Unix milliseconds or a date, by default now; each request adds `step` milliseconds.

        With a `seed` the ids that the server generates are the same on every run.
        """
        moment = "now" if at is None else round(at.timestamp() * 1000) if isinstance(at, datetime) else at
        self.ask("PUT", "clock", {"at": moment, "step": step, **({} if seed is None else {"seed": seed})})

    def advance_time(self, by: timedelta | int) -> None:
        """Move the clock forward; a number is milliseconds."""
        milliseconds = round(by.total_seconds() * 1000) if isinstance(by, timedelta) else by
        self.ask("POST", "clock/advance", {"milliseconds": milliseconds})

    def release_time(self) -> None:
        """Return to the system clock and random ids."""
        self.ask("PUT", "clock", {})

    def reset(self) -> None:
        """Delete everything of the tenant: sessions, journal, faults, clock."""
        self.ask("POST", "reset", {})

    def close(self) -> None:
        """Close the connection to the admin API."""
        self._connection.close()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The response of the admin API, parsed.

        Raises:
            ControlError: it is an error.
        """
        if time.monotonic() - self._asked > IDLE:
            self._connection.close()  # before the server closes it; the next request opens a new one
        self._asked = time.monotonic()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body)
        try:
            self._connection.request(method, f"{self._base}/__admin/{path}", sent, headers)
            response = self._connection.getresponse()
            text = response.read()
        except (HTTPException, OSError):
            self._connection.close()
            raise
        if response.status >= 400:  # noqa: PLR2004 - an error, as RFC 9110 has it
            said = f"{method} {path}: {response.status} {text.decode(errors='replace')}"
            raise ControlError(said, response.status)
        return json.loads(text)

    def _all(self, path: str, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        following: dict[str, str] = {}
        while True:
            page = self.ask("GET", f"{path}?{urlencode({'limit': PAGE, **following})}")
            found += page[name]
            if page["next"] is None:
                return found[::-1]
            following = {"before": page["next"]}


def _difference(pattern: Mapping[str, Any], verified: Mapping[str, Any]) -> str:
    """The message for a request that was not seen: what was expected, and how the closest requests differ."""
    lines = [f"expected {_shown(pattern)}", f"seen {verified['count']} times"]
    for near in verified["nearest"]:
        request = near["request"]["request"]
        lines.append(f"nearest: {request['method']} {request['path']}, status {near['request']['status']}")
        lines += [_told(difference) for difference in near["differences"]]
    if not verified["nearest"]:
        lines.append("the journal has no other request")
    return "\n".join(lines)


def _told(difference: Mapping[str, Any]) -> str:
    actual = "nothing" if difference["is_absent"] else _shown(difference["actual"])
    return f"  {difference['pointer']}: expected {_shown(difference['expected'])}, got {actual}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 500 else f"{text[:500]}…"  # noqa: PLR2004 - as much as a person reads


__all__: Sequence[str] = ("ControlError", "Fault", "Hivestand")
