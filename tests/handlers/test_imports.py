"""Parts of packages."""

import subprocess
import sys

import pytest

# what a program prints that uses hivestand and Connexion in one process, whichever it imports first
BOTH = """
import sys
{first}
{second}
import connexion, connexion.resolver, requests, jinja2
from starlette.testclient import TestClient
app = connexion.AsyncApp("both")
app.add_api({{"openapi": "3.0.3", "info": {{"title": "a", "version": "1"}}, "paths": {{"/a": {{"get": {{
    "operationId": "both.answer", "responses": {{"200": {{"description": "a"}}}}}}}}}}}},
    resolver=connexion.Resolver(lambda name: lambda: {{"answer": 42}}))
with app.test_client() as client:
    assert isinstance(client, TestClient)
    assert client.get("/a").json() == {{"answer": 42}}
assert connexion.resolver.Resolver is connexion.Resolver
assert requests.Session and jinja2.Template
from hivestand.testing.serving import serve
with serve() as hivestand:
    assert hivestand.sessions == []
print("both")
"""
OURS = "import hivestand.server.routing"


def output_of(program: str) -> str:
    """What a program prints in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


@pytest.mark.parametrize(("first", "second"), [(OURS, "import connexion"), ("import connexion", OURS)])
def test_a_program_may_use_connexion_beside_hivestand(first: str, second: str) -> None:
    """It has Connexion whole, with its test client, in whatever order both are imported."""
    assert "both" == output_of(BOTH.format(first=first, second=second))


def test_a_start_imports_nothing_that_routing_does_not_use() -> None:
    """Neither a client of HTTP nor a template engine, nor the web framework that Connexion is for."""
    program = """
import sys
from hivestand.server.app import build
from hivestand.server.settings import Settings
from hivestand.handlers.store.schemes import store_for
settings = Settings()
build(settings, store_for(settings.store, settings.store_options))
heavy = "requests httpx werkzeug jinja2 flask connexion starlette.testclient rich prometheus_client"
print(sorted(set(heavy.split()) & sys.modules.keys()))
"""
    assert "[]" == output_of(program)


def test_a_part_that_is_not_there_is_an_error() -> None:
    """As with any import, and nothing is left behind."""
    program = """
import sys
from hivestand.handlers.imports import parts_of
try:
    with parts_of("sqlite3", ["sqlite3.nowhere"]):
        pass
except ModuleNotFoundError as error:
    print(error.name, "sqlite3" in sys.modules)
"""
    assert "sqlite3.nowhere False" == output_of(program)


def test_what_is_left_out_can_be_used_after_all() -> None:
    """It is imported then; nothing stands for what is not installed."""
    program = """
import sys
from hivestand.handlers.imports import without
with without("wave", "nowhere", "nowhere.either"):
    import wave
    from wave import Error
    try:
        import nowhere
    except ImportError:
        print("no", end=" ")
    print("setparams" in dir(wave), end=" ")
print("wave" in sys.modules, end=" ")
print(type(Error("a")).__name__, wave.Wave_read.getparams.__name__, "wave" in sys.modules)
"""
    assert "no False False Error getparams True" == output_of(program)
