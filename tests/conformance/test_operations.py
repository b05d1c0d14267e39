"""What the suite reads of the operations from the document."""

import json
from random import Random

import pytest
from support import Running

from hivestand.conformance import api as api_module
from hivestand.conformance import operations
from hivestand.conformance.api import Api
from hivestand.conformance.operations import ALL, ROUTES, WITH_BODY, Route, example_of
from hivestand.conformance.schema import violations
from hivestand.conformance.target import Target, TargetAccess


@pytest.mark.parametrize("operation", [name for name in WITH_BODY if name != "exportTraces"])
def test_an_example_is_a_request_that_is_accepted(operation: str) -> None:
    """It is sent to an operation that the suite knows nothing else of."""
    assert isinstance(example_of(operation), dict)
    assert not violations(operation, example_of(operation))


def test_what_takes_no_body_has_no_example() -> None:
    """Of the operations that read by GET."""
    assert {None} == {example_of(name) for name in ALL if ROUTES[name].method == "GET"}


def test_an_operation_that_is_new_in_the_document_is_sent_its_example(
    memory_server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a change to the suite."""
    path, example = "/v1/events/lookup", {"event_id": "an id"}
    described = {"requestBody": {"content": {"application/json": {"examples": {"one": {"value": example}}}}}}
    monkeypatch.setitem(ROUTES, "lookupEvent", Route("POST", path, reads=False))
    monkeypatch.setitem(api_module.PATHS, "lookupEvent", path)
    monkeypatch.setitem(operations._OPERATIONS, "lookupEvent", (path, "post", described))  # noqa: SLF001 - the document
    access = TargetAccess(memory_server.url, {"first": "lookup", "bad": "invalid"})
    api = Api(Target(access), "run", Random(1), {}, quick=False)  # noqa: S311 - ids are no secrets
    request = api.sample("lookupEvent")
    assert ("POST", path, example) == (request.method, request.path, json.loads(request.body or b""))
