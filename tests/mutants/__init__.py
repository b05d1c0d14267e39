"""Seeded defects of the mock server, and which requirement of the conformance suite is to notice each."""

from mutants import (
    answers,
    auth,
    batches,
    events,
    fallbacks,
    identity,
    isolation,
    media_types,
    merging,
    presence,
    races,
    request_handling,
    searches,
    updates,
)
from mutants.mutant import Mutant

SESSION_MODULES = (request_handling, identity, fallbacks, merging, races, isolation, auth, media_types, answers)
MODULES = (*SESSION_MODULES, presence, events, updates, batches, searches)
MUTANTS: tuple[Mutant, ...] = tuple(mutant for module in MODULES for mutant in module.mutant.mutants)
