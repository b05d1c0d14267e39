"""Which requirement each mutant breaks: `PYTHONPATH=tests .venv/bin/python -m mutants.kill [--examples N] [NAME …]`."""

import argparse
import logging
import sys
import time
from collections.abc import Iterable
from contextlib import nullcontext

from mutants import MUTANTS
from mutants.mutant import Mutant
from mutants.serving import serving
from skep.conformance.outcome import Status
from skep.conformance.requirements import REQUIREMENTS
from skep.conformance.run import Plan, Report, run
from skep.conformance.target import Access

SEED = 1
TOKENS = {"first": "one", "second": "two", "bad": "invalid"}
SOUND = Mutant("(none)", "(none)", "(none)", nullcontext)


def report_on(mutant: Mutant, examples: int = 0, *, strict: bool | None = None) -> Report:
    """What a run finds of the mutant, by the profile that its requirement is about."""
    by_profile = mutant.kills.startswith("SES-STRICT") if strict is None else strict
    with mutant.apply(), serving() as url:
        return run(Access(url, TOKENS), Plan(REQUIREMENTS, SEED, examples, by_profile))


def failing(report: Report) -> set[str]:
    """The ids of the requirements that a run found broken."""
    return {outcome.requirement.id for outcome in report.outcomes if outcome.fails}


def killed_by(mutant: Mutant, examples: int = 0) -> set[str]:
    """The ids of the requirements that the mutant breaks."""
    return failing(report_on(mutant, examples))


def main(arguments: list[str]) -> int:
    """Print a line for each mutant and a summary; gives how many of them live."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=0, help="requests that a phase of the generation makes up")
    parser.add_argument("names", nargs="*", help="these mutants alone")
    options = parser.parse_args(arguments)
    chosen = [mutant for mutant in MUTANTS if not options.names or mutant.name in options.names]
    logging.disable()
    began = time.monotonic()
    living = [mutant for mutant in (SOUND, *chosen) if not _try(mutant, options.examples)]
    meant = {mutant.kills for mutant in MUTANTS}
    lacking = [each.id for each in REQUIREMENTS if each.level != "INFO" and each.id not in meant]
    total = len(chosen) + 1
    print(f"\n{total - len(living)} of {total} as meant, in {time.monotonic() - began:.0f} s")  # noqa: T201
    print("living: " + _listed(f"{mutant.name} ({mutant.kills})" for mutant in living))  # noqa: T201
    print("requirements without a mutant: " + _listed(lacking))  # noqa: T201
    return min(len(living), 100)


def _try(mutant: Mutant, examples: int) -> bool:
    report = report_on(mutant, examples)
    broken = failing(report)
    as_meant = not broken if mutant is SOUND else mutant.kills in broken
    notes = [report.inconclusive] if report.inconclusive else []
    notes += [
        f"{outcome.requirement.id} ERROR {outcome.reason}"
        for outcome in report.outcomes
        if outcome.status is Status.ERROR
    ]
    others = _listed([*sorted(broken - {mutant.kills}), *notes])
    verdict = "yes" if as_meant else "NO"
    print(f"{mutant.group:16} {mutant.name:44} {mutant.kills:14} {verdict:3} {others}", flush=True)  # noqa: T201
    return as_meant


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "-"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
