"""Connexion on OpenAPI 3.1: the one module that knows Connexion's API.

Connexion 3.3 can load, route and resolve a 3.1 document as it stands. What keeps it from doing so is its own check of
the document, pinned to the schema of 3.0 and to JSON Schema Draft 4. So here the document comes in unchecked, as
openapi-spec-validator judges it in the tests and in `hivestand openapi --lint`; and each operation is spec with a
validator of 2020-12.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

with warnings.catch_warnings():
    # connexion imports starlette's test client, which warns its users about its next dependency
    warnings.filterwarnings("ignore", message=".*starlette.testclient.*")
    from connexion.middleware import ConnexionMiddleware
    from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware
    from connexion.middleware.main import API
    from connexion.middleware.routing import RoutingMiddleware
from connexion.operations import OpenAPIOperation
from connexion.resolver import Resolver
from connexion.spec import OpenAPISpecification
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from hivestand.handlers.errors import Detail, MethodNotAllowed, NotFound
from hivestand.handlers.operations import OPERATIONS
from hivestand.server.examples import Examples
from hivestand.server.fixed_paths import FixedPaths
from hivestand.server.operation import OperationSpec
from hivestand.server.parameters import Parameters
from hivestand.server.strict import StrictProfile

Serve = Callable[[OperationSpec], ASGIApp]

_JSON = "application/json"
_NOT_MOCKED = frozenset({"/v1/events/schema"})  # published paths that look like one that is mocked


class OpenAPI31Specification(OpenAPISpecification):
    """A document of OpenAPI 3.1, taken as valid."""

    @classmethod
    def _validate_spec(cls, spec: dict[str, Any]) -> None:
        """Leave the judgement to a validator that knows 3.1."""


class Routing(RoutingMiddleware):
    """Connexion's routing by path and method, without redirects and with every method of a path in `Allow`."""

    def add_api(self, specification: OpenAPISpecification, **options: Any) -> None:
        """Add the paths of a document."""
        super().add_api(specification, **options)
        for router in (self.router, *(mount.app for mount in self.router.routes)):
            router.redirect_slashes = False  # the API has no such redirects: another path is another route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route a request to its operation.

        Raises:
            MethodNotAllowed: the path is there, the method is not.
            NotFound: the path is in no document.
        """
        if scope["path"] in _NOT_MOCKED:
            raise _not_found(scope)
        try:
            await super().__call__(scope, receive, send)
        except HTTPException:
            if scope["path"].endswith("\n"):  # the `$` of a router's pattern matches before a last newline too
                raise _not_found(scope) from None
            allow = ", ".join(sorted(self._methods(scope)))
            raise MethodNotAllowed(f"The methods of this path: {allow}", headers={"Allow": allow}) from None

    def _methods(self, scope: Scope) -> set[str]:
        """Those of every route that the path may be one of: `/v1/events/batch` looks like an event's, too."""
        mount = next(mount for mount in self.router.routes if scope["route"] in mount.app.routes)
        path = scope["path"].removeprefix(mount.path)
        return {method for route in mount.app.routes if route.path_regex.match(path) for method in route.methods}


class OperationsAPI(RoutedAPI[ASGIApp]):
    """The operations of one document."""

    def __init__(self, specification: OpenAPISpecification, *, serve: Serve, fixed: FixedPaths, **options: Any) -> None:
        """Compile every operation."""
        super().__init__(specification, **options)
        self._serve = serve
        self._fixed = fixed
        self.add_paths()

    def make_operation(self, operation: OpenAPIOperation) -> ASGIApp:
        """Compile one operation."""
        content = (operation.request_body or {}).get("content", {})
        schema = content.get(_JSON, {}).get("schema")
        served = self._serve(
            OperationSpec(
                operation.operation_id,
                operation.function,
                StrictProfile(schema, _invalid(schema)) if schema else None,
                Examples(operation.responses),
                Parameters(operation.parameters),
                needs_body=bool((operation.request_body or {}).get("required")),
                secured=bool(operation.security),
                reads=any("read" in roles for each in operation.security or () for roles in each.values()),
                binary=next((name.encode() for name in content if name != _JSON), None),
            )
        )
        self._fixed.add(operation.method.upper(), self.base_path + operation.path, served)
        return served


class Operations(RoutedMiddleware[OperationsAPI]):
    """Every operation of every document, found by the operationId that the routing left in the scope."""

    api_cls = OperationsAPI

    def __init__(self, serve: Mapping[str, Serve], fixed: FixedPaths) -> None:
        """Serve the operations of a document as it is said for its base path, and tell `fixed` of them."""
        super().__init__(_refuse)
        self._serve = serve
        self._fixed = fixed

    def add_api(self, specification: OpenAPISpecification, *, base_path: str, **options: Any) -> OperationsAPI:
        """Add the operations of a document."""
        serve = self._serve[base_path]
        api: OperationsAPI = super().add_api(
            specification, base_path=base_path, serve=serve, fixed=self._fixed, **options
        )
        return api


class Connexion(ConnexionMiddleware):
    """Connexion with routing alone, built at once, for documents of OpenAPI 3.1."""

    def __init__(self, documents: Mapping[str, tuple[dict[str, Any], Serve]]) -> None:
        """Serve each document under its base path, such as `/__admin`, in the way that stands beside it."""
        self._fixed = FixedPaths()
        operations = Operations({base_path: serve for base_path, (_, serve) in documents.items()}, self._fixed)
        super().__init__(operations, middlewares=[Routing], resolver=Resolver(OPERATIONS.__getitem__))
        for base_path, (document, _) in documents.items():
            self.apis.append(API(OpenAPI31Specification(document), base_path=base_path, **vars(self.options)))
        self.app, self.middleware_stack = self._build_middleware_stack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        operation = self._fixed.find(scope["method"], scope["path"])
        await (operation or super().__call__)(scope, receive, send)


def _invalid(schema: Mapping[str, Any]) -> str:
    """What a body is called that does not keep the schema."""
    return f"Invalid {schema['title'].lower()} data" if "title" in schema else "Invalid body"


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - an ASGI application
    """Answer for every path that is in no document."""
    raise _not_found(scope)


def _not_found(scope: Scope) -> NotFound:
    detail = Detail("", "route", f"hivestand does not mock {scope['method']} {scope['path']}"[:500])
    return NotFound("Route not found", [detail])
