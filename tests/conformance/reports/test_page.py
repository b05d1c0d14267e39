"""The report as a page, of a run with hostile strings in it."""

from html.parser import HTMLParser

from hostile import HOSTILE, REPORT

from hivestand.conformance.reports.page import to_html


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
    assert not page.names & {"script", "link", "img", "iframe", "object", "form"}
    assert {"#"} == {link[:1] for link in page.links}
    assert HOSTILE.replace("\x00", "").splitlines()[0] in page.text.replace("\x00", "")


def test_each_sentence_leads_to_what_was_sent_and_what_came() -> None:
    """The list at the side has one link to each section."""
    page = read(to_html(REPORT))
    assert page.links == [f"#{id_}" for id_ in page.ids]
    for words in ("expected", "actual", "curl -i -X POST", "POST /v1/sessions", "are broken", "seed 7"):
        assert words in page.text
