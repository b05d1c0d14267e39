"""Connexion on OpenAPI 3.1: the one module that knows Connexion's API.

Connexion 3.3 can load, route and resolve a 3.1 document as it stands. What keeps it from doing so is its own check of
the document, pinned to the schema of 3.0 and to JSON Schema Draft 4. So here the document comes in unchecked, as
openapi-spec-validator judges it in the tests and in `hivestand openapi --lint`; and each operation is compiled with a
validator of 2020-12.

Of Connexion's middlewares only the routing is used: it reads the document, resolves each operationId to its handler and
makes a Starlette route of each path. Paths without parameters are also found in a table, by one look-up, as the router
tries the patterns of all routes in turn: 1.1 times as many requests (`scripts/bench parts`). Without the middlewares it
serves several times as many as stock Connexion (`docs/performance.md`).
"""

import difflib
import warnings
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any, Final, Protocol

from starlette.routing import Match

from hivestand.handlers.errors import Detail, MethodNotAllowed, NotFound
from hivestand.handlers.imports import parts_of, without
from hivestand.handlers.operations import OPERATIONS
from hivestand.handlers.request import JSON
from hivestand.server.examples import Examples
from hivestand.server.http.request import HttpRequest
from hivestand.server.http.response import HttpResponse
from hivestand.server.operation import OperationSpec
from hivestand.server.parameters import Parameters
from hivestand.server.strict import StrictProfile

# Connexion imports web frameworks, a test client and clients of HTTP, which is most of the time that a start takes; and
# these modules import what is for remote references, templates of documents and WSGI. Parts of jsonschema that it
# imports are going to leave that, which does not concern a program that imports this.
with (
    warnings.catch_warnings(),
    parts_of("connexion", ["connexion.middleware"]),
    without("requests", "jinja2", "werkzeug"),
):
    warnings.simplefilter("ignore")
    from connexion.middleware.routing import RoutingAPI
    from connexion.operations import OpenAPIOperation
    from connexion.resolver import Resolver
    from connexion.spec import OpenAPISpecification

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
MAX_COMPARED: Final = 100  # characters of a path that is compared with those that there are
MAX_PARTS: Final = 10  # of a path that is looked up by its beginnings
_NOT_MOCKED: Final = frozenset({"/v1/events/schema"})  # published paths that look like one that is mocked


# what a body is called that does not keep its schema, by the tag of its operation
_INVALID: Final = {
    "Sessions": "Invalid session data",
    "Events": "Invalid event data",
    "Search": "Invalid search data",
    "Traces": "Invalid trace data",
}


class Serves(Protocol):
    """An operation as the responder calls it."""

    async def serve(self, request: HttpRequest) -> HttpResponse:
        """The response to a request."""


Compile = Callable[[OperationSpec], Serves]


class OpenAPI31Specification(OpenAPISpecification):
    """A document of OpenAPI 3.1, taken as valid."""

    @classmethod
    def _validate_spec(cls, spec: dict[str, Any]) -> None:
        """Leave the judgement to a validator that knows 3.1."""


class DocumentRoutes(RoutingAPI):
    """The routes of one document; the endpoint of each is its compiled operation."""

    def __init__(self, document: dict[str, Any], base_path: str, compile_operation: Compile) -> None:
        """Compile every operation.

        Raises:
            KeyError: an operationId has no handler.
        """
        self._compile = compile_operation
        self._tags = {
            each["operationId"]: each["tags"][0]
            for path in document["paths"].values()
            for each in path.values()
            if "operationId" in each
        }
        specification = OpenAPI31Specification(document)
        super().__init__(specification, next_app=None, base_path=base_path, resolver=Resolver(OPERATIONS.__getitem__))

    @property
    def routes(self) -> list[Any]:
        """The routes, as Starlette has them, in the order of the document."""
        routes: list[Any] = self.router.routes
        return routes

    def make_operation(self, operation: OpenAPIOperation) -> Serves:
        """Compile one operation."""
        content = (operation.request_body or {}).get("content", {})
        schema = content.get(JSON, {}).get("schema")
        invalid = _INVALID.get(self._tags[operation.operation_id], "Invalid body")
        return self._compile(
            OperationSpec(
                operation.operation_id,
                operation.function,
                StrictProfile(schema, invalid) if schema else None,
                Examples(operation.responses),
                Parameters(operation.parameters),
                needs_body=bool((operation.request_body or {}).get("required")),
                is_secured=bool(operation.security),
                needs_read_role=any("read" in roles for each in operation.security or () for roles in each.values()),
                alternate_media_type=next((name.encode() for name in content if name != JSON), None),
            )
        )


class Routing:
    """The operations of several documents, by method and path.

    Attributes:
        operations: pages, and the operations of paths without parameters, by method and path.
    """

    def __init__(
        self, documents: Mapping[str, tuple[dict[str, Any], Compile]], pages: Mapping[tuple[str, str], Serves] = {}
    ) -> None:
        """Route each document under its base path, such as `/__admin`; the longest base path that fits wins.

        `pages` are in no document.
        """
        self._documents = {
            base_path: DocumentRoutes(document, base_path, compile_operation).routes
            for base_path, (document, compile_operation) in sorted(documents.items(), reverse=True)
        }
        self.operations: Mapping[tuple[str, str], Serves] = dict(pages) | {
            (method, base_path + route.path): route.endpoint
            for base_path, routes in self._documents.items()
            for route in routes
            if "{" not in route.path
            for method in route.methods or ()
        }

    def find(self, method: str, path: str) -> tuple[Serves, Mapping[str, Any]]:
        """The operation of a method and a path, and the parameters in the path.

        Raises:
            NotFound: the path is in no document.
            MethodNotAllowed: the path is there, the method is not.
        """
        base_path = next(each for each in self._documents if path.startswith(f"{each}/") or not each)
        scope = {"type": "http", "method": method, "path": path.removeprefix(base_path)}
        allowed: set[str] = {each for each in METHODS if (each, path) in self.operations}
        if allowed:  # as OpenAPI has it, a path without parameters comes before one with them
            raise _not_allowed(allowed, self._nearest(base_path, method, path))
        # the `$` of a route's pattern matches before a last newline, too
        for route in () if path in _NOT_MOCKED or path.endswith("\n") else self._documents[base_path]:
            match, child = route.matches(scope)
            if match is Match.FULL:
                return route.endpoint, child["path_params"]
            if match is Match.PARTIAL:
                allowed |= route.methods or set()
        if not allowed:
            unknown = f"hivestand does not mock {method} {path}"[:500]
            raise NotFound("Route not found", [Detail("", "route", unknown + self._nearest(base_path, method, path))])
        raise _not_allowed(allowed, self._nearest(base_path, method, path))

    def _nearest(self, base_path: str, method: str, path: str) -> str:
        """The operation that may have been meant, for an error: its path begins this one, or looks like it."""
        known = {route.path for route in self._documents[base_path] if method in (route.methods or ())}
        relative = path.removeprefix(base_path)
        parts = relative.split("/")
        beginnings = ("/".join(parts[:end]) for end in range(len(parts) - 1, 1, -1) if end < MAX_PARTS)
        similar = difflib.get_close_matches(relative, sorted(known), 1) if len(relative) <= MAX_COMPARED else []
        longer = (each for each in sorted(known) if each.startswith(f"{relative}/") and "{" not in each)
        nearest = next(chain((each for each in beginnings if each in known), longer, similar), None)
        return "" if nearest is None else f"; the nearest is {method} {base_path}{nearest}"


def _not_allowed(allowed: Iterable[str], nearest: str) -> MethodNotAllowed:
    allow = ", ".join(sorted(allowed))
    detail = Detail("", "method", f"the methods of this path are {allow}{nearest}")
    return MethodNotAllowed(f"The methods of this path: {allow}", [detail], {"Allow": allow})
