"""The console as a person uses it, in a real browser."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import SESSION, START, browsing, event, page_of, tell_a_story
from node import node
from playwright.sync_api import Browser, Page, expect
from redis_servers import redis_running
from support import ROOT, Running, free_port, running

PICTURES = ROOT / "docs" / "pictures"
HOSTILE = (
    "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"
    "</script><svg onload=alert(1)>{{7*7}}'\"\u202e\x00" + "W" * 400
)
PAGES = {
    "welcome": "/",
    "sessions": "/__admin/#/sessions",
    "session": f"/__admin/#/session/{SESSION}/",
    "journal": "/__admin/#/journal",
    "faults": "/__admin/#/faults",
    "clock": "/__admin/#/clock",
    "overview": "/__admin/#/overview",
    "reports": "/__admin/#/reports",
    "documents": "/__admin/docs",
}
READY = {  # what is there once a page is whole
    "welcome": "text=OTEL_EXPORTER",
    "sessions": "tbody tr",
    "session": ".event",
    "journal": ".entries li",
    "faults": "text=Nothing is armed",
    "clock": "text=It runs",
    "overview": "pre",
    "reports": "text=No report yet",
    "documents": ".opblock",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of this module."""
    with browsing() as browser:
        yield browser


@pytest.fixture
def fresh() -> Iterator[Running]:
    """A server of its own."""
    with running() as server:
        yield server


def post(server: Running, path: str, body: Any, token: str = "demo") -> httpx.Response:  # noqa: S107 - any string is a key
    """Post something, which may hold what no text may."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return httpx.post(server.url + path, content=json.dumps(body).encode(), headers=headers)


def test_a_stranger_finds_the_trace_as_a_waterfall(fresh: Running, browser: Browser) -> None:
    """From the address in the terminal: the console, the session, its events in time, and what was said."""
    tell_a_story(fresh.url)
    with page_of(browser, fresh.url) as page:
        page.goto("/")
        page.get_by_role("link", name="Console").click()
        page.get_by_role("link", name="What is a hivestand?").click()
        rows = page.locator(".waterfall .event")
        expect(rows).to_have_count(5)
        assert ["session", "chain", "model", "tool", "model"] == page.locator(".event .type").all_inner_texts()
        expect(page.locator("main")).to_contain_text("940 (824 in, 116 out)")
        expect(rows.nth(2)).to_contain_text("gpt-4o, 470 tokens")
        expect(rows.nth(3)).to_contain_text("failed")
        widths = [
            float(each)
            for each in page.locator(".event rect").evaluate_all("all => all.map(r => r.getAttribute('width'))")
        ]
        assert widths[0] == widths[1] == 100 > widths[2] > widths[3] > 0
        rows.nth(2).click()
        expect(page.locator(".chat li")).to_have_count(3)
        expect(page.locator(".chat li.reply")).to_contain_text("keeps a beehive off the wet ground")
        rows.nth(3).click()
        expect(page.locator(".detail .error")).to_have_text("no such word: hivestand")


def test_what_happens_is_seen_as_it_happens(fresh: Running, browser: Browser) -> None:
    """In two tabs at once: sessions, an event of the one that is open, and requests with what became of them."""
    with page_of(browser, fresh.url) as page, page_of(browser, fresh.url) as other:
        page.goto(PAGES["sessions"])
        other.goto(PAGES["journal"])
        expect(page.locator("#live")).to_have_text("live")
        expect(page.locator(".empty")).to_contain_text(f"curl {fresh.url}/v1/sessions")
        expect(other.locator(".empty")).to_be_visible()
        tell_a_story(fresh.url)
        page.get_by_role("link", name="What is a hivestand?").click()
        expect(page.locator(".event")).to_have_count(5)
        expect(other.locator(".entries li")).to_have_count(7)
        expect(other.locator(".entries li").last).to_contain_text("duration: type")
        expect(other.locator(".entries li").first).to_contain_text("not mocked")
        page.reload()
        expect(page.locator(".event")).to_have_count(5)
        expect(page.locator("#live")).to_have_text("live")
        post(fresh, "/v1/events", event(9, "tool", "late", 1, after=2300))
        expect(page.locator(".event")).to_have_count(6)


def test_what_clients_send_is_text(fresh: Running, browser: Browser) -> None:
    """Whatever it is, in every field of session, event, span and header: no script runs, and the page stays whole."""
    fields: dict[str, Any] = dict.fromkeys(("event_name", "source", "error"), HOSTILE)
    names = ("inputs", "outputs", "config", "metadata", "metrics", "feedback")
    objects: dict[str, Any] = {name: {HOSTILE: HOSTILE} for name in names}
    objects["inputs"] = {
        "chat_history": [{"role": HOSTILE, "content": HOSTILE}, HOSTILE, {"content": [{"text": HOSTILE}]}]
    }
    objects["config"] = {"model": HOSTILE, "provider": {HOSTILE: 1}}
    assert post(fresh, "/v1/sessions", {"session_id": SESSION, "session_name": HOSTILE, HOSTILE: 1}).status_code == 200
    assert post(fresh, "/v1/events", {**event(1, "model", ""), **fields, **objects}).status_code == 200
    key = {"key": "honeyhive.session_id", "value": {"stringValue": SESSION}}
    bad = {"key": HOSTILE, "value": {"stringValue": HOSTILE}}
    span = {
        "traceId": "1" * 32,
        "spanId": "2" * 16,
        "name": HOSTILE,
        "attributes": [key, bad],
        "status": {"code": 2, "message": HOSTILE},
    }
    exported = {"resourceSpans": [{"scopeSpans": [{"scope": {"name": HOSTILE}, "spans": [span]}]}]}
    assert post(fresh, "/opentelemetry/v1/traces", exported).status_code == 200
    header = {"User-Agent": "<script>alert(1)</script>"}
    httpx.get(f"{fresh.url}/%3Cimg%20src=x%20onerror=alert(1)%3E?name=<b>", headers=header)
    for width in (1280, 360):
        with page_of(browser, fresh.url, viewport={"width": width, "height": 700}) as page:
            for name in ("sessions", "session", "journal"):
                page.goto(PAGES[name])
                page.locator(READY[name]).first.wait_for()
                for each in page.locator(".event, .entries button").all():
                    each.click()
                    page.locator(".detail h2").first.wait_for()
                    assert page.locator("main img, main script, main svg[onload]").count() == 0
                assert page.evaluate("document.documentElement.scrollWidth") <= width, name
                assert "broken" not in page.title()


def test_the_journal_is_filtered_compared_and_copied(fresh: Running, browser: Browser, tmp_path: Path) -> None:
    """What is copied runs: as a command, as a test of pytest, and as one of Node."""
    tell_a_story(fresh.url)
    with page_of(browser, fresh.url) as page:
        page.goto(PAGES["journal"])
        entries = page.locator(".entries li")
        expect(entries).to_have_count(7)
        page.get_by_label("Show").select_option("errors")
        expect(entries).to_have_count(2)
        page.get_by_label("Show").select_option("fallbacks")
        expect(entries).to_have_count(1)
        page.get_by_label("Show").select_option("everything")
        page.get_by_label("Operation").select_option("createEvent")
        expect(entries).to_have_count(5)
        page.get_by_label("Status").fill("4")
        expect(entries).to_have_count(1)
        page.get_by_label("Status").fill("")
        page.get_by_label("Operation").select_option("")
        entries.last.locator("button").click()
        expect(page.locator(".detail")).to_contain_text("duration type")
        copied = {name: copy(page, f"Copy as {name}") for name in ("curl", "pytest", "Node test")}
        page.get_by_label("Compare with").select_option(index=0)
        page.get_by_role("button", name="Compare").click()
        expect(page.locator(".diff .added").first).to_be_visible()
        expect(page.locator(".diff .removed").first).to_contain_text("POST /v1/sessions")
    done = subprocess.run(
        ["sh", "-c", f"{copied['curl']} --silent"], capture_output=True, text=True, check=True, timeout=30
    )
    assert json.loads(done.stdout)["event_name"] == "What is a hivestand?"
    ast.parse(copied["pytest"])
    (tmp_path / "test_copied.py").write_text(copied["pytest"], encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_copied.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert "1 passed" in done.stdout, done.stdout
    (tmp_path / "copied.test.mjs").write_text(copied["Node test"], encoding="utf-8")
    ran = node(tmp_path, "--test", str(tmp_path / "copied.test.mjs"), HH_API_URL=fresh.url)
    assert ran.returncode == 0, ran.stdout


def copy(page: Page, button: str) -> str:
    """What a button puts into the clipboard."""
    page.get_by_role("button", name=button).click()
    expect(page.locator("#status")).to_contain_text(f"{button}: done")
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def test_faults_are_armed_in_two_clicks(fresh: Running, browser: Browser) -> None:
    """And disarmed in one."""
    with page_of(browser, fresh.url) as page:
        page.goto(PAGES["faults"])
        page.get_by_role("button", name="429").click()
        page.get_by_role("button", name="Arm", exact=True).click()
        expect(page.locator("tbody tr")).to_contain_text('"status": 429')
        assert post(fresh, "/v1/sessions", {}).status_code == 429
        assert post(fresh, "/v1/sessions", {}).status_code == 200
        page.get_by_label("Next requests").fill("")
        page.get_by_role("button", name="empty").click()
        page.get_by_role("button", name="Arm", exact=True).click()
        expect(page.locator("tbody tr").last).to_contain_text('"kind": "empty"')
        assert post(fresh, "/v1/sessions", {}).content == b""
        page.get_by_role("button", name="Disarm all").click()
        expect(page.locator("main")).to_contain_text("Nothing is armed")
        assert post(fresh, "/v1/sessions", {}).json()["session_id"]


def test_the_clock_is_frozen_advanced_and_let_go(fresh: Running, browser: Browser) -> None:
    """As the sessions that are started then show."""
    with page_of(browser, fresh.url) as page:
        page.goto(PAGES["clock"])
        page.get_by_role("button", name="Repeat ids").click()
        expect(page.locator("main")).to_contain_text("ids repeat, by seed 7")
        assert post(fresh, "/v1/sessions", {}).json()["start_time"] == START
        page.get_by_role("button", name="a day").click()
        expect(page.locator(".big")).to_contain_text("2026-01-02")
        page.get_by_role("button", name="Let it run").click()
        expect(page.locator("main")).to_contain_text("It runs")
        assert post(fresh, "/v1/sessions", {}).json()["start_time"] > START + 86_400_000


def test_requests_are_counted_and_everything_is_deleted(fresh: Running, browser: Browser) -> None:
    """The chart counts what comes while it is open; a reset asks first."""
    with page_of(browser, fresh.url) as page:
        page.goto(PAGES["overview"])
        expect(page.locator("#live")).to_have_text("live")
        expect(page.locator(".legend")).to_contain_text("0 requests")
        tell_a_story(fresh.url)
        expect(page.locator(".legend")).to_contain_text("7 requests")
        expect(page.locator(".legend")).to_contain_text("4xx: 2")
        assert page.locator(".chart rect").count() >= 2
        page.get_by_role("button", name="Reset").click()
        page.get_by_role("button", name="Keep it").click()
        assert httpx.get(f"{fresh.url}/__admin/sessions").json()["sessions"]
        page.get_by_role("button", name="Reset").click()
        page.get_by_role("button", name="Delete").click()
        expect(page.locator("#status")).to_have_text("everything is deleted")
        assert not httpx.get(f"{fresh.url}/__admin/sessions").json()["sessions"]


def test_a_token_reaches_what_it_may(browser: Browser) -> None:
    """Without one the console asks; a tenant's shows its own sessions, the admin's all."""
    with running("--admin-token", "the-admin") as server:
        for token in ("one", "two"):
            post(server, "/v1/sessions", {"session_name": f"of {token}"}, token)
        with page_of(browser, server.url) as page:
            page.goto(PAGES["sessions"])
            for token, names in (("one", ["of one"]), ("the-admin", ["of one", "of two"])):
                if not page.locator("dialog").is_visible():
                    page.get_by_role("button", name="Token").click()
                page.locator("dialog input").fill(token)
                page.get_by_role("button", name="Use it").click()
                expect(page.locator("tbody tr")).to_have_count(len(names))
                assert names == sorted(page.locator("tbody a").all_inner_texts())
            page.get_by_label("Tenant").select_option(index=1)
            expect(page.locator("tbody tr")).to_have_count(1)
            assert "the-admin" not in page.url + page.content()


def test_a_long_session_is_shown_in_parts(fresh: Running, browser: Browser) -> None:
    """Of 20,000 events only those in sight are in the page; arrows and End walk through them."""
    for at in range(0, 20_000, 2_500):
        events = [event(number + 1, "tool", f"step {number}", after=number) for number in range(at, at + 2_500)]
        assert post(fresh, "/v1/events/batch", {"events": events}).status_code == 200
    with page_of(browser, fresh.url) as page:
        page.goto(PAGES["session"])
        page.locator(".event").first.wait_for()
        expect(page.get_by_text("20000 events", exact=True)).to_be_visible()
        assert page.locator(".event").count() < 100
        page.locator(".event").first.click()
        for key, wanted in (
            ("ArrowDown", "step 1"),
            ("End", "step 19999"),
            ("ArrowUp", "step 19998"),
            ("Home", "step 0"),
        ):
            page.keyboard.press(key)
            expect(page.locator(".event:focus")).to_contain_text(wanted)
            assert page.locator(".event").count() < 100
        page.keyboard.press("Enter")
        expect(page.locator(".detail h2")).to_have_text("step 0")


def test_it_survives_a_restart(browser: Browser) -> None:
    """It says that the server is away, and goes on when it is back."""
    port = str(free_port())
    with running("--port", port) as server, page_of(browser, server.url) as page:
        page.goto(PAGES["sessions"])
        expect(page.locator("#live")).to_have_text("live")
        server.process.terminate()
        server.process.wait(timeout=20)
        expect(page.locator("#live")).to_contain_text("trying again")
        with running("--port", port) as again:
            expect(page.locator("#live")).to_have_text("live")
            post(again, "/v1/sessions", {"session_name": "after the restart"})
            expect(page.locator("tbody")).to_contain_text("after the restart")


def test_it_says_that_the_store_is_away(browser: Browser, tmp_path: Path) -> None:
    """And goes on when that is back."""
    with (
        redis_running(tmp_path / "redis") as store,
        running("--store", store.url) as server,
        page_of(browser, server.url) as page,
    ):
        page.goto(PAGES["journal"])
        expect(page.locator("#live")).to_have_text("live")
        store.kill()
        expect(page.locator("#live")).to_contain_text("the store is away")
        store.start()
        expect(page.locator("#live")).to_have_text("live")
        post(server, "/v1/sessions", {})
        expect(page.locator(".entries li").first).to_contain_text("/v1/sessions")


def test_reports_are_shown_and_compared(browser: Browser, tmp_path: Path) -> None:
    """What was fixed, broke, came and went."""
    for name, statuses in (
        ("a.json", {"A-1": "failed", "A-2": "passed", "A-3": "passed"}),
        ("b.json", {"A-1": "passed", "A-2": "failed", "A-4": "passed"}),
    ):
        rest: dict[str, Any] = {"level": "MUST", "title": "a sentence", "source": "s", "reason": ""}
        rest |= {"operation": "createSession", "expected": 1, "actual": 2, "evidence": []}
        outcomes = [{"id": each, "status": status, **rest} for each, status in statuses.items()]
        report = {"target": "http://target", "seed": 1, "requests": 3, "seconds": 1.5, "summary": {"passed": 2}}
        (tmp_path / name).write_text(json.dumps({**report, "requirements": outcomes}), encoding="utf-8")
    os.utime(tmp_path / "a.json", (1, 1))
    with running("--reports", str(tmp_path)) as server, page_of(browser, server.url) as page:
        page.goto(PAGES["reports"])
        page.get_by_role("link", name="b.json").click()
        expect(page.locator("details")).to_have_count(1)
        page.get_by_role("link", name="All reports").click()
        page.get_by_role("button", name="Compare").click()
        expect(page.locator("h2")).to_have_text("a.json → b.json")
        for heading, wanted in (("broken (1)", "A-2"), ("fixed (1)", "A-1"), ("new (1)", "A-4"), ("gone (1)", "A-3")):
            expect(page.locator(f"h3:has-text('{heading}') + div")).to_contain_text(wanted)


def test_the_documents_can_be_tried(fresh: Running, browser: Browser) -> None:
    """Both of them, against this server, with the chosen token."""
    with page_of(browser, fresh.url) as page:
        page.goto(PAGES["documents"])
        page.locator("#operations-Sessions-createSession .opblock-summary-control").click()
        page.locator("button.execute").click()
        expect(page.locator(".live-responses-table td.response-col_status").last).to_contain_text("200")
        assert 1 == len(httpx.get(f"{fresh.url}/__admin/sessions").json()["sessions"])
        page.get_by_role("link", name="The admin API").click()
        expect(page.locator(".info .title")).to_contain_text("admin API")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)])
def test_everybody_can_use_it(memory_server: Running, browser: Browser, scheme: str, width: int) -> None:
    """No violation that axe calls serious, and nothing wider than the screen."""
    httpx.post(f"{memory_server.url}/__admin/reset", json={})
    tell_a_story(memory_server.url)
    look: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    with page_of(browser, memory_server.url, **look) as page:
        for name, path in PAGES.items():
            page.goto(path)
            page.locator(READY[name]).first.wait_for()
            for choice in page.locator(".event, .entries button, .opblock-summary-control").all()[2:3]:
                choice.click()
                page.wait_for_timeout(300)
            found = Axe().run(page).response["violations"]
            serious = [
                (each["id"], [node["html"][:200] for node in each["nodes"]])
                for each in found
                if each["impact"] in {"serious", "critical"}
            ]
            assert [] == serious, name
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pictures_can_be_taken(fresh: Running, browser: Browser, scheme: str, tmp_path: Path) -> None:
    """Those of the README and the docs; `scripts/pictures` keeps them."""
    folder = PICTURES if os.environ.get("HIVESTAND_TEST_PICTURES") else tmp_path
    tell_a_story(fresh.url)
    with page_of(browser, fresh.url, color_scheme=scheme) as page:
        page.goto(PAGES["session"])
        page.locator(".event").nth(2).click()
        page.locator(".chat li").first.wait_for()
        page.screenshot(path=folder / f"session-{scheme}.png")
        page.goto(PAGES["journal"])
        page.locator(".entries button").last.click()
        page.locator(".detail h3").first.wait_for()
        page.screenshot(path=folder / f"journal-{scheme}.png")
    assert {f"session-{scheme}.png", f"journal-{scheme}.png"} <= {path.name for path in folder.iterdir()}
