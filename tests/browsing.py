"""A real browser, and a session to look at."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

SESSION = "0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d10"
START = 1767225600000  # Unix milliseconds
CHROMIUM = os.environ.get("HIVESTAND_TEST_CHROMIUM", "chromium")


@contextmanager
def browsing() -> Iterator[Browser]:
    """A headless Chromium, which ends with the block."""
    executable = shutil.which(CHROMIUM)
    assert executable, f"{CHROMIUM} is not on PATH; scripts/test installs chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def page_of(browser: Browser, url: str, **context: Any) -> Iterator[Page]:
    """A page of a tab of its own, on which nothing may go wrong: neither an error nor a refusal by its policy."""
    options = {
        "viewport": {"width": 1280, "height": 800},
        "base_url": url,
        "permissions": ["clipboard-read", "clipboard-write"],
    }
    tab = browser.new_context(**{**options, **context})
    page = tab.new_page()
    page.set_default_timeout(15_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(f"a dialog: {dialog.message}"))
    page.on(
        "console",
        lambda said: wrong.append(said.text) if said.type == "error" and "Content Security" in said.text else None,
    )
    try:
        yield page
    finally:
        tab.close()
    assert [] == wrong


def event(number: int, kind: str, name: str, parent: int | None = None, **members: Any) -> dict[str, Any]:
    """An event of the session, after the one that it is part of."""
    took = members.pop("took", 400)
    start = START + members.pop("after", 0)
    return {
        "event_id": id_of_event(number),
        "session_id": SESSION,
        "parent_id": SESSION if parent is None else id_of_event(parent),
        "event_type": kind,
        "event_name": name,
        "inputs": {},
        "start_time": start,
        "end_time": start + took,
        "duration": took,
        **members,
    }


def id_of_event(number: int) -> str:
    """The id of the event of that number."""
    return f"{SESSION[:-6]}{number:06x}"


def tell_a_story(url: str, token: str = "demo") -> None:  # noqa: S107 - any string is a key
    """Send what a small agent does: a question, a call of a model, a tool that fails, and another call."""
    said = [{"role": "system", "content": "You know about bees."}, {"role": "user", "content": "What is a hivestand?"}]
    answer = {"role": "assistant", "content": "A stand that keeps a beehive off the wet ground."}
    usage = {"cost": 0.00231, "prompt_tokens": 412, "completion_tokens": 58, "total_tokens": 470}
    model = {"config": {"model": "gpt-4o", "provider": "openai"}, "metadata": usage}
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as client:
        session = {"session_id": SESSION, "session_name": "What is a hivestand?", "source": "docs", "start_time": START}
        assert client.post("/v1/sessions", json={**session, "duration": "unknown"}).status_code == 200
        for each in (
            event(1, "chain", "answer", took=2400, outputs={"answer": answer["content"]}),
            event(2, "model", "plan", 1, after=80, took=700, inputs={"chat_history": said}, outputs=answer, **model),
            event(
                3,
                "tool",
                "look up",
                1,
                after=820,
                took=450,
                inputs={"word": "hivestand"},
                error="no such word: hivestand",
            ),
            event(
                4, "model", "reply", 1, after=1300, took=1050, inputs={"chat_history": said}, outputs=answer, **model
            ),
        ):
            assert client.post("/v1/events", json=each).status_code == 200
        assert client.post("/v1/events", json={"event_type": "nothing"}).status_code == 400
        assert client.get("/v1/nothing").status_code == 404
