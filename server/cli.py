"""The command line: `hivestand serve`, `check`, `explain` and `openapi`.

Exit status 0 is a clean end, 2 wrong usage, and 3 that something else is missing: the store, the address, a package.
"""

import difflib
import io
import json
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NoReturn

import click

from hivestand.conformance import defaults
from hivestand.handlers.store.protocol import StoreOptions
from hivestand.handlers.store.schemes import store_for
from hivestand.openapi import DOCUMENTS, lint, load, path_of
from hivestand.server import collector
from hivestand.server.extras import install_command
from hivestand.server.settings import Settings
from hivestand.server.stderr import open_standard_descriptors, say

USAGE, UNAVAILABLE = 2, 3
_DEFAULT = Settings()
# variables of other commands and of the tests
_OTHER_VARIABLES = frozenset(
    f"HIVESTAND_{name}" for name in ("TOKEN", "URL", "TEST_REDIS", "RELIABILITY", "SOAK_SECONDS", "FIGURES")
)
_FILE = click.Path(dir_okay=False, writable=True)


class _Unavailable(click.ClickException):
    exit_code = UNAVAILABLE


def _missing(extra: str, error: ModuleNotFoundError) -> click.ClickException:
    """What is said where a package is missing that an extra brings; a module of ours that is missing is a bug."""
    if (error.name or "").partition(".")[0] in {"", "hivestand"}:
        raise error
    return _Unavailable(f"{error.name} is not installed; to install it, run: {install_command(extra)}")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hivestand")
def hivestand() -> None:
    """A mock server for HoneyHive's session API, and a conformance suite for deployments."""


class _Seconds(click.FloatRange):
    """A positive, finite number of seconds."""

    name = "seconds"

    def __init__(self) -> None:
        super().__init__(0, 10**9, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds: float = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail("not a number of seconds", param, ctx)
        return seconds


@hivestand.command(context_settings={"auto_envvar_prefix": "HIVESTAND"})
@click.option("--host", default=_DEFAULT.host, show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=_DEFAULT.port, show_default=True, help="Port; 0 takes a free one."
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=_DEFAULT.workers,
    show_default=True,
    help="Number of processes; more than one needs a Redis store.",
)
@click.option(
    "--store",
    default=_DEFAULT.store,
    show_default=True,
    help="memory://, redis://host:port/db, rediss://…, unix://path, or redis+cluster://host:port of any node.",
)
@click.option(
    "--ttl", type=_Seconds(), help="Seconds for which an event is kept after its last write.  [default: for ever]"
)
@click.option(
    "--store-wait",
    type=click.IntRange(0),
    default=_DEFAULT.store_options.wait,
    show_default=True,
    help="Replicas of Redis that must have a write before the response.",
)
@click.option(
    "--store-prefix", default=_DEFAULT.store_options.prefix, show_default=True, help="Prefix of every key in Redis."
)
@click.option(
    "--store-timeout",
    type=_Seconds(),
    default=_DEFAULT.store_options.timeout,
    show_default=True,
    help="Seconds for which Redis may be silent before a call fails.",
)
@click.option(
    "--max-body",
    type=click.IntRange(1),
    default=_DEFAULT.max_body,
    show_default=True,
    help="Largest request body, in bytes.",
)
@click.option(
    "--body-timeout",
    type=_Seconds(),
    default=_DEFAULT.body_timeout,
    show_default=True,
    help="Seconds in which a request body has to arrive.",
)
@click.option(
    "--write-timeout",
    type=_Seconds(),
    default=_DEFAULT.write_timeout,
    show_default=True,
    help="Seconds for which a client may not read its response.",
)
@click.option(
    "--max-buffered",
    type=click.IntRange(1),
    default=_DEFAULT.max_buffered,
    show_default=True,
    help="Bytes that all connections together may hold: bodies that arrive, responses that are not read.",
)
@click.option("--cors/--no-cors", default=_DEFAULT.cors, show_default=True, help="Let web pages call the API.")
@click.option(
    "--overrides/--no-overrides",
    default=_DEFAULT.overrides,
    show_default=True,
    help="Let clients ask for other responses: Prefer: code=, example=, hivestand-delay=, hivestand-fault=.",
)
@click.option(
    "--accept-unwrapped",
    is_flag=True,
    default=_DEFAULT.accept_unwrapped,
    help="Let POST /session/start take a session without its wrapper, as some older clients send it.",
)
@click.option(
    "--otlp-session",
    type=click.Choice(["documented", "always"]),
    default=_DEFAULT.otlp_session,
    show_default=True,
    help="Create the unknown session of a span only where it asks for that, or always.",
)
@click.option(
    "--aggregation/--no-aggregation",
    default=_DEFAULT.store_options.aggregation,
    show_default=True,
    help="Show in a session that is read what its events add up to: counts, tokens, cost and times.",
)
@click.option(
    "--journal",
    type=click.IntRange(0, 1_000_000),
    default=_DEFAULT.store_options.journal,
    show_default=True,
    help="Requests of each tenant to keep in the journal; 0 turns it off.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json", "none"]),
    help="Write a line for each request to standard error.  [default: none, but a terminal shows requests]",
)
@click.option("-q", "--quiet", is_flag=True, help="Show no requests on a terminal, as --log-format none.")
@click.option(
    "--keys",
    type=click.Path(exists=True, dir_okay=False),
    help="TOML file of accepted keys, by tenant; see docs/how-to/serve.md.  [default: any token]",
)
@click.option(
    "--reports",
    type=click.Path(exists=True, file_okay=False),
    help="Folder of reports that `hivestand check --json` wrote, for the console.  [default: none]",
)
@click.option(
    "--admin-token",
    help="Token that reaches every tenant's data.  [default: not needed on loopback, otherwise generated]",
)
def serve(store: str, ttl: float | None, journal: int, *, aggregation: bool, quiet: bool, **options: Any) -> None:
    """Serve the API until SIGINT or SIGTERM. Each option has an environment variable, such as HIVESTAND_PORT."""
    collector.rest()
    if quiet and options["log_format"] is None:
        options["log_format"] = "none"
    given = {name: options.pop(f"store_{name}") for name in ("wait", "prefix", "timeout")}
    store_options = StoreOptions(ttl=ttl, journal=journal, aggregation=aggregation, **given)
    settings = Settings(store=store, store_options=store_options, **options)
    _check(settings)
    for name in _unknown_variables():
        say(f"warning: there is no option for the environment variable {name}")
    from hivestand.server.run import StartError, run  # noqa: PLC0415 - importing the server takes most of its start

    try:
        run(settings)
    except StartError as error:
        raise _Unavailable(str(error)) from error


def _unknown_variables() -> Iterator[str]:
    """The variables that look like those of options and are not, each with the name that was meant, if one is near."""
    known = [f"HIVESTAND_{parameter.name}".upper() for parameter in serve.params]
    for name in sorted(os.environ):
        if name.startswith("HIVESTAND_") and name not in {*known, *_OTHER_VARIABLES}:
            near = difflib.get_close_matches(name, known, 1, cutoff=0.85)
            yield f"{name}; is {near[0]} meant?" if near else name


def _check(settings: Settings) -> None:
    """Refuse what cannot be served, before connecting to anything."""
    try:
        store_for(settings.store, settings.store_options)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--store'") from error
    if settings.keys is not None:
        from hivestand.server.auth import read_keys  # noqa: PLC0415 - importing the server takes most of its start

        try:
            read_keys(Path(settings.keys))
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="'--keys'") from error
    if settings.workers > 1 and settings.store.startswith("memory:"):
        raise click.UsageError(
            "--workers needs a Redis store: memory:// belongs to one process, which others cannot see into"
        )
    if settings.workers > 1 and not hasattr(os, "fork"):
        raise click.UsageError("--workers needs a system that can fork")


@hivestand.command()
@click.argument("name", type=click.Choice(DOCUMENTS), default="honeyhive")
@click.option("--lint", "linting", is_flag=True, help="Check the document against the OpenAPI specification.")
def openapi(name: str, *, linting: bool) -> None:
    """Print an OpenAPI document: of the mocked API, or of the admin API."""
    if not linting:
        click.echo(path_of(name).read_text(encoding="utf-8"), nl=False)
        return
    try:
        violations = lint(load(name))
    except ModuleNotFoundError as error:
        raise _missing("conformance", error) from error
    for violation in violations:
        click.echo(violation)
    if violations:
        sys.exit(1)
    click.echo(f"{name}.yaml is valid OpenAPI 3.1")


@hivestand.command()
@click.argument("file", type=click.File("rb"))
def explain(file: IO[bytes]) -> None:
    """Explain where each value of a request went, and what was reported.

    FILE holds OTLP in JSON, a request with its method, path and body, or an entry of the journal; - is standard input.
    """
    from hivestand.server.explain import NothingToExplain, explanation_of  # noqa: PLC0415 - as in `serve`

    try:
        lines = explanation_of(json.load(file))
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, NothingToExplain) else f"it is no JSON: {error}"
        raise click.BadParameter(reason, param_hint="FILE") from error
    for line in lines:
        click.echo(line)


@hivestand.command()
@click.argument("url", required=False)
@click.option("--token", envvar="HIVESTAND_TOKEN", default=defaults.TOKEN, help="Bearer token; also HIVESTAND_TOKEN.")
@click.option("--second-token", help="Token of another account, to test that accounts are isolated.")
@click.option("--bad-token", default=defaults.BAD_TOKEN, show_default=True, help="A token that the target must refuse.")
@click.option(
    "--operation", "operations", multiple=True, metavar="ID", help="Test only this operation; may be repeated."
)
@click.option(
    "--only", metavar="GLOB", default="*", help="Test only requirements whose id matches, such as SES-MERGE-*."
)
@click.option(
    "--level",
    type=click.Choice(["MUST", "SHOULD"]),
    default="MUST",
    show_default=True,
    help="Lowest level that fails the run.",
)
@click.option(
    "--quick",
    is_flag=True,
    help=f"At most {defaults.QUICK_BUDGET} requests: generates nothing and packs many cases into one post.",
)
@click.option(
    "--strict", is_flag=True, help="Ask for the strict profile, and check that the target enforces the request schema."
)
@click.option("--seed", type=int, help="Seed of the generated requests.  [default: random]")
@click.option(
    "--rate",
    type=click.FloatRange(0),
    help=f"Requests per second; {defaults.POLITE_RATE:g} for a target that is not on loopback.",
)
@click.option(
    "--max-requests",
    type=click.IntRange(1),
    help=f"Budget; {defaults.BUDGET} on loopback, else {defaults.POLITE_BUDGET}, {defaults.QUICK_BUDGET} with --quick.",
)
@click.option(
    "--timeout", type=_Seconds(), default=defaults.TIMEOUT, show_default=True, help="Seconds to wait for a response."
)
@click.option("--header", "headers", multiple=True, metavar="'K: V'", help="Header of every request; may be repeated.")
@click.option("--ca-file", type=click.Path(exists=True, dir_okay=False), help="File of certificates to trust.")
@click.option(
    "--known-failing", type=click.Path(exists=True, dir_okay=False), help="File of ids that may fail, one a line."
)
@click.option("--json", "json_file", type=_FILE, help="Write the report to this file as JSON.")
@click.option("--junit", "junit_file", type=_FILE, help="Write the report to this file as JUnit XML.")
@click.option("--html", "html_file", type=_FILE, help="Write the report to this file as an HTML page.")
@click.option(
    "--markdown", "markdown_file", type=_FILE, help="Write what does not pass to this file as a Markdown table."
)
@click.option("--list", "listing", is_flag=True, help="Print the requirements and send nothing.")
def check(**options: Any) -> None:
    """Check whether a deployment keeps the contract, sentence by sentence.

    Exit status 0 if it does, 1 if not, 2 for wrong usage, 3 if it does not respond or the run cannot be finished.
    """
    try:
        from hivestand.conformance.command import check as run_check  # noqa: PLC0415 - Schemathesis, where it is used
    except ModuleNotFoundError as error:
        raise _missing("conformance", error) from error
    try:
        sys.exit(run_check(options))
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def main() -> NoReturn:
    """Run the command line; an error is printed as one line."""
    open_standard_descriptors()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a character stops nothing
    try:
        sys.exit(hivestand.main(standalone_mode=False))
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(USAGE)
    except click.ClickException as error:
        click.echo(f"hivestand: {error.format_message()}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
