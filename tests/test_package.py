"""What users get: the wheel."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support import ROOT

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
    """Every module, document and type marker; no test, no script."""
    expected = {
        f"hivestand/{path.relative_to(ROOT).as_posix()}"
        for folder in FOLDERS
        for pattern in ("*.py", "*.yaml", "*.schema.json", "py.typed")
        for path in (ROOT / folder).rglob(pattern)
    }
    assert expected == {name for name in wheel.namelist() if ".dist-info/" not in name}


def test_it_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    """Its licence, its Python, and the versions that were tried."""
    metadata = next(wheel.read(name).decode() for name in wheel.namelist() if name.endswith("METADATA"))
    for line in ("License-Expression: MIT", "License-File: LICENSE", "Requires-Python: >=3.11"):
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
