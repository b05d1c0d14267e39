"""What `skep check` was told, turned into a run, and the run into an exit status."""

import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from ipaddress import ip_address
from pathlib import Path
from secrets import randbits
from typing import Any, Final
from urllib.parse import urlsplit

from skep.conformance.api import PATHS
from skep.conformance.outcome import Outcome, Status
from skep.conformance.report import lines, to_json
from skep.conformance.requirement import Level, Requirement
from skep.conformance.requirements import REQUIREMENTS
from skep.conformance.run import Plan, Report, run
from skep.conformance.target import Access

CONFORMS, BROKEN, INCONCLUSIVE = 0, 1, 3
EXAMPLES: Final = 30
POLITE_RATE: Final = 20.0
BUDGET, POLITE_BUDGET = 2000, 1500


def check(options: Mapping[str, Any], say: Callable[[str], object]) -> int:
    """Run what the options ask for; gives the exit status.

    Raises:
        ValueError: an option cannot be used.
    """
    requirements = _chosen(options)
    if options["listing"]:
        for requirement in requirements:
            say(f"{requirement.id:14} {requirement.level:6} {requirement.title} [{requirement.source}]")
        return CONFORMS
    seed = randbits(32) if options["seed"] is None else options["seed"]
    examples = 0 if options["quick"] else EXAMPLES
    report = run(_access(options), Plan(requirements, seed, examples, options["strict"]))
    for line in lines(report):
        say(line)
    if options["json_file"]:
        text = json.dumps(to_json(report), ensure_ascii=False, indent=2, default=str)
        Path(options["json_file"]).write_text(text + "\n", encoding="utf-8", errors="replace")
    return status_of(report, Level(options["level"]))


def status_of(report: Report, lowest: Level) -> int:
    """The exit status of a run, in which `lowest` and what is above it may fail it."""
    levels = {Level.MUST} if lowest is Level.MUST else {Level.MUST, Level.SHOULD}
    if any(outcome.fails and outcome.requirement.level in levels for outcome in report.outcomes):
        return BROKEN
    return INCONCLUSIVE if report.inconclusive or _erred(report.outcomes) else CONFORMS


def _erred(outcomes: tuple[Outcome, ...]) -> bool:
    return any(outcome.status is Status.ERROR for outcome in outcomes)


def _chosen(options: Mapping[str, Any]) -> tuple[Requirement, ...]:
    operations = set(options["operations"])
    if unknown := operations - PATHS.keys():
        raise ValueError(f"no operation {min(unknown)!r}, only {', '.join(PATHS)}")
    chosen = tuple(
        each
        for each in REQUIREMENTS
        if fnmatchcase(each.id, options["only"]) and (not operations or operations & set(each.operations))
    )
    if not chosen:
        raise ValueError(f"no requirement is like {options['only']!r}")
    return chosen


def _access(options: Mapping[str, Any]) -> Access:
    url = options["url"] or ""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("a URL is needed, such as http://127.0.0.1:4010")
    near = is_loopback(parts.hostname)
    tokens = {"first": options["token"], "bad": options["bad_token"]}
    if options["second_token"]:
        tokens["second"] = options["second_token"]
    rate = options["rate"] if options["rate"] is not None else (0.0 if near else POLITE_RATE)
    budget = options["max_requests"] or (BUDGET if near else POLITE_BUDGET)
    headers = dict(map(_header, options["headers"]))
    return Access(url, tokens, headers, options["timeout"], options["ca_file"], rate, budget)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise ValueError(f"a header is written 'Name: value', not {text!r}")
    return name.strip(), value.strip()


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
