"""Node and its packages, for the tests of the TypeScript SDK."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

# its peers, and what their installation would download and build, have no part in what is tested
_FLAGS = ("--ignore-scripts", "--legacy-peer-deps", "--silent", "--no-fund", "--no-audit")
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # scripts/lint brings Node where it is missing


def installed(folder: Path) -> Path:
    """The folder, with the TypeScript SDK in it; whoever comes first installs it, and others wait."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "node_modules" / ".package-lock.json").exists():
            command = [found("npm"), "install", *_FLAGS, "honeyhive@0.6.4"]
            subprocess.run(command, cwd=folder, env={**os.environ, "PATH": PATH}, check=True, timeout=300)
    return folder


def node(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run Node in a folder to its end; `hivestand` is on PATH."""
    command = [found("node"), *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": PATH, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def found(command: str) -> str:
    """The path of a command."""
    found = shutil.which(command, path=PATH)
    assert found, f"{command}, which scripts/lint brings"
    return found
