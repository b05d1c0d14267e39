"""What it costs that somebody looks: a terminal that shows requests, and a browser with the console open."""

import os
import pty
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Final

import httpx
from playwright.sync_api import sync_playwright

from bench.contenders import HIVESTAND
from bench.figure import Figure, at_least, at_most, ratios
from bench.processes import SERVER_CORE, free_port, is_ready, wait_until
from bench.session import HEADERS, body, json_body, script
from bench.wrk import rate

SESSION_ID: Final = "0d9f1f6e-6f0c-4a57-9a3e-2c1f4b7a9d10"
EVENTS: Final = 20_000  # of a long session
BATCH: Final = 2500


@contextmanager
def served(*, in_terminal: bool = False) -> Iterator[int]:
    """The port of a server in memory, whose output goes to a terminal or nowhere."""
    port = free_port()
    ours, theirs = pty.openpty()
    command = ["taskset", "-c", str(SERVER_CORE), HIVESTAND, "serve", "--port", str(port)]
    output = theirs if in_terminal else subprocess.DEVNULL
    with subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL) as process:
        os.close(theirs)
        reading = threading.Thread(target=_drain, args=(ours,), daemon=True)
        reading.start()
        try:
            wait_until(lambda: is_ready(port), "hivestand")
            yield port
        finally:
            process.terminate()
            process.wait()
            os.close(ours)


def _drain(terminal: int) -> None:
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        pass  # the other side is closed


@contextmanager
def looking(port: int) -> Iterator[None]:
    """A browser on the other core that shows the journal as it happens."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}/__admin/#/journal")
        page.locator("#live.good").wait_for()
        try:
            yield
        finally:
            browser.close()


def measure(folder: Path, rounds: int, seconds: float) -> Iterator[Figure]:
    """Throughput with and without somebody who looks, and how soon a long session is seen."""
    posting = script(folder, body())
    found: dict[str, list[float]] = {"nobody": [], "a browser": [], "a terminal": []}
    for turn in range(rounds + 1):
        for name, rates in found.items():
            with served(in_terminal=name == "a terminal") as port:
                watched: AbstractContextManager[None] = looking(port) if name == "a browser" else nullcontext()
                with watched:
                    measured = rate(f"http://127.0.0.1:{port}/v1/sessions", posting, seconds)
            if turn:
                rates.append(measured)
    yield at_least("requests/s with the console open / without", ratios(found["a browser"], found["nobody"]), 0.9)
    yield at_least("requests/s shown in a terminal / silent", ratios(found["a terminal"], found["nobody"]), 0.95)
    yield at_most(f"first event of {EVENTS:,} in the page", _first_paints(rounds), 1, "s")


def _first_paints(rounds: int) -> list[float]:
    """Seconds from opening a long session until its first event is in the page."""
    found: list[float] = []
    with served() as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=HEADERS, timeout=60) as client:
        for at in range(0, EVENTS, BATCH):
            events = [
                {
                    "session_id": SESSION_ID,
                    "event_type": "tool",
                    "event_name": f"step {number}",
                    "inputs": {},
                    "start_time": 1767225600000 + number,
                }
                for number in range(at, at + BATCH)
            ]
            client.post("/v1/events/batch", content=json_body({"events": events})).raise_for_status()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for _ in range(rounds):
                page = browser.new_page()
                began = time.perf_counter()
                page.goto(f"http://127.0.0.1:{port}/__admin/#/session/{SESSION_ID}/")
                page.locator(".event").first.wait_for()
                found.append(time.perf_counter() - began)
                page.close()
            browser.close()
    return found
