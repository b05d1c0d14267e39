"""How long the proofs run, and where their figures go: short here, in full by `scripts/reliability`."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

FULL = os.environ.get("HIVESTAND_RELIABILITY") == "full"
Figures = Callable[..., None]


@pytest.fixture(scope="session")
def rounds() -> Callable[[int, int], int]:
    """Of two numbers, the second where the proofs run in full."""
    return lambda short, full: full if FULL else short


@pytest.fixture
def figures() -> Figures:
    """Print what was measured, and keep it for the table in docs/reliability.md."""

    def say(proof: str, promise: str, **measured: object) -> None:
        row = {"proof": proof, "promise": promise, "measured": {name: str(value) for name, value in measured.items()}}
        print(f"\n{proof}: " + ", ".join(f"{name} {value}" for name, value in row["measured"].items()))  # type: ignore[attr-defined] # noqa: T201
        if path := os.environ.get("HIVESTAND_FIGURES"):
            with Path(path).open("a", encoding="utf-8") as rows:
                rows.write(json.dumps(row) + "\n")

    return say
