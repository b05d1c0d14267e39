"""Generated requests, by Schemathesis: the only module that knows its API.

Its phases (examples, coverage, fuzzing, and stateful along the document's links) make requests; the caller judges. Each
exchange goes to the judge, and Schemathesis shrinks an objection to the smallest request that shows it.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from hivestand.conformance.exchange import Exchange, ReceivedResponse, SentRequest
from hivestand.conformance.links import linked
from hivestand.conformance.target import MAX_SILENT_REQUESTS, Inconclusive, TargetAccess, date_of
from hivestand.openapi import load
from hivestand.openapi.formats import UUID

Judge = Callable[[Exchange], str | None]
Mark = Callable[[str, Any], Any]
_CHECK: Final = "hivestand"
NO_PHASE: Final = {"enabled": False}
BESIDE_LINKS: Final = ("examples", "coverage", "fuzzing")
_UUID: Final = re.compile(UUID)
_judges: list[tuple[Judge, list[Inconclusive]]] = []
_marks: list[Mark] = []


class _EngineStop(KeyboardInterrupt):
    """Ends the engine at once: it catches this base class, and shrinks or repeats nothing, as with its own stops."""


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], **_kwargs: Any) -> None:
    """Put the run's mark into a generated request before it is sent, if the run marks what it creates."""
    for mark in _marks[-1:]:
        case.body = mark(_operation(case), case.body)


@schemathesis.check
def hivestand(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """Hand a response to the judge; an objection is a failure, which Schemathesis shrinks."""
    for judge, stops in _judges[-1:]:
        try:
            objection = judge(_exchange(response, case))
        except Inconclusive as error:
            stops.append(error)
            raise _EngineStop from error
        if objection is not None:
            raise AssertionError(objection)


class Cases(NamedTuple):
    """What to generate.

    Attributes:
        new_id: makes the ids in the document's examples.
        operations: the operations to send requests to.
        seed: the seed of chance.
        examples: requests in a phase.
        roots: operations at which links may begin, without requests of their own.
        is_brief: whether to leave out the phase that tries each property with many values.
        mark: returns the body of an operation with the run's mark; None for no marks.
    """

    new_id: Callable[[], str]
    operations: Sequence[str]
    seed: int
    examples: int
    roots: Sequence[str] = ()
    is_brief: bool = False
    mark: Mark | None = None


def generate(access: TargetAccess, judge: Judge, cases: Cases) -> None:
    """Send generated requests and hand every exchange to `judge`, which returns an objection or None.

    Raises:
        Inconclusive: the judge did, or there were no responses; nothing was sent since.
    """
    schema = schemathesis.openapi.from_dict(_document(cases), config=_config(access, cases))
    stops: list[Inconclusive] = []
    _judges.append((judge, stops))
    _marks.append(cases.mark or (lambda _, body: body))
    try:
        errors = _run(schema)
    finally:
        _judges.pop()
        _marks.pop()
    for stop in stops[:1]:
        raise stop
    if errors:
        raise Inconclusive(f"{len(errors)} generated requests had no response, such as: {errors[0]}")


def _run(schema: Any) -> list[str]:
    """Run the engine; returns its errors, and stops it after several."""
    errors: list[str] = []
    stream = from_schema(schema).execute()
    for event in stream:  # the engine's own verdicts are not used
        if isinstance(event, events.NonFatalError):
            errors.append(" ".join(str(event.value).split())[:200] or type(event.value).__name__)
        elif isinstance(event, events.FatalError):
            errors.append(" ".join(str(event.exception).split())[:200])
        if len(errors) >= MAX_SILENT_REQUESTS:
            stream.stop()
    return errors


def _document(cases: Cases) -> dict[str, Any]:
    """The contract without the `Prefer` header, which the run sends itself, and with new ids in its examples."""
    new_id, known = cases.new_id, {*cases.operations, *cases.roots}
    ids: dict[str, str] = {}
    document = linked(load("honeyhive"))
    for path in document["paths"].values():
        for method, operation in list(path.items()):
            operation["parameters"] = [each for each in operation["parameters"] if not each["$ref"].endswith("/Prefer")]
            if operation["operationId"] not in known:
                del path[method]
    for links in (
        response["links"] for response in document["components"]["responses"].values() if "links" in response
    ):
        for name in [name for name, link in links.items() if link["operationId"] not in known]:
            del links[name]
    fresh: dict[str, Any] = _with_ids(document, lambda old: ids.setdefault(old, new_id()))
    return fresh


def _with_ids(value: Any, new: Callable[[str], str]) -> Any:
    """A JSON value in which every id is replaced by a new one."""
    if isinstance(value, Mapping):
        return {name: _with_ids(each, new) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_ids(each, new) for each in value]
    return _UUID.sub(lambda match: new(match[0]), value) if isinstance(value, str) else value


def _config(access: TargetAccess, cases: Cases) -> SchemathesisConfig:
    """The configuration of Schemathesis, all of it explicit, so that no file of the user's changes a run."""
    settings: dict[str, Any] = {
        "seed": cases.seed,
        "base-url": access.url,
        "headers": {**access.headers, "Authorization": f"Bearer {access.tokens['first']}"},
        "request-timeout": access.timeout,
        "tls-verify": access.ca_file or True,
        "continue-on-failure": True,
        "suppress-health-check": ["all"],
        "generation": {"max-examples": cases.examples, "with-security-parameters": False, "database": "none"},
        "checks": {"enabled": False, _CHECK: {"enabled": True}},
    }
    if cases.is_brief:
        settings["phases"] = {"coverage": NO_PHASE}
    if cases.roots:
        roots = {"include-operation-id": list(cases.roots), "phases": dict.fromkeys(BESIDE_LINKS, NO_PHASE)}
        settings["operations"] = [roots]
    if access.rate:
        settings["rate-limit"] = f"{max(1, int(access.rate))}/s"
    return SchemathesisConfig.from_dict(settings)


def _operation(case: Case[Any]) -> str:
    return str(case.operation.definition.raw["operationId"])


def _exchange(response: Response, case: Case[Any]) -> Exchange:
    sent = response.request
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body
    headers = {name: value for name, value in sent.headers.items() if name.lower() in {"content-type", "prefer"}}
    request = SentRequest(_operation(case), sent.path_url, body, sent.method or "POST", headers)
    fields = {name.lower(): values[-1] for name, values in response.headers.items()}
    ended = time.time()
    clock = date_of(fields)
    return Exchange(
        request,
        ReceivedResponse(response.status_code, fields, response.content, ended - response.elapsed, ended, clock),
    )
