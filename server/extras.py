"""Which command brings a missing extra: one that works for how this copy was installed (PEP 610)."""

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from importlib.metadata import Distribution


def install_command(extra: str, installed: "Distribution | None" = None) -> str:
    """The shell command that adds an extra to this environment.

    It names what this copy was installed from: a folder, a wheel, a repository, or else an index. Where
    something on this machine is gone, it names the extra's requirements themselves.
    """
    from importlib.metadata import distribution  # noqa: PLC0415 - nearly no command needs it

    installed = installed or distribution("hivestand")
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    arguments = _source(extra, origin) or _requirements(extra, installed)
    return shlex.join([*_installer(installed), *arguments])


def _installer(installed: "Distribution") -> list[str]:
    """What installs into this environment: uv, which leaves no pip in those that it makes, or this Python's pip."""
    if (installed.read_text("INSTALLER") or "").strip() == "uv":
        return ["uv", "pip", "install", "--python", sys.executable]
    return [sys.executable, "-m", "pip", "install"]


def _source(extra: str, origin: dict[str, Any]) -> list[str]:
    """What to install, as it is written for pip; nothing if it is not there any more."""
    url = origin.get("url", "")
    wanted = f"hivestand[{extra}]"
    if not url:
        return [wanted]
    path = Path(unquote(urlsplit(url).path))
    if urlsplit(url).scheme == "file" and not path.exists():
        return []
    if "vcs_info" in origin:
        vcs = origin["vcs_info"]
        with_host = url.replace("file:///", "file://localhost/", 1)  # pip takes no URL of a repository without a host
        return [f"{wanted} @ {vcs['vcs']}+{with_host}@{vcs['commit_id']}"]
    if "dir_info" in origin:
        editable = ["--editable"] if origin["dir_info"].get("editable") else []
        return [*editable, f"{path}[{extra}]"]
    return [f"{wanted} @ {url}"]


def _requirements(extra: str, installed: "Distribution") -> list[str]:
    marker = f'extra == "{extra}"'
    parted = (requirement.partition(";") for requirement in installed.requires or ())
    return [name.strip() for name, _, condition in parted if marker in condition.replace("'", '"')]
