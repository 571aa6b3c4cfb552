"""`customer-graph gateway …`: serve, plan, compose, dev, mock."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import ClassVar

import click

from gateway.app import build, read_supergraph
from gateway.errors import ClientProblem, Refusal
from gateway.operation.documents import read_document
from gateway.operation.limits import OperationLimits
from gateway.operation.normalise import normalise
from gateway.operation.operation import operation_of
from gateway.plan import PlanBudget, plan
from gateway.plan.nodes import QueryPlan
from gateway.plan.printer import to_json, to_text
from gateway.settings import GatewaySettings
from gateway.supergraph import Supergraph
from kernel.asgi import serve
from kernel.settings import ConfigurationProblem, load
from kernel.telemetry import configure_logging

__all__ = ["command"]

_FILE = click.Path(path_type=Path, dir_okay=False)


class _Commands(click.Group):
    """A group that imports composing, developing and mocking only when they are asked for."""

    _ELSEWHERE: ClassVar = {
        "compose": ("gateway.composition.command", "Compose subgraph SDLs into a supergraph."),
        "dev": ("gateway.dev", "Watch subgraphs, compose them again, serve the result."),
        "mock": ("gateway.mock", "Answer for subgraphs that do not exist yet."),
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self._ELSEWHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = self._ELSEWHERE.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        found: click.Command = importlib.import_module(place[0]).command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        # The table's own texts: asking each command for its help would import all of them.
        own = [(name, item.get_short_help_str()) for name, item in self.commands.items()]
        elsewhere = [(name, text) for name, (_, text) in self._ELSEWHERE.items()]
        with formatter.section("Commands"):
            formatter.write_dl(sorted([*own, *elsewhere]))


@click.group(cls=_Commands)
def command() -> None:
    """The federation gateway: serves any Federation supergraph."""


@command.command("serve")
@click.option("--supergraph", type=_FILE, help="Supergraph SDL (GATEWAY_SUPERGRAPH).")
@click.option("--config", type=_FILE, help="gateway.yaml (GATEWAY_CONFIG).")
@click.option("--host", help="Address to listen on (HOST; default 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (PORT; default 4000).")
@click.option("--no-auth", is_flag=True, help="Authenticate nobody; pass the authorization header on.")
@click.option("--introspection", is_flag=True, help="Let clients ask for the schema.")
@click.option("--dev", is_flag=True, help="Development: introspection, suggestions, query plans, text log.")
def serve_command(  # noqa: PLR0913 - one parameter per option
    supergraph: Path | None,
    config: Path | None,
    host: str | None,
    port: int | None,
    *,
    no_auth: bool,
    introspection: bool,
    dev: bool,
) -> None:
    """Serve a supergraph."""
    settings = load(
        GatewaySettings,
        gateway_supergraph=supergraph,
        gateway_config=config,
        host=host,
        port=port,
        gateway_auth=False if no_auth else None,
        gateway_introspection=True if introspection else None,
        environment="development" if dev else None,
        log_format="text" if dev else None,
    )
    configure_logging("gateway", settings.log_format, settings.log_level)
    serve(build(settings))


@command.command("plan")
@click.option("--supergraph", type=_FILE, required=True, help="Supergraph SDL.")
@click.option("--query", type=_FILE, required=True, help="File with the operation.")
@click.option("--operation", "operation_name", help="Which operation, if the file has several.")
@click.option("--variables", default="{}", help="Values as JSON; only those of @skip and @include matter.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def plan_command(
    supergraph: Path, query: Path, operation_name: str | None, variables: str, output: str
) -> None:
    """Print the query plan of an operation, as readable text or as Apollo-shaped JSON."""
    query_plan = _plan(read_supergraph(supergraph), _read(query), operation_name, _variables(variables))
    click.echo(to_text(query_plan) if output == "text" else json.dumps(to_json(query_plan), indent=2))


def _plan(supergraph: Supergraph, text: str, name: str | None, variables: dict[str, object]) -> QueryPlan:
    try:
        document = read_document(supergraph.api_schema, text, OperationLimits(), suggestions=True)
        operation = operation_of(supergraph, document, name, guarded=False)
        values = operation.conditions(variables)
        conditions = dict(zip(operation.condition_names, values, strict=True))
        normalised = normalise(supergraph, document.node, operation.node, conditions)
        return plan(supergraph, normalised, frozenset(), PlanBudget())
    except Refusal as refusal:
        raise ConfigurationProblem("\n".join(problem.message for problem in refusal.problems)) from refusal
    except ClientProblem as problem:
        raise ConfigurationProblem(f"{problem.code.value}: {problem.message}") from problem


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationProblem(f"cannot read {path}: {error}") from error


def _variables(text: str) -> dict[str, object]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ConfigurationProblem(f"--variables is not valid JSON: {error}") from error
    if not isinstance(values, dict):
        raise ConfigurationProblem("--variables must be a JSON object")
    return values
