"""The options of `pytest --pyargs hivestand.conformance`, and the run behind its tests.

A packaged conftest.py cannot add options, so they come with the plugin. The suite is imported only if a URL is given,
as Schemathesis takes a while to import.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hivestand.conformance import defaults

if TYPE_CHECKING:
    from hivestand.conformance.outcome import Outcome
    from hivestand.conformance.reports.report import Report
    from hivestand.conformance.requirement import Requirement

FLAGS: dict[str, dict[str, Any]] = {
    "--hivestand-url": {
        "help": "URL that `--pyargs hivestand.conformance` checks, and that the fixture `hivestand` uses"
    },
    "--hivestand-token": {
        "default": os.environ.get("HIVESTAND_TOKEN", defaults.TOKEN),
        "help": "bearer token; also HIVESTAND_TOKEN",
    },
    "--hivestand-second-token": {"help": "token of another account"},
    "--hivestand-bad-token": {"default": defaults.BAD_TOKEN, "help": "token that the deployment refuses"},
    "--hivestand-operation": {"action": "append", "default": [], "help": "only this operation; may be repeated"},
    "--hivestand-level": {"choices": ["MUST", "SHOULD"], "default": "MUST", "help": "lowest level that fails"},
    "--hivestand-strict": {"action": "store_true", "help": "ask for the request schema"},
    "--hivestand-quick": {"action": "store_true", "help": f"at most {defaults.QUICK_BUDGET} requests"},
    "--hivestand-seed": {"type": int, "help": "of what is generated"},
    "--hivestand-rate": {"type": float, "help": "requests per second"},
    "--hivestand-max-requests": {"type": int, "help": "budget"},
    "--hivestand-timeout": {"type": float, "default": defaults.TIMEOUT, "help": "seconds to wait for a response"},
    "--hivestand-header": {"action": "append", "default": [], "help": "'K: V' for every request; may be repeated"},
    "--hivestand-ca-file": {"help": "certificates to trust"},
}
SEVERAL = {"operation": "operations", "header": "headers"}


def add_options(parser: pytest.Parser) -> None:
    """Add the options to pytest."""
    group = parser.getgroup("hivestand", "hivestand: does a deployment keep the contract?")
    for flag, settings in FLAGS.items():
        group.addoption(flag, **settings)


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Make a test of each requirement."""
    if "hivestand_requirement" not in metafunc.fixturenames:
        return
    requirements = _asked(metafunc.config)[1].requirements
    metafunc.parametrize("hivestand_requirement", requirements, ids=[each.id for each in requirements], scope="session")


@pytest.fixture(scope="session")
def hivestand_report(request: pytest.FixtureRequest) -> Report:
    """The report of one run of all selected requirements."""
    from hivestand.conformance.run import run  # noqa: PLC0415 - it is slow to import

    access, plan = _asked(request.config)
    calls = (getattr(item, "callspec", None) for item in request.session.items)
    wanted = {
        call.params["hivestand_requirement"].id for call in calls if call and "hivestand_requirement" in call.params
    }
    return run(access, replace(plan, requirements=tuple(each for each in plan.requirements if each.id in wanted)))


@pytest.fixture
def hivestand_outcomes(hivestand_requirement: Requirement, hivestand_report: Report) -> list[Outcome]:
    """The outcomes of one requirement, one for each operation."""
    return [outcome for outcome in hivestand_report.outcomes if outcome.requirement.id == hivestand_requirement.id]


def _asked(config: pytest.Config) -> Any:
    if not config.getoption("--hivestand-url"):
        raise pytest.UsageError("--hivestand-url is needed: the deployment to judge")
    try:
        from hivestand.conformance.command import asked  # noqa: PLC0415 - likewise
    except ModuleNotFoundError as error:
        from hivestand.server.extras import install_command  # noqa: PLC0415 - likewise

        said = f"{error.name} is not installed; to install it, run: {install_command('conformance')}"
        raise pytest.UsageError(said) from error
    options = {flag.removeprefix("--hivestand-").replace("-", "_"): config.getoption(flag) for flag in FLAGS}
    named = {SEVERAL.get(name, name): value for name, value in options.items()}
    try:
        return asked({**named, "only": "*"})
    except ValueError as error:
        raise pytest.UsageError(str(error)) from error
