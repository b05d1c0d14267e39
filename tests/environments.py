"""Virtual environments of clients that do not get along with the project's own, made once and kept beside it."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

from support import ROOT

FOLDER = ROOT / ".venv" / "clients"
REQUIREMENTS = ROOT / "tests" / "sdk" / "requirements"
SECONDS = 300
_FLAGS = ("-q", "--no-compile", "--disable-pip-version-check")  # most of what comes is never imported


def environment(name: str) -> Path:
    """The Python of the environment with the packages of `requirements/<name>.txt`; a new one for other packages."""
    wanted = REQUIREMENTS / f"{name}.txt"
    digest = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = FOLDER / f"{name}-{digest}"
    python = folder / "bin" / "python"
    if not (folder / "made").exists():
        venv.create(folder, with_pip=True, clear=True)
        command: list[Path | str] = [python, "-m", "pip", "install", *_FLAGS, "-r", wanted]
        subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
        (folder / "made").touch()
    return python
