"""Seeded defects of the mock server, and which requirement of the conformance suite is to notice each."""

from mutants import answers, auth, events, fallbacks, identity, isolation, media_types, merging, races, request_handling
from mutants.mutant import Mutant

MODULES = (request_handling, identity, fallbacks, merging, races, isolation, auth, media_types, answers, events)
MUTANTS: tuple[Mutant, ...] = tuple(mutant for module in MODULES for mutant in module.mutant.mutants)
