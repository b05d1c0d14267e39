"""The control API, fuzzed by Schemathesis from its own document: documented answers, valid under their schemas."""

from collections import defaultdict
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS
from support import TOKEN

from skep.handlers.operations import OPERATIONS
from skep.handlers.store import store_for
from skep.openapi import load
from skep.server.app import build
from skep.server.settings import Settings

APPLICATION = build(Settings(), store_for("memory://"))
SCHEMA = schemathesis.openapi.from_dict(load("control"))
SCHEMA.app = APPLICATION
API = load("control")["components"]["schemas"]["OperationId"]["enum"]
SEEN: defaultdict[str, set[int]] = defaultdict(set)
PROVEN = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


@SCHEMA.parametrize()
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
def test_every_answer_is_documented(case: Any) -> None:
    """With the token of a tenant, whatever the parameters and the body are."""
    case.headers = {**(case.headers or {}), "Authorization": f"Bearer {TOKEN}"}
    checks = [CHECKS.get_one(name) for name in PROVEN]
    response = case.call_and_validate(checks=checks, base_url="http://localhost/__admin")
    SEEN[case.operation.definition.raw["operationId"]].add(response.status_code)


def test_it_was_tried() -> None:
    """Each operation was reached, most did what they are for, and many requests were refused."""
    done = {name for name, statuses in SEEN.items() if statuses & {200, 201}}
    assert {name for name in OPERATIONS if name not in API} == SEEN.keys()
    assert SEEN.keys() - done <= {"getRequest", "getSession", "disarmFault", "getMetrics"}
    assert len([name for name, statuses in SEEN.items() if statuses & {400, 404}]) > len(SEEN) / 2
