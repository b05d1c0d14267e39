"""The sentences of the contract, a module for each of its subjects."""

from hivestand.conformance.requirement import Requirement
from hivestand.conformance.requirements import (
    aggregates,
    auth,
    batches,
    events,
    everything,
    fields,
    http,
    identity,
    isolation,
    merging,
    names,
    presence,
    races,
    responses,
    searches,
    spans,
    times,
    traces,
    updates,
)

SESSION_MODULES = (responses, identity, names, times, fields, merging, races, isolation, auth, http, everything)
MODULES = (*SESSION_MODULES, presence, events, updates, batches, searches, traces, spans, aggregates)
REQUIREMENTS: tuple[Requirement, ...] = tuple(
    requirement for module in MODULES for requirement in module.registry.requirements
)
