"""Paths without parameters, in place of Connexion's router: one look into a dict for the path and the method.

The router tries the patterns of all routes in turn, of mounts within mounts, and copies the scope for each. What it
would find does not depend on the request where a path is all letters, so that is found at start-up.
"""

from starlette.types import ASGIApp


class FixedPaths:
    """The operations by method and path."""

    def __init__(self) -> None:
        """Know no operation yet."""
        self._operations: dict[tuple[str, str], ASGIApp] = {}

    def add(self, method: str, path: str, operation: ASGIApp) -> None:
        """Know an operation, unless its path has parameters."""
        if "{" not in path:
            self._operations[method, path] = operation

    def find(self, method: str, path: str) -> ASGIApp | None:
        """The operation of that method and path; None if the router has to look."""
        return self._operations.get((method, path))
