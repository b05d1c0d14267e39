"""The options of `pytest --pyargs skep.conformance`, and the run behind its tests.

A packaged conftest.py cannot add an option, so they come with the plugin. The suite is imported only where a URL is
given, as Schemathesis takes its time.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from skep.conformance import defaults

if TYPE_CHECKING:
    from skep.conformance.outcome import Outcome
    from skep.conformance.requirement import Requirement
    from skep.conformance.run import Report

FLAGS: dict[str, dict[str, Any]] = {
    "--skep-url": {"help": "deployment that `--pyargs skep.conformance` judges, and that the fixture `skep` uses"},
    "--skep-token": {"default": os.environ.get("SKEP_TOKEN", defaults.TOKEN), "help": "bearer token; also SKEP_TOKEN"},
    "--skep-second-token": {"help": "token of another account"},
    "--skep-bad-token": {"default": defaults.BAD_TOKEN, "help": "token that the deployment refuses"},
    "--skep-operation": {"action": "append", "default": [], "help": "only this operation; may be repeated"},
    "--skep-level": {"choices": ["MUST", "SHOULD"], "default": "MUST", "help": "lowest level that fails"},
    "--skep-strict": {"action": "store_true", "help": "ask for the request schema"},
    "--skep-quick": {"action": "store_true", "help": "at most 150 requests"},
    "--skep-seed": {"type": int, "help": "of what is generated"},
    "--skep-rate": {"type": float, "help": "requests per second"},
    "--skep-max-requests": {"type": int, "help": "budget"},
    "--skep-timeout": {"type": float, "default": defaults.TIMEOUT, "help": "seconds for an answer"},
    "--skep-header": {"action": "append", "default": [], "help": "'K: V' for every request; may be repeated"},
    "--skep-ca-file": {"help": "certificates to trust"},
}
SEVERAL = {"operation": "operations", "header": "headers"}


def add_options(parser: pytest.Parser) -> None:
    """Declare the flags."""
    group = parser.getgroup("skep", "skep: does a deployment keep the contract?")
    for flag, settings in FLAGS.items():
        group.addoption(flag, **settings)


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Make a test of each requirement."""
    if "skep_requirement" not in metafunc.fixturenames:
        return
    requirements = _asked(metafunc.config)[1].requirements
    metafunc.parametrize("skep_requirement", requirements, ids=[each.id for each in requirements], scope="session")


@pytest.fixture(scope="session")
def skep_report(request: pytest.FixtureRequest) -> Report:
    """What one run of all the requirements that were selected found."""
    from skep.conformance.run import run  # noqa: PLC0415 - it is slow to import

    access, plan = _asked(request.config)
    calls = (getattr(item, "callspec", None) for item in request.session.items)
    wanted = {call.params["skep_requirement"].id for call in calls if call and "skep_requirement" in call.params}
    return run(access, replace(plan, requirements=tuple(each for each in plan.requirements if each.id in wanted)))


@pytest.fixture
def skep_outcomes(skep_requirement: Requirement, skep_report: Report) -> list[Outcome]:
    """What became of a requirement, an outcome for each operation."""
    return [outcome for outcome in skep_report.outcomes if outcome.requirement.id == skep_requirement.id]


def _asked(config: pytest.Config) -> Any:
    if not config.getoption("--skep-url"):
        raise pytest.UsageError("--skep-url is needed: the deployment to judge")
    try:
        from skep.conformance.command import asked  # noqa: PLC0415 - likewise
    except ModuleNotFoundError as error:
        raise pytest.UsageError("this needs Schemathesis: pip install 'skep[conformance]'") from error
    options = {flag.removeprefix("--skep-").replace("-", "_"): config.getoption(flag) for flag in FLAGS}
    named = {SEVERAL.get(name, name): value for name, value in options.items()}
    try:
        return asked({**named, "only": "*"})
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
