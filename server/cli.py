"""The command line: `skep serve` and `skep openapi`.

Exit status 0 on a clean end, 2 for a wrong flag or value, 3 where something that is needed cannot be had: the store, or
the address to listen on.
"""

import math
import sys
from typing import Any, NoReturn

import click

from skep.openapi import DOCUMENTS, lint, load, path_of
from skep.server.settings import Settings

USAGE, UNAVAILABLE = 2, 3
_DEFAULT = Settings()


class _Unavailable(click.ClickException):
    exit_code = UNAVAILABLE


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="skep")
def skep() -> None:
    """A stand-in for HoneyHive's session API."""


def _known_store(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    from skep.handlers.store import store_for  # noqa: PLC0415 - `skep --help` needs no store

    try:
        store_for(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return value


def _finite(_context: click.Context, _parameter: click.Parameter, value: float) -> float:
    if not math.isfinite(value):
        raise click.BadParameter("not a number of seconds")
    return value


@skep.command(context_settings={"auto_envvar_prefix": "SKEP"})
@click.option("--host", default=_DEFAULT.host, show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=_DEFAULT.port, show_default=True, help="Port; 0 takes a free one."
)
@click.option(
    "--store",
    default=_DEFAULT.store,
    show_default=True,
    callback=_known_store,
    help="memory://, redis://host:port/db, rediss://… or unix://path.",
)
@click.option(
    "--max-body", type=click.IntRange(1), default=_DEFAULT.max_body, show_default=True, help="Largest body, bytes."
)
@click.option(
    "--body-timeout",
    type=click.FloatRange(0, min_open=True),
    callback=_finite,
    default=_DEFAULT.body_timeout,
    show_default=True,
    help="Seconds in which a body has to arrive.",
)
@click.option("--cors/--no-cors", default=_DEFAULT.cors, show_default=True, help="Let web pages call the API.")
def serve(**options: Any) -> None:
    """Serve the API until SIGINT or SIGTERM. Each option has an environment variable, such as SKEP_PORT."""
    from skep.server.run import StartError, run  # noqa: PLC0415 - importing the server takes most of its start

    try:
        run(Settings(**options))
    except StartError as error:
        raise _Unavailable(str(error)) from error


@skep.command()
@click.argument("name", type=click.Choice(DOCUMENTS), default="honeyhive")
@click.option("--lint", "linting", is_flag=True, help="Judge the document by the OpenAPI specification.")
def openapi(name: str, *, linting: bool) -> None:
    """Print an OpenAPI document of skep's: that of the mocked API, or of its control API."""
    if not linting:
        click.echo(path_of(name).read_text(encoding="utf-8"), nl=False)
        return
    try:
        violations = lint(load(name))
    except ModuleNotFoundError as error:
        raise click.ClickException("this needs openapi-spec-validator: pip install 'skep[lint]'") from error
    for violation in violations:
        click.echo(violation)
    if violations:
        sys.exit(1)
    click.echo(f"{name}.yaml is valid OpenAPI 3.1")


def main() -> NoReturn:
    """Run the command line; what stops it is said in one line."""
    try:
        sys.exit(skep.main(standalone_mode=False))
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(USAGE)
    except click.ClickException as error:
        click.echo(f"skep: {error.format_message()}", err=True)
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
