"""The documents are for everybody's tools: five generators leave nothing out, and their clients are served."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from node import PATH, found, node
from support import TOKEN, Running, running

from hivestand.openapi import DOCUMENTS, load, path_of

PROGRAMS = Path(__file__).parent / "generated"
# the client itself is the generator's template, whatever the document
MYPY = """
[mypy]
[mypy-generated_honeyhive.client,generated_control.client]
ignore_errors = True
"""
OVERRIDES = {"content_type_overrides": {"application/x-protobuf": "application/octet-stream"}}


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """A server on the memory store."""
    with running() as started:
        yield started


def run(*command: str | Path, cwd: Path, **env: str) -> str:
    """Run a command to its end; returns what it has printed."""
    ended = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, "PATH": PATH, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-5000:]
    return ended.stdout


def operation_ids(document: str) -> set[str]:
    """The operations of a document."""
    return {each["operationId"] for path in load(document)["paths"].values() for each in path.values()}


def snake(name: str) -> str:
    """A name as Python spells it."""
    return re.sub("([A-Z])", r"_\1", name).lower()


@pytest.fixture(scope="module")
def python_clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clients of openapi-python-client and openapi-generator, from both documents, in one folder."""
    folder = tmp_path_factory.mktemp("python")
    config = folder / "config.json"
    config.write_text(json.dumps(OVERRIDES), encoding="utf-8")
    scripts = Path(sys.executable).parent
    for document in DOCUMENTS:
        told = run(
            *(scripts / "openapi-python-client", "generate", "--meta", "none", "--config", config, "--overwrite"),
            *("--path", path_of(document), "--output-path", folder / f"generated_{document}"),
            cwd=folder,
        )
        assert "will not be generated" not in told
        assert "WARNING" not in told, told
        generator = scripts / "openapi-generator-cli"
        output = folder / f"openapi-{document}"
        named = f"openapi_{document}"
        run(
            *(generator, "generate", "-g", "python", "-i", path_of(document), "-o", output, "--package-name", named),
            cwd=folder,
        )
        shutil.copytree(output / named, folder / named)
    return folder


@pytest.mark.parametrize("document", DOCUMENTS)
def test_python_clients_leave_nothing_out(python_clients: Path, document: str) -> None:
    """Every operation is a module of the one, and a method of the other."""
    modules = {path.stem for path in (python_clients / f"generated_{document}" / "api").rglob("*.py")}
    assert {snake(name) for name in operation_ids(document)} <= modules
    apis = (python_clients / f"openapi_{document}" / "api").glob("*_api.py")
    texts = "".join(path.read_text(encoding="utf-8") for path in apis)
    methods = set(re.findall(r"^    def (\w+)\(", texts, re.MULTILINE))
    assert {snake(name) for name in operation_ids(document)} <= methods


def test_python_clients_are_typed_and_served(python_clients: Path, server: Running) -> None:
    """The one that has types passes mypy; a session, an event and a search by both."""
    packages = [argument for name in DOCUMENTS for argument in ("-p", f"generated_{name}")]
    (python_clients / "mypy.ini").write_text(MYPY, encoding="utf-8")
    run(sys.executable, "-m", "mypy", "--config-file", "mypy.ini", *packages, cwd=python_clients)
    command = (sys.executable, PROGRAMS / "main.py", server.url, f"{TOKEN}-python")
    told = run(*command, cwd=python_clients, PYTHONPATH=str(python_clients))
    assert "all clients were served" in told


@pytest.fixture(scope="module")
def typescript_clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clients of orval, @hey-api/openapi-ts and openapi-typescript, from both documents, in one folder."""
    folder = tmp_path_factory.getbasetemp().parent / "generated-typescript"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for file in PROGRAMS.iterdir():
            if file.is_file():
                shutil.copy(file, folder)
        if not (folder / "node_modules").exists():
            run(found("npm"), "install", "--ignore-scripts", "--silent", "--no-fund", "--no-audit", cwd=folder)
        binaries = folder / "node_modules" / ".bin"
        orval = {
            name: {
                "input": str(path_of(name)),
                "output": {"target": f"./orval/{name}.ts", "client": "fetch", "baseUrl": base},
            }
            for name, base in (("honeyhive", ""), ("control", "/__admin"))
        }
        (folder / "orval.config.cjs").write_text(f"module.exports = {json.dumps(orval)}", encoding="utf-8")
        run(binaries / "orval", "--config", "orval.config.cjs", cwd=folder)
        for name in DOCUMENTS:
            source = path_of(name)
            run(binaries / "openapi-ts", "-i", source, "-o", f"hey/{name}", "-c", "@hey-api/client-fetch", cwd=folder)
            run(binaries / "openapi-typescript", source, "-o", f"types/{name}.ts", cwd=folder)
    return folder


@pytest.mark.parametrize("document", DOCUMENTS)
def test_typescript_clients_leave_nothing_out(typescript_clients: Path, document: str) -> None:
    """Every operation is a function, and no property can hold nothing."""
    for file in (f"orval/{document}.ts", f"hey/{document}/sdk.gen.ts"):
        text = (typescript_clients / file).read_text(encoding="utf-8")
        assert operation_ids(document) <= set(re.findall(r"^export const (\w+)", text, re.MULTILINE)), file
    types = (typescript_clients / "types" / f"{document}.ts").read_text(encoding="utf-8")
    assert not re.search(r"^ +\w+\??: Record<string, never>", types, re.MULTILINE)


def test_typescript_clients_are_typed_and_served(typescript_clients: Path, server: Running) -> None:
    """All of it compiles under `strict`; a session, an event and a search by each."""
    run(typescript_clients / "node_modules" / ".bin" / "tsc", "--skipLibCheck", cwd=typescript_clients)
    told = node(typescript_clients, "out/main.js", server.url, f"{TOKEN}-ts")
    assert told.returncode == 0, told.stderr
    assert "all clients were served" in told.stdout
