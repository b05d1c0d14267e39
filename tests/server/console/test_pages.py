"""The files of the console, as a browser and as an API client get them."""

import json
import re
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from support import ROOT, Running, running

from hivestand.server.console.pages import POLICY, STATIC

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
OURS = [path for path in STATIC.rglob("*") if path.is_file() and "vendor" not in path.parts]
MAX_OURS = 250_000  # bytes


def test_a_browser_is_welcomed_and_a_client_is_not(memory_server: Running) -> None:
    """At `/`: a page for who asks for one, otherwise the error of any unknown path."""
    page = httpx.get(memory_server.url, headers=HTML)
    assert (200, "text/html; charset=utf-8") == (page.status_code, page.headers["content-type"])
    assert 'href="__admin/"' in page.text
    for headers in ({}, {"Accept": "application/json"}, {"Accept": "*/*"}):
        assert httpx.get(memory_server.url, headers=headers).json()["errorCode"] == "NOT_FOUND"
    assert httpx.post(memory_server.url, headers=HTML).status_code == 404


def test_the_console_has_one_address(memory_server: Running) -> None:
    """With the slash at the end, on which its relative addresses depend."""
    response = httpx.get(f"{memory_server.url}/__admin", headers=HTML)
    assert (308, "/__admin/") == (response.status_code, response.headers["location"])
    assert httpx.get(f"{memory_server.url}/__admin/", headers=HTML).status_code == 200


@pytest.mark.parametrize("page", ["/", "/__admin/", "/__admin/docs"])
def test_all_that_a_page_refers_to_is_there(memory_server: Running, page: str) -> None:
    """On this server: nothing is fetched from another host."""
    text = httpx.get(memory_server.url + page, headers=HTML).text
    addresses = re.findall(r'(?:src|href)="([^"#]+)"', text)
    assert addresses
    for address in addresses:
        assert not address.startswith(("http:", "https:", "//"))
        there = httpx.URL(memory_server.url + page).join(address)
        assert httpx.get(there, headers=HTML).status_code == 200, address


def test_pages_may_run_only_our_scripts(memory_server: Running) -> None:
    """And nobody may frame them."""
    for path in ("/", "/__admin/", "/__admin/docs", "/__admin/console/main.js"):
        response = httpx.get(memory_server.url + path, headers=HTML)
        assert response.headers["content-security-policy"] == POLICY
        assert response.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in POLICY
    assert "frame-ancestors 'none'" in POLICY


def test_a_file_that_is_known_is_not_sent_again(memory_server: Running) -> None:
    """By its tag."""
    url = f"{memory_server.url}/__admin/console/style.css"
    first = httpx.get(url)
    again = httpx.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (304, b"") == (again.status_code, again.content)
    assert httpx.head(url).headers["content-length"] == str(len(first.content))


def test_the_documents_are_those_that_are_served(memory_server: Running) -> None:
    """As JSON, for the renderer."""
    for name in ("honeyhive", "control"):
        document = httpx.get(f"{memory_server.url}/__admin/docs/{name}.json").json()
        assert document["openapi"].startswith("3.1")
    settings = httpx.get(f"{memory_server.url}/__admin/settings").json()
    assert settings["version"] == document["info"]["version"]


def test_our_part_is_small() -> None:
    """And plain: no file was made by a build."""
    assert sum(path.stat().st_size for path in OURS) < MAX_OURS
    assert {".css", ".html", ".js", ".svg"} == {path.suffix for path in OURS}
    longest = max(len(line) for path in OURS for line in path.read_text(encoding="utf-8").splitlines())
    assert longest < 400


def test_the_renderer_is_the_published_one() -> None:
    """As its checksums say, which `scripts/vendor` compares with what is fetched."""
    lines = (ROOT / "scripts" / "vendor.sha256").read_text(encoding="utf-8").splitlines()
    known = {name: digest for digest, name in (line.split() for line in lines)}
    folder = STATIC / "vendor"
    assert known == {name: sha256((folder / name).read_bytes()).hexdigest() for name in known}
    assert {*known, "README.md"} == {path.name for path in folder.iterdir()}


def test_reports_are_listed_and_read(tmp_path: Path) -> None:
    """By the admin, from the folder alone that the server was given."""
    (tmp_path / "reports").mkdir()
    (tmp_path / "secret.json").write_text("{}", encoding="utf-8")
    (tmp_path / "reports" / "one.json").write_text(json.dumps({"requirements": []}), encoding="utf-8")
    (tmp_path / "reports" / "broken.json").write_text("{", encoding="utf-8")
    (tmp_path / "reports" / "dangling.json").symlink_to(tmp_path / "nothing.json")
    with running("--reports", str(tmp_path / "reports")) as server:
        listed = httpx.get(f"{server.url}/__admin/reports").json()["reports"]
        assert {"one.json", "broken.json"} == {each["name"] for each in listed}
        assert httpx.get(f"{server.url}/__admin/reports/one.json").json() == {"requirements": []}
        for name in ("broken.json", "none.json", "..%2Fsecret.json", "%2e%2e%2fsecret.json"):
            assert httpx.get(f"{server.url}/__admin/reports/{name}").status_code in {400, 404}
        named = {"Authorization": "Bearer a-tenant"}
        assert httpx.get(f"{server.url}/__admin/reports", headers=named).status_code == 403
