"""The pages that show what was measured say what the last run has measured."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAM = """
import json
from bench import page
results = json.loads(page.RESULTS.read_text(encoding="utf-8"))
print(json.dumps({"figures": page.tables(results), "speed": page.sentences(results)}))
"""


@pytest.mark.parametrize(("path", "name"), [("docs/performance.md", "figures"), ("README.md", "speed")])
def test_the_page_shows_the_last_run(path: str, name: str) -> None:
    """To the last digit, as `python -m bench.page` writes it."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    shown = (ROOT / path).read_text(encoding="utf-8").partition(f"<!-- {name} -->")[2].partition("<!-- end of")[0]
    assert json.loads(done.stdout)[name] == shown.strip("\n").split("\n")


def test_the_results_are_of_a_whole_run() -> None:
    """All measures, in rounds that took turns; nothing that this project needs was left out."""
    results = json.loads((ROOT / "bench" / "results" / "latest.json").read_text(encoding="utf-8"))
    names = " ".join(each["name"] for each in results["figures"])
    assert results["rounds"] >= 5
    asked = ("floor", "redis-py", "Connexion", "Prism", "fixture", "spans", "workers", "wait of another")
    assert all(each in names for each in asked)
    for each in ("throughput", "bodies", "events", "merges", "sessions", "workers"):
        assert all((ROOT / "bench" / "results" / f"{each}-{theme}.svg").exists() for theme in ("light", "dark"))
