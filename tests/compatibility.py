"""`docs/compatibility.md`: which call of which client was run, the operations it used, and whether its test passed.

A test notes its calls among its report's properties, which pytest-xdist carries to the controller; there the page is
made of them at the end. A whole run of `tests/sdk` fails where the page is not the committed one, and writes it with
`--write-compatibility`.
"""

import json
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final, NamedTuple, Self

import pytest
from support import ROOT

PAGE: Final = ROOT / "docs" / "compatibility.md"
TESTS: Final = (ROOT / "tests" / "sdk", ROOT / "tests" / "corpus")
OPTION: Final = "--write-compatibility"
PROPERTY: Final = "a call of a client"
OUTCOME: Final = "a request of the corpus"
PYTHON: Final = "Python SDK 1.7.0"
TYPESCRIPT: Final = "TypeScript SDK 0.6.4"
OPENTELEMETRY: Final = (
    "OpenTelemetry SDK for Python 1.45.2, and the OpenAI instrumentations of OpenInference and OpenLLMetry"
)
NODE: Final = "OpenTelemetry SDK for Node 1.25.1"
DAEMON: Final = "honeyhive-daemon 0.7.5"
LOGGER: Final = "honeyhive-logger 0.0.11"
LLAMA_INDEX: Final = "llama-index-callbacks-honeyhive 0.6.0"
CLIENTS: Final = (PYTHON, TYPESCRIPT, OPENTELEMETRY, NODE, DAEMON, LOGGER, LLAMA_INDEX)
NOT_SERVED: Final = "none: 404"
_INTRODUCTION: Final = """\
# Compatibility of released SDKs

The clients are unmodified; only their URL and key differ. Each call runs against a server in a process of its own, on
memory and on Redis, and its effect is read back from that server. The operations are those that the journal shows for
the call. The tests in `tests/sdk` and `tests/corpus` write this page and fail if it is out of date: `scripts/test
tests/sdk tests/corpus --write-compatibility`.
"""


_CORPUS: Final = """\
## Requests of the corpus

Requests as real clients send them, in `tests/corpus`. Every value of them is readable again in what was stored, or
named in the header `Hivestand-Fallbacks`, or the request is refused: the test looks at each.
"""


class Call(NamedTuple):
    """One call: of which client, what it is named, the operations that it used, what was looked at, and how it went.

    `place` is where the test is, so that the page keeps the order of the tests.
    """

    client: str
    name: str
    operations: Sequence[str]
    checked: str
    place: tuple[str, int] = ("", 0)
    passed: bool = True

    def written(self) -> tuple[str, str]:
        """As a property of a report."""
        return PROPERTY, json.dumps([self.client, self.name, self.operations, self.checked])

    @classmethod
    def read(cls, report: pytest.TestReport) -> Iterable[Self]:
        """The calls that a report has."""
        file, line, _ = report.location
        for name, value in report.user_properties:
            if name == PROPERTY:
                client, call, operations, checked = json.loads(str(value))
                yield cls(client, call, operations, checked, (file, line or 0), report.passed)


class Outcome(NamedTuple):
    """What became of a request of the corpus.

    Attributes:
        name: the name of its file.
        client: who sends it.
        where: method and path.
        status: the status of the response.
        told: the fallbacks, or why it is refused.
        passed: whether its test did.
    """

    name: str
    client: str
    where: str
    status: int
    told: str
    passed: bool = True

    def written(self) -> tuple[str, str]:
        """As a property of a report."""
        return OUTCOME, json.dumps(self[:5])

    @classmethod
    def read(cls, report: pytest.TestReport) -> Iterable[Self]:
        """The outcomes that a report has."""
        for name, value in report.user_properties:
            if name == OUTCOME:
                request, client, where, status, told = json.loads(str(value))
                yield cls(request, client, where, status, told, report.passed)


def of_the_corpus(outcomes: Iterable[Outcome]) -> str:
    """The table of the corpus; a request that was sent several times has passed if it always did."""
    merged: dict[str, Outcome] = {}
    for outcome in outcomes:
        before = merged.get(outcome.name, outcome)
        merged[outcome.name] = outcome._replace(passed=before.passed and outcome.passed)
    rows = [
        _CORPUS,
        "| request | sent by | operation | status | reported, or why refused | passed |",
        "|---|---|---|---|---|---|",
    ]
    for name in sorted(merged):
        each = merged[name]
        told = f"`{each.told}`" if each.status == HTTPStatus.OK and each.told else each.told
        passed = "yes" if each.passed else "**no**"
        rows.append(f"| `{name}` | {each.client} | `{each.where}` | {each.status} | {told} | {passed} |")
    return "\n".join([*rows, ""])


def rendered(calls: Iterable[Call]) -> str:
    """The page; a call that was run several times has passed if it always did."""
    merged: dict[tuple[str, str, str], Call] = {}
    for call in calls:
        key = (call.client, call.name, call.checked)
        before = merged.get(key, call)
        operations = list(dict.fromkeys([*before.operations, *call.operations]))
        merged[key] = call._replace(operations=operations, passed=before.passed and call.passed)
    return "\n".join([_INTRODUCTION, *(_table(client, merged.values()) for client in CLIENTS)])


def _table(client: str, calls: Iterable[Call]) -> str:
    """The calls of a client; those of one test that used the same operations are in one row."""
    rows = [f"## {client}", "", "| calls | operations | what was looked at | passed |", "|---|---|---|---|"]
    own = sorted((call for call in calls if call.client == client), key=attrgetter("place", "operations", "name"))
    for (_, operations, checked, passed), group in groupby(own, attrgetter("place", "operations", "checked", "passed")):
        names = ", ".join(f"`{call.name}`" for call in group)
        used = ", ".join(f"`{name}`" for name in operations) or NOT_SERVED
        rows.append(f"| {names} | {used} | {checked} | {'yes' if passed else '**no**'} |")
    return "\n".join([*rows, ""])


class Compatibility:
    """The plugin that collects the calls of a run."""

    def __init__(self, config: pytest.Config, page: Path = PAGE) -> None:
        self._config = config
        self._page = page
        self._calls: list[Call] = []
        self._outcomes: list[Outcome] = []
        self._said = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the calls of a test that has ended."""
        if report.when == "call":
            self._calls += Call.read(report)
            self._outcomes += Outcome.read(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the page, or fail a run whose tests all passed where it is not the committed one."""
        if not is_whole(self._config):
            return
        page = f"{rendered(self._calls)}\n{of_the_corpus(self._outcomes)}"
        if self._config.getoption(OPTION):
            self._page.write_text(page, encoding="utf-8")
        elif exitstatus == pytest.ExitCode.OK and self._page.read_text(encoding="utf-8") != page:
            self._said = (
                f"{self._page.name} is not what these tests found: scripts/test tests/sdk tests/corpus {OPTION}"
            )
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say why the run failed."""
        if self._said:
            terminalreporter.write_line(self._said, red=True)


def is_whole(config: pytest.Config) -> bool:
    """Whether all of the tests that note something were to be run."""
    options = config.option
    if options.keyword or options.markexpr or options.collectonly or options.deselect or getattr(options, "lf", False):
        return False
    folders = [(config.invocation_params.dir / argument).resolve() for argument in config.args]
    return all(any(tests.is_relative_to(folder) for folder in folders) for tests in TESTS)


def configure(config: pytest.Config) -> None:
    """Collect, where the reports of all tests arrive."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Compatibility(config))
