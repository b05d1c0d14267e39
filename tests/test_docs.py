"""What the pages show, as a reader would try it, and that what they name exists."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pages
import pytest
from node import node
from redis_servers import RedisServer
from support import HIVESTAND, ROOT, running

from hivestand.conformance.requirements import REQUIREMENTS

ADDRESS = "http://127.0.0.1:4010"
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "docs/*/*.md")
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md"
)
TRIED = ["README.md", "docs/tutorial.md", *(page for page in PAGES if page.startswith("docs/how-to/"))]


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a language on a page."""
    return re.findall(
        rf"^```{language}\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def examples(page: str) -> Iterator[tuple[str, str]]:
    """Each command on a page that is pasted into a shell, and what it is said to print."""
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command line with the installed commands on PATH."""
    environment = {**os.environ, "PATH": f"{HIVESTAND.parent}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100"}
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=180, check=False
    )


@pytest.mark.parametrize("page", TRIED)
def test_each_command_prints_what_the_page_says(page: str, tmp_path: Path) -> None:
    """One after the other, on a new server; only the port is another one, and an ellipsis stands for anything."""
    with running() as server:
        for command, expected in examples(page):
            if command == "scripts/serve":
                assert expected == f"hivestand is listening on {ADDRESS}\n"
                continue
            line = command.replace("scripts/check", "hivestand check").replace(ADDRESS, server.url)
            done = shell(line, tmp_path)
            assert done.returncode == 0, (shlex.join([line]), done.stdout, done.stderr)
            if expected:
                pattern = ".*".join(re.escape(part) for part in expected.rstrip("\n").split("…"))
                assert re.fullmatch(pattern, done.stdout.rstrip("\n"), re.DOTALL), (line, done.stdout)


@pytest.mark.parametrize("page", [page for page in TRIED if blocks(page, "python")])
def test_each_python_example_passes(page: str, tmp_path: Path) -> None:
    """As a test file, or as a program, with nothing added; that of the README where every warning is an error, too."""
    warnings = "error" if page == "README.md" else "ignore"
    for number, block in enumerate(blocks(page, "python")):
        path = tmp_path / f"test_example_{number}.py"
        path.write_text(block, encoding="utf-8")
        is_test = "def test_" in block
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", warnings, str(path)]
        done = subprocess.run(
            command if is_test else [sys.executable, str(path)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert not is_test or re.search(r"^[1-9]\d* passed in ", done.stdout, re.MULTILINE), done.stdout


def test_the_node_suite_passes(typescript_sdk: Path) -> None:
    """With Node's test runner and the released SDK."""
    (suite,) = blocks("docs/how-to/test-from-node.md", "js")
    (typescript_sdk / "session.test.mjs").write_text(suite, encoding="utf-8")
    done = node(typescript_sdk, "--test", "session.test.mjs")
    assert re.search(r"^(#|ℹ) pass 2$", done.stdout, re.MULTILINE), done.stdout  # noqa: RUF001 - what Node prints


def test_the_node_suite_fails_without_the_program(typescript_sdk: Path) -> None:
    """It calls no other host where the command is not on PATH."""
    (suite,) = blocks("docs/how-to/test-from-node.md", "js")
    (typescript_sdk / "missing.test.mjs").write_text(
        suite.replace('"hivestand"', '"no-such-program"'), encoding="utf-8"
    )
    done = node(typescript_sdk, "--test", "missing.test.mjs")
    assert done.returncode != 0
    assert "no-such-program" in done.stdout


SERVING = [line for block in blocks("docs/how-to/serve.md", "sh") for line in block.splitlines() if " serve " in line]


@pytest.mark.parametrize("line", SERVING)
def test_each_way_to_serve_serves(line: str, tmp_path: Path, cluster: list[RedisServer], redis_url: str) -> None:
    """With a Redis of the tests, on loopback and a free port; the keys are those of the page."""
    (keys,) = blocks("docs/how-to/serve.md", "toml")
    (tmp_path / "keys.toml").write_text(keys, encoding="utf-8")
    assert cluster
    stand_ins = {
        "redis://127.0.0.1:6379/0": redis_url,
        "0.0.0.0": "127.0.0.1",  # noqa: S104 - it is replaced
        "$HIVESTAND_ADMIN_TOKEN": "admin",
        "keys.toml": str(tmp_path / "keys.toml"),
    }
    words = [stand_ins.get(word, word) for word in shlex.split(line)]
    assert ["hivestand", "serve"] == words[:2]
    with running(*words[2:], "--port", "0") as server:
        assert server.get("/__admin/health").status_code == 200


def test_the_examples_of_the_readme_are_those_of_the_how_to() -> None:
    """Nothing is shown in two versions."""
    assert blocks("README.md", "python")[0] in blocks("docs/how-to/test-with-pytest.md", "python")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Every relative link is to a file of the project, and to a heading that is there."""
    for target, _, anchor in re.findall(r"\]\(([^)#\s]*)(#([^)\s]*))?\)", (ROOT / page).read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}, anchor


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page: str) -> None:
    """Scripts, folders and modules in backticks."""
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`((?:scripts|openapi|server|handlers|conformance|testing|tests|docs)/[\w./-]*)", text)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_page_is_reached_from_the_readme() -> None:
    """A page that nothing links to is not read."""
    linked = set(re.findall(r"\]\((docs/[^)#]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {page for page in PAGES if page.startswith("docs/")} == linked


def test_every_requirement_is_listed() -> None:
    """By the page that `scripts/docs` writes."""
    text = pages.PAGE.read_text(encoding="utf-8")
    listed = re.findall(r"^\| ((?:SES|EVT|OTLP|AGG)-[A-Z]+-\d\d) ", pages.part_of(text, "requirements"), re.MULTILINE)
    assert [each.id for each in REQUIREMENTS] == listed
    assert "\n".join(pages.requirements()) == pages.part_of(text, "requirements")
