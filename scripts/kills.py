"""Make the kill table: which seeded defects the suite notices, by the requirement that is meant to notice each."""

import logging
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import NamedTuple

from mutants import MUTANTS
from mutants.differing import DIFFERING
from mutants.differing_events import DIFFERING as DIFFERING_EVENTS
from mutants.kill import failing, false_alarms, plan_for, report_on
from mutants.mutant import GROUPS, Mutant
from mutants.plain import SOUND, objections
from pages import PAGE, with_part

from hivestand.conformance.operations import EVENTS, SESSIONS
from hivestand.conformance.requirement import Level
from hivestand.conformance.requirements import REQUIREMENTS
from hivestand.conformance.run import RunPlan

SHARE = 20  # of so many defects one is shown to Schemathesis alone, which takes half a minute for it
PROCESSES = 3
LEVELS = {each.id: each.level for each in REQUIREMENTS}


class Trial(NamedTuple):
    """How a seeded defect fared.

    Attributes:
        name: the name of the defect.
        full: whether its requirement failed in a full run.
        quick: whether its requirement failed in a quick run.
        plain: the Schemathesis checks that failed without the requirements; None if that was not tried.
        others: other requirements that failed.
    """

    name: str
    full: bool
    quick: bool
    plain: frozenset[str] | None
    others: tuple[str, ...]


def full(mutant: Mutant) -> set[str]:
    """What fails; more is tried only where less finds nothing: the requirement, all of them, requests by chance."""
    alone = tuple(each for each in REQUIREMENTS if each.id == mutant.kills)
    found: set[str] = set()
    for requirements, examples in ((alone, 0), (REQUIREMENTS, 0), (REQUIREMENTS, 30)):
        if requirements and mutant.kills not in found:
            found |= failing(report_on(mutant, plan_for(mutant, requirements, examples)))
    return found


def attempt(name: str, *, with_plain: bool) -> Trial:
    """Try one, in a process of its own."""
    logging.disable()
    mutant = next((each for each in MUTANTS if each.name == name), SOUND)
    quick = replace(plan_for(mutant), quick=True)
    found, soon = full(mutant), failing(report_on(mutant, quick))
    plain = frozenset(objections(mutant)) if with_plain else None
    return Trial(name, mutant.kills in found, mutant.kills in soon, plain, tuple(sorted(found - {mutant.kills})))


def trials(mutants: Sequence[Mutant]) -> Iterator[Trial]:
    """All of them, and the sound server first."""
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        chosen = {SOUND.name: True, **{each.name: number % SHARE == 0 for number, each in enumerate(mutants)}}
        futures = [pool.submit(attempt, name, with_plain=plain) for name, plain in chosen.items()]
        for name, future in zip(chosen, futures, strict=True):
            trial = future.result()
            verdict = ("full " if trial.full else "sound" if name == SOUND.name else "LIVES") + " quick" * trial.quick
            print(f"{trial.name:44} {verdict:12} {', '.join(trial.others) or '-'}", flush=True)  # noqa: T201
            yield trial


def differ(name: str) -> tuple[str, list[str]]:
    """What a run with requests by chance has against a server that decides otherwise where that is open."""
    logging.disable()
    patch, operations = (DIFFERING[name], SESSIONS) if name in DIFFERING else (DIFFERING_EVENTS[name], EVENTS)
    report = report_on(Mutant(name, "", "", patch), RunPlan(REQUIREMENTS, 1, examples=2, operations=operations))
    return report.inconclusive, [each.requirement.id for each in false_alarms(report)]


def differing() -> list[str]:
    """Those that the suite wrongs."""
    wronged = []
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        names = [*DIFFERING, *DIFFERING_EVENTS]
        for name, (inconclusive, alarms) in zip(names, pool.map(differ, names), strict=True):
            print(f"{name:44} differs      {inconclusive or ', '.join(alarms) or '-'}", flush=True)  # noqa: T201
            if inconclusive or alarms:
                wronged.append(name)
    return wronged


def share(killed: int, total: int) -> str:
    """A part of a whole."""
    return f"{killed} of {total}" if total else "-"


def table(done: dict[str, Trial]) -> Iterator[str]:
    """By class, and by level in sum."""
    sound = done[SOUND.name].plain or frozenset()
    yield "| class | full run, MUST | full run, SHOULD | `--quick` | Schemathesis's own checks, of a sample |"
    yield "|---|---|---|---|---|"
    for group in (*GROUPS, "all"):
        mutants = [each for each in MUTANTS if group in {each.group, "all"}]
        cells = [
            share(sum(done[each.name].full for each in mutants if LEVELS[each.kills] is level), count)
            for level in (Level.MUST, Level.SHOULD)
            for count in [sum(LEVELS[each.kills] is level for each in mutants)]
        ]
        cells.append(share(sum(done[each.name].quick for each in mutants), len(mutants)))
        sample = [plain for each in mutants if (plain := done[each.name].plain) is not None]
        cells.append(share(sum(bool(plain - sound) for plain in sample), len(sample)))
        yield f"| {group} | {' | '.join(cells)} |"
    yield ""
    found = ", ".join(done[SOUND.name].others) or "nothing"
    yield f"On the sound server the suite finds {found}; Schemathesis's own checks find {', '.join(sorted(sound))}."
    living = [each for each in MUTANTS if not done[each.name].full]
    if living:
        yield "\nAlive: " + ", ".join(f"{each.name} ({each.kills})" for each in living) + "."


def main(names: list[str]) -> int:
    """Try the mutants; write the document if none was named, and no server was wronged, as that says."""
    began = time.monotonic()
    mutants = [each for each in MUTANTS if not names or each.name in names]
    done = {trial.name: trial for trial in trials(mutants)}
    living = [name for name, trial in done.items() if not trial.full and name != SOUND.name]
    alarms = done[SOUND.name].others
    wronged = [] if names else differing()
    seconds = time.monotonic() - began
    print(f"{len(living)} live, false alarms: {alarms}, wronged: {wronged}, {seconds:.0f} s")  # noqa: T201
    if not names and not wronged:
        PAGE.write_text(with_part(PAGE.read_text(encoding="utf-8"), "kills", table(done)), encoding="utf-8")
    return 1 if living or alarms or wronged else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
