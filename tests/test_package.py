"""What users get: the wheel."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support import ROOT

FIXTURE_TEST = """
import json
import urllib.request


def test_it(hivestand):
    headers = {"Authorization": f"Bearer {hivestand.token}", "Content-Type": "application/json"}
    body = json.dumps({"session_name": "nightly"}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{hivestand.url}/v1/sessions", body, headers)) as response:
        assert response.status == 200
    hivestand.assert_seen("createSession", times=1, body={"session_name": "nightly"})
"""
FOLDERS = ("conformance", "openapi", "handlers", "server", "testing")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from a copy of what it is made of."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source)]
    subprocess.run(command, check=True)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_it_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Every module, document, type marker and file of the console; no test, no script."""
    expected = {
        f"hivestand/{path.relative_to(ROOT).as_posix()}"
        for folder in FOLDERS
        for pattern in ("*.py", "*.yaml", "*.schema.json", "py.typed", "*.css", "*.js", "static/*.*", "static/vendor/*")
        for path in (ROOT / folder).rglob(pattern)
    }
    assert expected == {name for name in wheel.namelist() if ".dist-info/" not in name}


def test_it_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    """Its licence, its Python, and the versions that were tried."""
    metadata = next(wheel.read(name).decode() for name in wheel.namelist() if name.endswith("METADATA"))
    for line in ("License-Expression: MIT AND Apache-2.0", "License-File: LICENSE", "Requires-Python: >=3.11"):
        assert line in metadata.splitlines()
    for version in ("3.11", "3.12", "3.13"):
        assert f"Classifier: Programming Language :: Python :: {version}" in metadata


def test_it_installs_the_command(wheel: zipfile.ZipFile) -> None:
    """`hivestand`."""
    scripts = next(wheel.read(name).decode() for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "hivestand = hivestand.server.cli:main" in scripts


def test_documents_and_package_have_one_version(wheel: zipfile.ZipFile) -> None:
    """Which a test has to know, as each is written down once."""
    version = Path(wheel.filename or "").name.split("-")[1]
    for document in ("honeyhive", "control"):
        assert f"\n  version: {version}\n" in wheel.read(f"hivestand/openapi/{document}.yaml").decode()
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, wheel: zipfile.ZipFile) -> Path:
    """A project of a user's: an environment of its own, with the wheel and pytest."""
    folder = tmp_path_factory.mktemp("project")
    subprocess.run(
        [ROOT / "scripts" / "venv", folder / ".venv"], check=True, env={**os.environ, "PYTHON": sys.executable}
    )
    install(folder, wheel.filename or "", "pytest")
    return folder


def install(project: Path, *what: str) -> None:
    """Install something into a project's environment."""
    subprocess.run([str(project / ".venv/bin/pip"), "install", "--quiet", *what], check=True, timeout=300)


def hivestand(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command that was installed."""
    command = [str(project / ".venv/bin/hivestand"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_fixture_works_where_every_warning_is_an_error(project: Path) -> None:
    """What Connexion's imports warn of is not the business of a user's tests."""
    (project / "test_it.py").write_text(FIXTURE_TEST, encoding="utf-8")
    command = [str(project / ".venv/bin/python"), "-m", "pytest", "-q", "-W", "error", "test_it.py"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120, check=False)
    assert "1 passed" in done.stdout, done.stdout


def test_what_is_missing_says_the_command_that_brings_it(project: Path) -> None:
    """In one line, with exit status 3; pasted into a shell, the command works."""
    for arguments in (("check", "http://127.0.0.1:1"), ("openapi", "--lint")):
        missing = hivestand(project, *arguments)
        assert (3, 1) == (missing.returncode, missing.stderr.count("\n")), missing.stderr
        assert " is not installed; to install it, run: " in missing.stderr
    command = missing.stderr.partition("run: ")[2]
    subprocess.run(["sh", "-c", command], check=True, capture_output=True, timeout=300)
    assert "SES-ANS-01" in hivestand(project, "check", "--list").stdout
    assert "honeyhive.yaml is valid OpenAPI 3.1\n" == hivestand(project, "openapi", "--lint").stdout
