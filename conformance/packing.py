"""Packs the cases of many rules into few posts, where they do not interfere with each other."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from hivestand.conformance.requirement import Requirement

TOGETHER: Final = (  # fallbacks that depend on each other: a post may hold one case of each group
    frozenset({"event_name", "session_name"}),
    frozenset({"event_id", "event_type", "parent_id", "error", "metrics", "feedback"}),
)
Session = Mapping[str, Any]


def packed(requirements: Iterable[Requirement], is_wanted: Callable[[Session], bool]) -> list[Session]:
    """Sessions to post that contain every single-post case of the requirements for which `is_wanted` holds."""
    packs: list[tuple[dict[str, Any], set[str]]] = []
    for requirement in requirements:
        for bodies in requirement.cases:
            if len(bodies) == 1 and bodies[0] and is_wanted(bodies[0]):
                _pack(bodies[0], packs)
    return [pack for pack, _ in packs]


def chains(requirements: Iterable[Requirement]) -> list[tuple[Session, ...]]:
    """The cases of several posts that the requirements have, without repeats."""
    found: list[tuple[Session, ...]] = []
    for requirement in requirements:
        found += [bodies for bodies in requirement.cases if len(bodies) > 1 and bodies not in found]
    return found


def _pack(case: Session, packs: list[tuple[dict[str, Any], set[str]]]) -> None:
    names = set(case).union(*(group for group in TOGETHER if not group.isdisjoint(case)))
    for pack, taken in packs:
        if taken.isdisjoint(names):
            pack.update(case)
            taken.update(names)
            return
    packs.append((dict(case), names))
