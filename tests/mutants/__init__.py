"""Seeded defects of the mock server, and which requirement of the conformance suite is to notice each."""

from mutants import (
    aggregates,
    attributes,
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
    responses,
    searches,
    updates,
)
from mutants.mutant import Mutant

SESSION_MODULES = (request_handling, identity, fallbacks, merging, races, isolation, auth, media_types, responses)
MODULES = (*SESSION_MODULES, presence, events, updates, batches, searches, attributes, aggregates)
MUTANTS: tuple[Mutant, ...] = tuple(mutant for module in MODULES for mutant in module.mutant.mutants)
