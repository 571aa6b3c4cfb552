"""`customer-graph issuer …`: what the issuer of docker-compose.yml runs. In production others do its work."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from devstack.issuer import Issuer
from devstack.keys import MOST_LIFETIME_SECONDS, ROUTER_TOKEN_RENEWAL_SECONDS, TOKEN_LIFETIME_SECONDS
from devstack.layout import DataFolder

__all__ = ["command"]

_ENDS = {signal.SIGTERM, signal.SIGINT}
_data = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="ISSUER_DATA",
    required=True,
    help="Folder that keeps the keys (ISSUER_DATA).",
)
_out = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="ISSUER_OUT",
    required=True,
    help="Folder with one folder for each reader (ISSUER_OUT).",
)


@click.group()
def command() -> None:
    """Secrets and tokens for docker-compose.yml: not for production, which has a store and a provider."""


@command.command("run")
@_data
@_out
def _run(data: Path, out: Path) -> None:
    """Make what is missing, hand it out, and renew the tokens until SIGTERM."""
    # Blocked, so that none is lost between two waits; the first process of a container ignores it otherwise.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    issuer = Issuer(DataFolder.at(data), out)
    issuer.hand_out()
    click.echo("secrets and tokens are handed out")
    while signal.sigtimedwait(_ENDS, ROUTER_TOKEN_RENEWAL_SECONDS) is None:
        issuer.renew()


@command.command("token")
@_data
@click.option("--scopes", default="", help='Space-separated, such as "graph:write customer:pii".')
@click.option("--sub", "subject", default="developer", show_default=True, help="Who the token is for.")
@click.option(
    "--lifetime",
    "lifetime_seconds",
    type=click.IntRange(1, MOST_LIFETIME_SECONDS),
    default=TOKEN_LIFETIME_SECONDS,
    show_default=True,
    help="Seconds.",
)
def _token(data: Path, scopes: str, subject: str, lifetime_seconds: int) -> None:
    """Print an access token that every process accepts, alone on the last line."""
    keys = Issuer(DataFolder.at(data), data).signer()
    click.echo(keys.token(subject, scopes, lifetime_seconds))
