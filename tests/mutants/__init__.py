"""Seeded defects of the mock server, and which requirement of the conformance suite is to notice each."""

from mutants import fallbacks, identity, merging
from mutants.mutant import Mutant

MODULES = (identity, fallbacks, merging)
MUTANTS: tuple[Mutant, ...] = tuple(mutant for module in MODULES for mutant in module.mutant.mutants)
