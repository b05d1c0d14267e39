"""Schemathesis's own checks, all of them, on its own requests: what the suite is to be better than."""

import logging
from contextlib import nullcontext
from typing import Any, Final

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events as engine_events
from schemathesis.engine import from_schema

from hivestand.openapi import load
from mutants.kill import SEED, TOKENS
from mutants.mutant import Mutant
from mutants.serving import serving

EXAMPLES: Final = 50
SOUND = Mutant("(none)", "", "", nullcontext)


def objections(mutant: Mutant) -> set[str]:
    """The names of the checks that a server with this defect fails."""
    logging.disable()
    with mutant.apply(), serving() as url:
        schema = schemathesis.openapi.from_dict(dict(load("honeyhive")), config=_config(url))
        return {name for event in from_schema(schema).execute() for name in _failed(event)}


def _failed(event: Any) -> set[str]:
    if not isinstance(event, engine_events.ScenarioFinished):
        return set()
    return {check.name for checks in event.recorder.checks.values() for check in checks if check.failure_info}


def _config(url: str) -> SchemathesisConfig:
    settings: dict[str, Any] = {
        "seed": SEED,
        "base-url": url,
        "headers": {"Authorization": f"Bearer {TOKENS['first']}"},
        "generation": {"max-examples": EXAMPLES, "database": "none"},
        "continue-on-failure": True,
    }
    return SchemathesisConfig.from_dict(settings)
