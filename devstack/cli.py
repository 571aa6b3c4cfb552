"""`customer-graph devstack …`: the whole system on this machine."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from devstack import applicants, state
from devstack.applicants import ApplicantFileError
from devstack.keys import MOST_LIFETIME_SECONDS, ROLES, TOKEN_LIFETIME_SECONDS, signer
from devstack.layout import DataFolder
from devstack.running import Options, end_leftovers
from devstack.seed import Seeder, write_map
from devstack.settings import DevstackSettings
from devstack.smoke import smoke
from devstack.stack import GATEWAY_PORT
from devstack.status import as_json, as_table, status
from devstack.up import demo_applicants, load_with_progress, run_until_stopped, say, up
from kernel.settings import ConfigurationProblem, load

__all__ = ["command"]

#: Customers that the demo loads.
DEMO_CUSTOMERS = 100

_data = click.option(
    "--data",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".data"),
    show_default=True,
    callback=lambda _context, _parameter, path: DataFolder.at(path),
    help="Folder that keeps databases, keys and logs.",
)


@click.group()
def command() -> None:
    """Everything on this machine, with nothing installed but Python: up, down, status, seed, token, reset."""


@command.command("up")
@_data
@click.option(
    "--gateway-port",
    type=click.IntRange(0, 65535),
    default=GATEWAY_PORT,
    show_default=True,
    help="Port that clients use; 0 takes any free one.",
)
@click.option(
    "--demo/--no-demo", default=True, show_default=True, help="Load customers and ask a first query."
)
@click.option(
    "--customers",
    type=click.IntRange(1),
    default=DEMO_CUSTOMERS,
    show_default=True,
    help="How many customers the demo loads.",
)
def _up(folder: DataFolder, gateway_port: int, demo: bool, customers: int) -> None:
    """Start all servers and processes, and keep them running until Ctrl-C."""
    options = Options(folder, load(DevstackSettings), gateway_port, say)
    run_until_stopped(up(options, customers if demo else None))


@command.command("smoke")
@click.option("--customers", type=click.IntRange(2), default=10, show_default=True)
def _smoke(customers: int) -> None:
    """Start a stack in a temporary folder on free ports, check its answers, and stop it; exit code 0 or 1."""
    with tempfile.TemporaryDirectory(prefix="customer-graph-smoke-") as path:
        Path(path).chmod(0o755)  # PostgreSQL may run as another user, who must get in
        options = Options(DataFolder.at(Path(path, "data")), load(DevstackSettings), 0, say)
        failures: list[str] = []
        run_until_stopped(smoke(options, customers, failures))
    if failures:
        raise SystemExit(1)


@command.command("down")
@_data
def _down(folder: DataFolder) -> None:
    """Stop the stack of this data folder; does nothing when none runs."""
    say("stopped" if _stop(folder) else "nothing is running")


@command.command("status")
@_data
@click.option("--json", "json_form", is_flag=True, help="For machines.")
def _status(folder: DataFolder, json_form: bool) -> None:
    """Show every server and process; exit code 1 when no stack runs."""
    processes = status(folder)
    click.echo(as_json(processes) if json_form else as_table(processes))
    if not processes:
        raise SystemExit(1)


@command.command("reset")
@_data
def _reset(folder: DataFolder) -> None:
    """Stop the stack and delete its data folder."""
    _stop(folder)
    folder.delete()
    say(f"{folder.root} is gone")


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
def _token(folder: DataFolder, scopes: str, subject: str, lifetime_seconds: int) -> None:
    """Print an access token for the stack of this data folder, alone on the last line."""
    folder.create()
    click.echo(signer(folder).token(subject, scopes, lifetime_seconds))


@command.command("seed")
@_data
@click.option("--all", "everyone", is_flag=True, help="All applicants that come with the project.")
@click.option("--customers", type=click.IntRange(1), help="The first so many of them.")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The applicants of this CSV file.",
)
@click.option(
    "--map",
    "map_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write which applicant is which customer: CSV with the columns applicant,customerId.",
)
def _seed(
    folder: DataFolder, everyone: bool, customers: int | None, source: Path | None, map_path: Path | None
) -> None:
    """Load applicants into the running stack; those who are there already are left alone."""
    if (everyone, customers, source) == (False, None, None) or sum(
        (everyone, customers is not None, source is not None)
    ) > 1:
        raise ConfigurationProblem("say who is to be loaded: one of --all, --customers N, --from FILE.csv")
    wanted = _applicants(source)[:customers]
    seeder = Seeder(folder, _gateway_url(folder), signer(folder).token("seeder", ROLES["clerk"]))
    run_until_stopped(load_with_progress(seeder, wanted))
    if map_path is not None:
        loaded = {row.applicant: row for row in seeder.loaded}
        write_map(map_path, [loaded[applicant.number] for applicant in wanted])
        say(f"wrote {map_path}")


def _applicants(source: Path | None) -> list[applicants.Applicant]:
    if source is None:
        return demo_applicants()
    try:
        return applicants.read(source)
    except ApplicantFileError as error:
        raise ConfigurationProblem(str(error)) from error


def _gateway_url(folder: DataFolder) -> str:
    record = state.load(folder)
    if record is None or not state.is_alive(record.supervisor):
        raise ConfigurationProblem(
            f"no stack runs on {folder.root}; start one with `customer-graph devstack up`, "
            "or name its folder with --data DIR"
        )
    return record.named("gateway").url


def _stop(folder: DataFolder) -> bool:
    """Stop the supervisor, which stops everything; True when there was something to stop."""
    record = state.load(folder)
    if record is None:
        return False
    supervised = state.is_alive(record.supervisor)
    if supervised:
        state.end([record.supervisor])
    end_leftovers(folder, say)
    return supervised
