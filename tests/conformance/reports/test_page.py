"""The report as a page, of a run with hostile strings in it."""

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import browsing, page_of
from hostile import HOSTILE, REPORT

from hivestand.conformance.command import BROKEN, status_of
from hivestand.conformance.reports.page import to_html, verdict_of
from hivestand.conformance.reports.subjects import SUBJECTS
from hivestand.conformance.requirement import Level
from hivestand.conformance.requirements import REQUIREMENTS


class Page(HTMLParser):
    """Collects elements, targets of links and text."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one."""
        named = dict(attrs)
        self.names.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        self.ids += [named["id"] or ""] if "id" in named else []

    def handle_data(self, data: str) -> None:
        """Note it."""
        self.text += data


def read(text: str) -> Page:
    """What a browser would make of it."""
    page = Page()
    page.feed(text)
    return page


def test_it_runs_and_fetches_nothing() -> None:
    """Whatever a target answered is text, and links stay on the page."""
    page = read(to_html(REPORT))
    assert not page.names & {"link", "img", "iframe", "object", "form"}
    assert "default-src 'none'" in to_html(REPORT)
    assert 1 == to_html(REPORT).count("<script")
    assert {"#"} == {link[:1] for link in page.links}
    assert HOSTILE.replace("\x00", "").splitlines()[0] in page.text.replace("\x00", "")


def test_each_subject_leads_to_what_was_sent_and_what_came() -> None:
    """The list at the side has one link to each; the failures stand above them all."""
    page = read(to_html(REPORT))
    assert ["failures", *(link.removeprefix("#") for link in page.links)] == page.ids
    for words in ("expected", "actual", "curl -i -X POST", "POST /v1/sessions", "broken at MUST: ", "seed 7"):
        assert words in page.text


def test_the_verdict_agrees_with_the_exit_status() -> None:
    """Broken at MUST exactly if a requirement of that level fails."""
    musts = {each.requirement.id for each in REPORT.outcomes if each.fails and each.requirement.level is Level.MUST}
    assert verdict_of(REPORT).startswith(f"broken at MUST: {len(musts)} of")
    assert BROKEN == status_of(REPORT, Level.MUST, frozenset())
    kept = replace(REPORT, outcomes=tuple(each for each in REPORT.outcomes if not each.fails), inconclusive="")
    assert verdict_of(kept).startswith("kept at MUST; 0 SHOULD fail; ")


def test_one_cause_is_shown_once() -> None:
    """A requirement that fails alike for two operations, with both of their names."""
    failed = next(each for each in REPORT.outcomes if each.fails)
    twice = replace(REPORT, outcomes=(failed, replace(failed, operation="another")))
    failures = to_html(twice).partition('id="failures"')[2].partition("</section>")[0]
    assert 1 == failures.count("<details")
    assert f"{failed.operation}, another" in failures


def test_every_subject_has_a_name() -> None:
    """Nobody has to know what SES-ANS is."""
    assert [] == [each.id for each in REQUIREMENTS if each.id.rpartition("-")[0] not in SUBJECTS]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_a_person_can_filter_it(tmp_path: Path, scheme: str, width: int) -> None:
    """In a browser, as a file, by status, level and operation; axe finds nothing serious."""
    (tmp_path / "report.html").write_text(to_html(REPORT), encoding="utf-8", errors="replace")
    look: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}, "base_url": None}
    with browsing() as browser, page_of(browser, "", **look) as page:
        page.goto((tmp_path / "report.html").as_uri())
        assert f"{len(REPORT.outcomes)} shown" == page.locator("output").inner_text()
        for name in ("Status", "Level", "Operation"):
            choice = page.get_by_label(name)
            value = choice.locator("option").nth(1).get_attribute("value")
            choice.select_option(value)
            attribute = f"data-{name.lower()}"
            seen = page.locator("details:visible").evaluate_all(
                f"all => all.map(each => each.getAttribute('{attribute}'))"
            )
            assert seen
            assert all(value in each.split() for each in seen)
            choice.select_option("")
        serious = [
            each["id"] for each in Axe().run(page).response["violations"] if each["impact"] in {"serious", "critical"}
        ]
        assert [] == serious
        assert page.evaluate("document.documentElement.scrollWidth") <= width
