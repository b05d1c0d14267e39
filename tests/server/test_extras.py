"""The command that brings a missing extra, for each way in which a copy can be installed (PEP 610)."""

import json
import shlex
import sys
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from hivestand.server.extras import install_command

METADATA = """Metadata-Version: 2.4
Name: hivestand
Version: 0.1.0
Requires-Dist: click>=8.2
Provides-Extra: conformance
Requires-Dist: schemathesis==4.32.5; extra == "conformance"
Requires-Dist: openapi-spec-validator>=0.9; extra == "conformance"
Requires-Dist: pytest>=8; extra == "dev"
"""
VCS = {"vcs": "git", "commit_id": "0123abcd"}
PIP = f"{sys.executable} -m pip install"


def installed(folder: Path, origin: Any = None, installer: str = "pip") -> Distribution:
    """A copy that was installed from there."""
    information = folder / "hivestand-0.1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(METADATA, encoding="utf-8")
    (information / "INSTALLER").write_text(f"{installer}\n", encoding="utf-8")
    if origin is not None:
        (information / "direct_url.json").write_text(json.dumps(origin), encoding="utf-8")
    return Distribution.at(information)


def test_from_an_index(tmp_path: Path) -> None:
    """By its name, which is that under which it was found there."""
    assert f"{PIP} 'hivestand[conformance]'" == install_command("conformance", installed(tmp_path))


@pytest.mark.parametrize(("editable", "flag"), [(True, "--editable "), (False, "")])
def test_from_a_folder(tmp_path: Path, editable: bool, flag: str) -> None:  # noqa: FBT001 - a parameter of the test
    """By its path, and editable if it was; a space in the path is quoted."""
    source = tmp_path / "a checkout"
    source.mkdir()
    origin = {"url": source.as_uri(), "dir_info": {"editable": editable}}
    command = install_command("conformance", installed(tmp_path, origin))
    assert f"{PIP} {flag}'{source}[conformance]'" == command


def test_from_a_wheel(tmp_path: Path) -> None:
    """By the wheel's URL."""
    wheel = tmp_path / "hivestand-0.1.0-py3-none-any.whl"
    wheel.touch()
    command = install_command("conformance", installed(tmp_path, {"url": wheel.as_uri(), "archive_info": {}}))
    assert f"{PIP} 'hivestand[conformance] @ {wheel.as_uri()}'" == command


def test_from_a_repository(tmp_path: Path) -> None:
    """By its URL, at the same commit."""
    origin = {"url": "https://git.example/hivestand.git", "vcs_info": VCS}
    command = install_command("conformance", installed(tmp_path, origin))
    assert f"{PIP} 'hivestand[conformance] @ git+https://git.example/hivestand.git@0123abcd'" == command


def test_from_a_repository_on_this_machine(tmp_path: Path) -> None:
    """By a URL with a host, as pip takes no other."""
    origin = {"url": tmp_path.as_uri(), "vcs_info": VCS}
    command = install_command("conformance", installed(tmp_path, origin))
    assert f"{PIP} 'hivestand[conformance] @ git+file://localhost{tmp_path}@0123abcd'" == command
    assert Requirement(shlex.split(command)[-1]).extras == {"conformance"}


@pytest.mark.parametrize("details", [{"archive_info": {}}, {"dir_info": {}}, {"vcs_info": VCS}])
def test_from_what_is_gone(tmp_path: Path, details: Any) -> None:
    """By the extra's own requirements, as nothing else would work."""
    command = install_command("conformance", installed(tmp_path, {"url": (tmp_path / "gone").as_uri(), **details}))
    assert f"{PIP} schemathesis==4.32.5 'openapi-spec-validator>=0.9'" == command


def test_an_environment_of_uv_has_no_pip(tmp_path: Path) -> None:
    """There uv installs."""
    expected = f"uv pip install --python {sys.executable} 'hivestand[conformance]'"
    assert expected == install_command("conformance", installed(tmp_path, None, "uv"))
