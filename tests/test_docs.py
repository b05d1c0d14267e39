"""What the pages show, as a reader would try it."""

import re
import subprocess
import sys
from pathlib import Path

from node import node
from support import ROOT, running

PYTHON = re.findall(r"```python\n(def test_.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
TESTING = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
FAULTS = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
SUITE = re.findall(r"```js\n(.*?)```", TESTING, re.DOTALL)
IMPORTS = "from honeyhive import HoneyHiveTracer\n"


def test_the_example_passes(tmp_path: Path) -> None:
    """The README's, which is that of the page, in a suite of its own."""
    (example,) = PYTHON
    assert example in TESTING
    (tmp_path / "test_example.py").write_text(IMPORTS + example, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert "1 passed" in done.stdout, done.stdout


def test_a_fault_is_armed_as_shown() -> None:
    """Its line, pasted into a shell, and its answer."""
    (line, answer) = re.findall(r"```console\n\$ (.+)\n(.+)\n```", FAULTS)[0]
    with running() as server:
        command = line.replace("http://127.0.0.1:4010", server.url)
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=30, check=True)
    assert answer == done.stdout


def test_the_typescript_suite_passes(typescript_sdk: Path) -> None:
    """With Node's test runner and the released SDK."""
    (suite,) = SUITE
    (typescript_sdk / "session.test.mjs").write_text(suite, encoding="utf-8")
    done = node(typescript_sdk, "--test", "session.test.mjs")
    assert re.search(r"^(#|ℹ) pass 2$", done.stdout, re.MULTILINE), done.stdout  # noqa: RUF001 - what Node prints
