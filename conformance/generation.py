"""Requests that nobody thought of, by Schemathesis: the one module that knows its API.

Its phases (examples, coverage, fuzzing, and stateful along the document's links) make the requests up; what is judged,
and how, is the caller's: each answer is handed to it, and what it objects to is shrunk to the smallest request that
shows it.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import schemathesis
from schemathesis import Case, CheckContext, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema

from skep.conformance.exchange import Exchange, Request
from skep.conformance.exchange import Response as Answer
from skep.conformance.target import Access, Inconclusive

Judge = Callable[[Exchange], str | None]
_CHECK: Final = "skep"
_judges: list[tuple[Judge, list[Inconclusive]]] = []


@schemathesis.check
def skep(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """Hand an answer to whoever judges; what it objects to is a failure, which Schemathesis shrinks."""
    for judge, stops in _judges[-1:]:
        try:
            objection = judge(_exchange(response, case))
        except Inconclusive as error:
            stops.append(error)
            raise KeyboardInterrupt from error  # the one thing that stops the engine at once
        if objection is not None:
            raise AssertionError(objection)


def generate(document: Mapping[str, Any], access: Access, judge: Judge, *, seed: int, examples: int) -> None:
    """Send generated requests to each operation of a document, and hand every answer to `judge`.

    `judge` gives what is wrong with an answer, or None; `examples` is how many the fuzzing and stateful phases make up.

    Raises:
        Inconclusive: the judge did, and nothing was sent since.
    """
    schema = schemathesis.openapi.from_dict(dict(document), config=_config(access, seed, examples))
    stops: list[Inconclusive] = []
    _judges.append((judge, stops))
    try:
        for _ in from_schema(schema).execute():
            pass  # its own view of the run is nobody's verdict here
    finally:
        _judges.pop()
    for stop in stops[:1]:
        raise stop


def _config(access: Access, seed: int, examples: int) -> SchemathesisConfig:
    """Explicit in everything: an ambient configuration file is not read, and tokens are tried elsewhere."""
    settings: dict[str, Any] = {
        "seed": seed,
        "base-url": access.url,
        "headers": {**access.headers, "Authorization": f"Bearer {access.tokens['first']}"},
        "request-timeout": access.timeout,
        "tls-verify": access.ca_file or True,
        "continue-on-failure": True,
        "suppress-health-check": ["all"],
        "generation": {"max-examples": examples, "with-security-parameters": False, "database": "none"},
        "checks": {"enabled": False, _CHECK: {"enabled": True}},
    }
    if access.rate:
        settings["rate-limit"] = f"{max(1, int(access.rate))}/s"
    return SchemathesisConfig.from_dict(settings)


def _exchange(response: Response, case: Case[Any]) -> Exchange:
    sent = response.request
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body
    headers = {name: value for name, value in sent.headers.items() if name.lower() in {"content-type", "prefer"}}
    request = Request(case.operation.definition.raw["operationId"], sent.path_url, body, sent.method or "POST", headers)
    fields = {name.lower(): values[-1] for name, values in response.headers.items()}
    ended = time.time()
    return Exchange(request, Answer(response.status_code, fields, response.content, ended - response.elapsed, ended))
