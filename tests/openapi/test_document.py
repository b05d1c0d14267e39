"""The documents themselves."""

import re
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from hivestand.conformance.links import linked
from hivestand.conformance.operations import ALIASES
from hivestand.handlers.event.normalise import FIELDS, OLDER_FIELDS
from hivestand.handlers.operations import OPERATIONS
from hivestand.openapi import DOCUMENTS, load, path_of

METHODS = {"get", "put", "post", "delete", "patch", "head", "options", "trace"}


def operations(name: str) -> dict[str, dict[str, Any]]:
    """The operations of a document by operationId."""
    paths = load(name)["paths"].values()
    return {item[method]["operationId"]: item[method] for item in paths for method in METHODS & item.keys()}


def schema(name: str) -> dict[str, Any]:
    """A schema of the mocked API, with what it refers to."""
    document = load("honeyhive")
    return {"$ref": f"#/components/schemas/{name}", "components": document["components"]}


def resolved(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """What a reference object refers to, or the value itself."""
    while "$ref" in value:
        target: Any = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        value = target
    return value


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_operation_has_a_handler(name: str) -> None:
    """And the operationIds are known to no other place."""
    assert operations(name).keys() <= OPERATIONS.keys()


def test_every_handler_has_an_operation() -> None:
    """No handler is left that nothing routes to."""
    assert OPERATIONS.keys() == {operation for name in DOCUMENTS for operation in operations(name)}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_framework_keys(name: str) -> None:
    """The documents are plain OpenAPI, for any tool."""
    assert re.findall(r"^\s*['\"]?x-", path_of(name).read_text(encoding="utf-8"), re.MULTILINE) == []


def test_no_other_document_is_found() -> None:
    """A name is a document's, not a path."""
    with pytest.raises(ValueError, match="no document named"):
        path_of("../pyproject")


def test_the_normaliser_knows_the_documented_properties() -> None:
    """All 13, and for the older operation what its clients send beside them."""
    schemas = load("honeyhive")["components"]["schemas"]
    assert len(FIELDS) == 13
    assert FIELDS == schemas["Session"]["properties"].keys()
    assert OLDER_FIELDS == schemas["OpenSession"]["properties"].keys()


@pytest.mark.parametrize("name", ["Session", "SessionEvent", "Error"])
def test_every_property_is_described(name: str) -> None:
    """With its meaning, and where there is one its unit and fallback."""
    properties = load("honeyhive")["components"]["schemas"][name]["properties"]
    assert [key for key, value in properties.items() if not value.get("description")] == []


def test_every_property_of_a_session_says_its_fallback() -> None:
    """In its own words."""
    properties = load("honeyhive")["components"]["schemas"]["Session"]["properties"]
    said = re.compile(r"[Ff]all(s )?back|Used as `event_name`|current time")
    assert [name for name, value in properties.items() if not said.search(value["description"])] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_answer_has_an_example_that_is_valid(name: str) -> None:
    """Errors included."""
    document = load(name)
    for operation in operations(name).values():
        for status, response in operation["responses"].items():
            (media,) = resolved(document, response)["content"].values()
            validator = Draft202012Validator({**media["schema"], "components": document["components"]})
            assert media["examples"], status
            for example in media["examples"].values():
                validator.validate(example["value"])


@pytest.mark.parametrize("operation_id", ["createSession", "startSessionLegacy"])
def test_every_request_has_an_example_that_is_valid(operation_id: str) -> None:
    """Under the strict profile."""
    media = operations("honeyhive")[operation_id]["requestBody"]["content"]["application/json"]
    validator = Draft202012Validator({**media["schema"], "components": load("honeyhive")["components"]})
    assert len(media["examples"]) >= 2
    for example in media["examples"].values():
        validator.validate(example["value"])


def test_an_error_example_has_the_status_that_it_stands_under() -> None:
    """The body repeats the status of the response."""
    document = load("honeyhive")
    for operation in operations("honeyhive").values():
        for status, response in operation["responses"].items():
            for example in resolved(document, response)["content"]["application/json"]["examples"].values():
                value = example["value"]
                assert (value.get("statusCode", 200) if isinstance(value, dict) else 200) == int(status)


@pytest.mark.parametrize("operation_id", ["createSession", "startSessionLegacy"])
def test_every_status_of_an_operation_is_documented(operation_id: str) -> None:
    """Those that the server gives for it, with the headers that they come with."""
    document = load("honeyhive")
    responses = operations("honeyhive")[operation_id]["responses"]
    headers = {status: set(resolved(document, response).get("headers", {})) for status, response in responses.items()}
    assert headers == {
        "200": {"Preference-Applied", "Hivestand-Fallbacks"},
        "400": {"Preference-Applied"},
        "401": {"WWW-Authenticate"},
        "408": {"Preference-Applied"},
        "413": {"Preference-Applied"},
        "415": {"Preference-Applied"},
        "503": {"Preference-Applied", "Retry-After"},
    }


def test_the_older_operation_is_deprecated() -> None:
    """And the newer one is not."""
    assert operations("honeyhive")["startSessionLegacy"]["deprecated"] is True
    assert "deprecated" not in operations("honeyhive")["createSession"]


def test_a_bearer_token_is_needed() -> None:
    """For every operation of the mocked API."""
    document = load("honeyhive")
    assert document["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    said = {name: each["security"] for name, each in operations("honeyhive").items() if "security" in each}
    older = ("readSessionLegacy", "listSessionsLegacy", "exportEventsOlder", "listProjectsLegacy")
    reading = ("getEvent", "searchEvents", "exportEventsLegacy", "readSession", *older)
    assert {name: [{"bearer": ["read"]}] for name in reading} == said


def test_an_answer_may_have_more_properties() -> None:
    """The published schema is open."""
    ids = dict.fromkeys(("event_id", "session_id", "org_id", "workspace_id", "project_id"), "x")
    assert Draft202012Validator(schema("SessionEvent")).is_valid({**ids, "more": 1})


def test_a_started_session_links_to_every_operation_that_takes_its_id() -> None:
    """Merge into it, add to it, change it, find it: all but those that take no id."""
    links = linked(load("honeyhive"))["components"]["responses"]["Started"]["links"]
    takes_none = {"createEventBatch", "createEventBatchLegacy", "exportTraces"}
    assert operations("honeyhive").keys() - takes_none - ALIASES == {link["operationId"] for link in links.values()}


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"event_id": None, "session_id": "s", "org_id": "o", "workspace_id": "w", "project_id": "p"},
        {"event_id": "e", "session_id": "s", "org_id": "o", "workspace_id": "w"},
    ],
)
def test_an_answer_without_the_five_ids_is_none(event: dict[str, Any]) -> None:
    """The published schema requires them as strings."""
    assert not Draft202012Validator(schema("SessionEvent")).is_valid(event)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_its_readers_own(name: str) -> None:
    """Who changes it changes no other's."""
    load(name)["paths"].clear()
    assert load(name)["paths"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_any_reader_of_yaml_reads_it(name: str) -> None:
    """PyYAML's own parser, too, which is stricter than libyaml, as those of Java and Go are."""
    text = path_of(name).read_text(encoding="utf-8")
    assert load(name) == yaml.load(text, Loader=yaml.SafeLoader)
    assert not re.search(r": [&*]\w", text)  # SnakeYAML reads no more than 50 aliases
