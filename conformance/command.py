"""Turn the options of `hivestand check` into a run, and the run into an exit status."""

import json
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from fnmatch import fnmatchcase
from pathlib import Path
from secrets import randbits
from typing import Any, Final
from urllib.parse import urlsplit

from hivestand.conformance.api import PATHS
from hivestand.conformance.defaults import (
    BUDGET,
    EXAMPLES,
    PATIENCE,
    POLITE_BUDGET,
    POLITE_PATIENCE,
    POLITE_RATE,
    QUICK_BUDGET,
    TOKEN,
)
from hivestand.conformance.exchange import TOKEN_VARIABLE
from hivestand.conformance.outcome import Outcome, Status
from hivestand.conformance.reports.as_json import to_json
from hivestand.conformance.reports.junit import to_junit
from hivestand.conformance.reports.markdown import to_markdown
from hivestand.conformance.reports.page import to_html
from hivestand.conformance.reports.report import Report
from hivestand.conformance.reports.terminal import Terminal
from hivestand.conformance.requirement import Level, Requirement
from hivestand.conformance.requirements import REQUIREMENTS
from hivestand.conformance.run import RunPlan, run
from hivestand.conformance.target import TargetAccess
from hivestand.openapi.formats import is_loopback

MIN_SECRET_LENGTH: Final = 6  # a token of so many characters or more is blanked in reports
CONFORMS, BROKEN, INCONCLUSIVE = 0, 1, 3
DOCUMENTS: Final[Mapping[str, Callable[[Report], str]]] = {
    "json_file": lambda report: json.dumps(to_json(report), ensure_ascii=False, indent=2, default=str) + "\n",
    "junit_file": to_junit,
    "html_file": to_html,
    "markdown_file": to_markdown,
}


def check(options: Mapping[str, Any]) -> int:
    """Run what the options ask for and print the result; returns the exit status.

    Raises:
        ValueError: an option cannot be used.
    """
    terminal = Terminal()
    if options["listing"]:
        for each in chosen(options):
            terminal.say(f"{each.id:14} {each.level:6} {each.title} [{each.source}]")
        return CONFORMS
    access, plan = asked(options)
    for option in DOCUMENTS:
        if options[option] and not Path(options[option]).parent.is_dir():
            raise ValueError(f"there is no folder for {options[option]}")
    known = _known_failing(options["known_failing"])
    with terminal.watching() as watch:
        report = run(access, plan, watch)
    terminal.show(report)
    for option, render in DOCUMENTS.items():
        if options[option]:
            text = _without_tokens(render(report), access)
            Path(options[option]).write_text(text, encoding="utf-8", errors="replace")
    stale = stale_of(report, known)
    for line in stale:
        terminal.say(line)
    return BROKEN if stale else status_of(report, Level(options["level"]), known)


def asked(options: Mapping[str, Any]) -> tuple[TargetAccess, RunPlan]:
    """The target and the run that the options ask for.

    Raises:
        ValueError: an option cannot be used.
    """
    access = _access(options)
    seed = randbits(32) if options["seed"] is None else options["seed"]
    requirements = chosen(options)
    operations = tuple(name for name in PATHS if not options["operations"] or name in options["operations"])
    plan = RunPlan(requirements, seed, EXAMPLES, options["strict"], options["quick"], not access.is_near, operations)
    return access, plan


def status_of(report: Report, lowest: Level, known: AbstractSet[str] = frozenset()) -> int:
    """The exit status of a run; requirements of `lowest` level and above fail it, except those in `known`.

    A run in which nothing was tried is inconclusive.
    """
    levels = {Level.MUST} if lowest is Level.MUST else {Level.MUST, Level.SHOULD}
    failing = (outcome.requirement for outcome in report.outcomes if outcome.fails)
    if any(requirement.level in levels and requirement.id not in known for requirement in failing):
        return BROKEN
    was_tried = any(outcome.status in {Status.PASSED, Status.FAILED} for outcome in report.outcomes)
    return INCONCLUSIVE if report.inconclusive or _erred(report.outcomes) or not was_tried else CONFORMS


def stale_of(report: Report, known: AbstractSet[str]) -> list[str]:
    """A line for each known failure that passes or does not exist: a stale list would hide what breaks next."""
    failing = {outcome.requirement.id for outcome in report.outcomes if outcome.status is Status.FAILED}
    tried = {outcome.requirement.id for outcome in report.outcomes}
    said = {id_: "passes" if id_ in tried else "matches no requirement of the run" for id_ in known - failing}
    return [f"known to fail, but {said[id_]}: {id_}" for id_ in sorted(said)]


def _without_tokens(text: str, access: TargetAccess) -> str:
    """A report without the tokens that a target may have repeated; a generated one is no secret."""
    for name in ("first", "second"):
        token = access.tokens.get(name, "")
        if len(token) >= MIN_SECRET_LENGTH and token != TOKEN:
            text = text.replace(token, TOKEN_VARIABLE)
    return text


def _known_failing(path: str | None) -> frozenset[str]:
    """The ids in a file, one a line; text after a # is a comment."""
    if path is None:
        return frozenset()
    lines_ = Path(path).read_text(encoding="utf-8").splitlines()
    return frozenset(id_ for line in lines_ if (id_ := line.partition("#")[0].strip()))


def _erred(outcomes: tuple[Outcome, ...]) -> bool:
    return any(outcome.status is Status.ERROR for outcome in outcomes)


def chosen(options: Mapping[str, Any]) -> tuple[Requirement, ...]:
    """The requirements that the options select.

    Raises:
        ValueError: there is none.
    """
    operations = set(options["operations"])
    if unknown := operations - PATHS.keys():
        raise ValueError(f"no operation {min(unknown)!r}, only {', '.join(PATHS)}")
    requirements = tuple(
        each
        for each in REQUIREMENTS
        if fnmatchcase(each.id, options["only"]) and (not operations or operations & set(each.operations))
    )
    if not requirements:
        raise ValueError(f"no requirement is like {options['only']!r}")
    return requirements


def _access(options: Mapping[str, Any]) -> TargetAccess:
    url = options["url"] or ""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.port == 0:
        raise ValueError("a URL is needed, such as http://127.0.0.1:4010")
    if parts.username is not None:
        raise ValueError("a URL holds no credentials; give --token")
    if not all(
        _is_field_value(value) for value in (options["token"], options["second_token"] or "", options["bad_token"])
    ):
        raise ValueError("a token is of printable ASCII characters")
    near = is_loopback(parts.hostname)
    tokens = {"first": options["token"], "bad": options["bad_token"]}
    if options["second_token"]:
        tokens["second"] = options["second_token"]
    rate = options["rate"] if options["rate"] is not None else (0.0 if near else POLITE_RATE)
    usual = QUICK_BUDGET if options["quick"] else BUDGET if near else POLITE_BUDGET
    budget = options["max_requests"] or usual
    headers = dict(map(_header, options["headers"]))
    patience = PATIENCE if near else POLITE_PATIENCE
    return TargetAccess(url, tokens, headers, options["timeout"], options["ca_file"], rate, budget, patience)


def _is_field_value(text: str) -> bool:
    return text.isascii() and (text.isprintable() or not text)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or not _is_field_value(text):
        raise ValueError(f"a header is written 'Name: value', not {text!r}")
    return name.strip(), value.strip()
