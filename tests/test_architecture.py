"""The import graph is the design's, and stays so."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT

# what each folder may import of the others
ALLOWED = {
    "openapi": set[str](),
    "handlers": {"openapi"},
    "server": {"openapi", "handlers", "conformance"},  # by the command line alone, see below
    "conformance": {"openapi"},
    "testing": {"conformance", "server"},
}
# the one module that knows each framework
ADAPTERS = {
    "connexion": {"server/routing.py"},
    "uvicorn": {"server/http/server.py"},
    "httptools": {"server/http/protocol.py"},
    "uvloop": {"server/run.py"},
    "prometheus_client": {"server/observers/metrics.py"},
    "redis": {f"handlers/store/redis/transport/{noun}.py" for noun in ("__init__", "client", "cluster", "connection")},
    "jsonschema_rs": {"server/parameters.py", "server/strict.py", "conformance/schema.py"},
    "schemathesis": {"conformance/generation.py"},
    "requests": {"conformance/target.py"},
    "pytest": {"conformance/test_conformance.py", "testing/conformance.py", "testing/fixture.py", "testing/plugin.py"},
    "rich": {"conformance/reports/terminal.py", "server/observers/terminal.py"},
    "click": {"server/cli.py"},
    "openapi_spec_validator": {"openapi/lint.py"},
    "yaml": {"openapi/document.py", "handlers/otlp/table.py"},
}


def modules() -> Iterator[tuple[Path, set[str]]]:
    """Each module of the package, and the modules that it imports."""
    for folder in ALLOWED:
        for path in sorted((ROOT / folder).rglob("*.py")):
            nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
            imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
            yield path.relative_to(ROOT), imported


def test_folders_import_what_the_design_allows() -> None:
    """Handlers know nothing of the server, and of the contract its formats; the documents know nothing at all."""
    for path, imported in modules():
        folder = path.parts[0]
        used = {name.split(".")[1] for name in imported if name.startswith("hivestand.")}
        assert used <= ALLOWED[folder] | {folder}, path


def test_each_framework_is_known_to_one_module() -> None:
    """And each is used, or it would not be a dependency."""
    users: dict[str, set[str]] = {name: set() for name in ADAPTERS}
    for path, imported in modules():
        for top in {name.partition(".")[0] for name in imported} & ADAPTERS.keys():
            users[top].add(path.as_posix())
    assert users == ADAPTERS


def test_contributing_lists_where_each_framework_is_imported() -> None:
    """So that a newcomer finds the one module to change for a new version."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = page.partition("| framework | imported by |")[2].partition("\n\n")[0]
    places = re.findall(r"`([^`]+)`", rows)
    used = {path for paths in ADAPTERS.values() for path in paths}
    assert [] == sorted(path for path in used if not any(path.startswith(place) for place in places))
    assert [] == [place for place in places if not any(path.startswith(place) for path in used)]


def test_the_server_knows_the_suite_by_its_command_alone() -> None:
    """Which imports it when it is called."""
    knowing = [
        path.as_posix() for path, imported in modules() if any("hivestand.conformance" in name for name in imported)
    ]
    assert ["server/cli.py"] == [path for path in knowing if not path.startswith(("conformance/", "testing/"))]


def imports() -> dict[str, set[str]]:
    """Each module of ours by its dotted name, and the modules of ours that it imports, at any place in it."""
    named = {f"hivestand.{'.'.join(path.with_suffix('').parts)}": imported for path, imported in modules()}
    return {
        name.removesuffix(".__init__"): {each for each in imported if each.startswith("hivestand.")}
        for name, imported in named.items()
    }


def test_no_module_imports_itself_by_others() -> None:
    """An import graph without circles can be read from one end to the other, whatever is imported late included."""
    graph = {name: {each for each in imported if each != name} for name, imported in imports().items()}
    left = dict(graph)
    while leaves := {name for name, imported in left.items() if not imported & left.keys()}:
        left = {name: imported for name, imported in left.items() if name not in leaves}
    assert {} == left


@pytest.mark.parametrize(
    ("room", "unknown"),
    [
        ("hivestand.handlers.event", "hivestand.handlers.store"),
        ("hivestand.handlers.event", "hivestand.handlers.api"),
        ("hivestand.handlers.otlp", "hivestand.handlers.store"),
        ("hivestand.handlers.api", "hivestand.handlers.store.redis"),
        ("hivestand.handlers.admin", "hivestand.handlers.store.redis"),
        ("hivestand.handlers.store.memory", "hivestand.handlers.store.redis"),
        ("hivestand.handlers.store.redis", "hivestand.handlers.store.memory"),
        ("hivestand.conformance.reports", "schemathesis"),
        ("hivestand.conformance.reports", "hivestand.conformance.generation"),
        ("hivestand.conformance.reports", "hivestand.conformance.run"),
    ],
)
def test_rooms_do_not_know_what_is_behind_them(room: str, unknown: str) -> None:
    """The domain knows no store, an operation no Redis, a report not how its run was made."""
    named = {f"hivestand.{'.'.join(path.with_suffix('').parts)}": imported for path, imported in modules()}
    inside = {name: imported for name, imported in named.items() if name.startswith(f"{room}.")}
    assert inside
    for name, imported in inside.items():
        assert not [each for each in imported if each == unknown or each.startswith(f"{unknown}.")], name


def test_handlers_know_no_http_framework() -> None:
    """Neither Connexion nor Starlette nor uvicorn."""
    for path, imported in modules():
        if path.parts[0] == "handlers":
            assert not {name.partition(".")[0] for name in imported} & {"connexion", "starlette", "uvicorn"}, path


def test_every_folder_is_packaged() -> None:
    """As `hivestand.<folder>`, each room in it too, with its types."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {f"hivestand.{folder}": folder for folder in ALLOWED} == project["tool"]["setuptools"]["package-dir"]
    packages = {".".join(("hivestand", *path.parent.parts)) for path, _ in modules()}
    assert packages == set(project["tool"]["setuptools"]["packages"])
    assert all((ROOT / folder / "py.typed").exists() for folder in ALLOWED)


@pytest.mark.parametrize("blocked", [["connexion", "starlette", "uvicorn", "jsonschema_rs"]])
def test_handlers_run_their_tests_without_connexion(blocked: list[str]) -> None:
    """In a process in which the frameworks of the server cannot be imported."""
    block = "".join(f"sys.modules[{name!r}] = None; " for name in blocked)
    arguments = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:schemathesis",
        "-k",
        "not redis",
        "tests/handlers/api",
    ]
    code = f"import sys; {block}import pytest; sys.exit(pytest.main({arguments!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
