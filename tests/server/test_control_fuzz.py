"""The admin API, fuzzed by Schemathesis from its own document: documented responses, valid under their schemas."""

from typing import Any

import pytest
import schemathesis
from asgi import as_asgi
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from support import TOKEN

from hivestand.handlers.store.schemes import store_for
from hivestand.openapi import load
from hivestand.server.app import build
from hivestand.server.settings import Settings

SCHEMA = schemathesis.openapi.from_dict(load("control"))
SCHEMA.app = as_asgi(build(Settings(), store_for("memory://")))
FOUND: list[Any] = list(SCHEMA.get_all_operations())
OPERATIONS = {each.ok().definition.raw["operationId"]: each.ok() for each in FOUND}
CHECKED: list[Any] = [
    CHECKS.get_one(f"{name}_conformance") for name in ("status_code", "content_type", "response_schema")
]


def takes_anything(operation: Any) -> bool:
    """Whether there is something that could be wrong."""
    return bool({"parameters", "requestBody"} & operation.definition.raw.keys())


NEEDS_AN_ID = {"getMapping", "getRequest", "getSession", "disarmFault"}  # of something that is there
OF_THE_ADMIN = {"getMetrics", "listReports", "getReport"}

CASES = [(name, GenerationMode.POSITIVE) for name in OPERATIONS]
CASES += [(name, GenerationMode.NEGATIVE) for name, each in OPERATIONS.items() if takes_anything(each)]


@pytest.mark.parametrize(("name", "mode"), CASES)
def test_every_answer_is_documented(name: str, mode: GenerationMode) -> None:
    """With the token of a tenant, whatever the parameters and the body are; none is a fault of the server's own."""
    seen = set[int]()

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=OPERATIONS[name].as_strategy(generation_mode=mode))
    def respond(case: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {TOKEN}"}
        response = case.call_and_validate(checks=CHECKED, base_url="http://localhost/__admin")
        seen.add(response.status_code)

    respond()
    assert seen
    assert not {status for status in seen if status >= 500}
    if mode is GenerationMode.POSITIVE and name not in NEEDS_AN_ID | OF_THE_ADMIN:
        assert seen & {200, 201}
