"""The README's lines, pasted into a shell: every answer is what the README says."""

import re
import shlex
import subprocess

import pytest
from support import ROOT, running

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```console\n\$ (.+)\n((?:.*\n)*?)```", README)
ADDRESS = "http://127.0.0.1:4010"


def test_the_first_command_serves_and_says_where() -> None:
    """On the default address, which the curl lines use."""
    assert EXAMPLES[0] == ("scripts/serve", f"hivestand is listening on {ADDRESS}\n")
    assert len(EXAMPLES) >= 6


def test_every_curl_line_answers_as_printed() -> None:
    """One after the other, on a new server; only the port is another one."""
    with running() as server:
        for command, expected in EXAMPLES[1:]:
            assert command.startswith("curl ")
            line = command.replace(ADDRESS, server.url)
            done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=30, check=True)
            assert expected.rstrip("\n") == done.stdout.rstrip("\n"), shlex.join([line])


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", *PAGES])
def test_links_lead_somewhere(page: str) -> None:
    """Every relative link is to a file of the project."""
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)", text)
    assert [link for link in links if "://" not in link and not ((ROOT / page).parent / link).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "DECISIONS.md", *PAGES])
def test_files_that_are_named_exist(page: str) -> None:
    """Scripts, folders and modules in backticks."""
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`((?:scripts|openapi|server|handlers|tests|docs)/[\w./-]*)", text)
    assert [name for name in named if not (ROOT / name).exists()] == []
