"""The sentences of the contract, a module for each of its subjects."""

from skep.conformance.requirement import Requirement
from skep.conformance.requirements import (
    answers,
    auth,
    everything,
    fields,
    http,
    identity,
    isolation,
    merging,
    names,
    races,
    times,
)

MODULES = (answers, identity, names, times, fields, merging, races, isolation, auth, http, everything)
REQUIREMENTS: tuple[Requirement, ...] = tuple(
    requirement for module in MODULES for requirement in module.registry.requirements
)
