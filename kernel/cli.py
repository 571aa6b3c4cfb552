"""The one console script. Each deployable brings its own commands, imported only when called."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from typing import NoReturn

import click

from kernel.settings import ConfigurationProblem

__all__ = ["main"]


@dataclass(frozen=True, slots=True)
class _Entry:
    module: str
    extra: str
    help: str


_COMMANDS = {
    "activity": _Entry("subgraphs.activity.cli", "activity", "Activity subgraph: serve, migrate, schema."),
    "customer": _Entry(
        "subgraphs.customer.cli",
        "customer",
        "Customer subgraph: serve, relay, provision, migrate, replay, schema.",
    ),
    "devstack": _Entry(
        "devstack.cli", "devstack", "Everything on this machine: up, down, status, seed, token."
    ),
    "gateway": _Entry("gateway.cli", "gateway", "Federation gateway: serve, compose, plan, dev, mock."),
    "issuer": _Entry("devstack.issuer_cli", "devstack", "Secrets and tokens for docker-compose.yml."),
    "rating": _Entry(
        "subgraphs.rating.cli", "rating", "Rating subgraph: serve, extract, recompute, indexes."
    ),
    "router": _Entry("router.cli", "router", "Router worker: run, check, explain, setup, dlq, reconcile."),
    "schema": _Entry("devstack.schema_cli", "devstack", "Export and compose the schemas in schema/."),
}


def _missing_package(error: ModuleNotFoundError, command: str) -> ConfigurationProblem | None:
    """What to install; None when a module of our own is missing, which no installing would mend."""
    package = (error.name or "").split(".")[0]
    if package in ("", "kernel", *(entry.module.split(".")[0] for entry in _COMMANDS.values())):
        return None
    return ConfigurationProblem(
        f"`{command}` needs the package {package}; install it with: "
        f"pip install 'customer-graph[{_COMMANDS[command].extra}]'"
    )


class _Commands(click.Group):
    """A group whose members are looked up in the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names in alphabetical order."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the deployable's commands; raises `ConfigurationProblem` when its extra is not installed."""
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            return None
        try:
            module = importlib.import_module(entry.module)
        except ModuleNotFoundError as error:
            problem = _missing_package(error, cmd_name)
            if problem is None:
                raise
            raise problem from error
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the table."""
        # The table's own text: asking each command for its help would import every driver.
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name].help) for name in sorted(_COMMANDS)])


@click.command(cls=_Commands, name="customer-graph")
@click.version_option(package_name="customer-graph")
def _customer_graph() -> None:
    """Customer Graph: one graph over profile, rating and activity, and the gateway that serves it."""


def main() -> None:
    """Run the command line; a problem the caller can solve is one line on standard error and exit code 2."""
    try:
        _customer_graph(prog_name="customer-graph")
    except ConfigurationProblem as problem:
        _give_up(problem)
    except ModuleNotFoundError as error:
        # Commands import what only they need when they run.
        name = next(iter(sys.argv[1:]), "")
        missing = _missing_package(error, name) if name in _COMMANDS else None
        if missing is None:
            raise
        _give_up(missing)


def _give_up(problem: ConfigurationProblem) -> NoReturn:
    click.echo(f"customer-graph: {problem}", err=True)
    sys.exit(2)
