"""`customer-graph router …`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from kernel.settings import load
from router.dlq_cli import dlq
from router.operators import config_option, read_table, with_queues
from router.queue import Queues
from router.reconcile_cli import reconcile
from router.settings import MOST_PROCESSES, RouterSettings

__all__ = ["command"]


@click.group(name="router")
def command() -> None:
    """Router worker: carries events from SQS to the subgraphs, as router.yaml says."""


@command.command()
@config_option
@click.option(
    "--processes", type=click.IntRange(min=1), help="Workers; one per core by default, four at most."
)
@click.option("--port", type=click.IntRange(0, 65535), help="Health and metrics; else PORT, else 4102.")
@click.option(
    "--worker-ports",
    type=click.IntRange(1, 65535),
    help="First port for the health and metrics of all workers but the first; any free ones by default.",
)
@click.option("--attached", is_flag=True, hidden=True, help="End when standard input ends.")
def run(
    router_config: Path | None,
    processes: int | None,
    port: int | None,
    worker_ports: int | None,
    attached: bool,
) -> None:
    """Work until SIGTERM, then drain."""
    from router.serve import end_with_parent, run_one, run_several

    settings = load(RouterSettings, router_config=router_config, port=port)
    if attached:
        end_with_parent()
    count = processes or min(MOST_PROCESSES, os.cpu_count() or 1)
    if count == 1:
        run_one(settings)
    else:
        run_several(settings, count, worker_ports)


@command.command()
@config_option
def check(router_config: Path | None) -> None:
    """Check the routing table, and every mutation and argument against its target's schema."""
    from router.worker import load_calls

    table, calls = load_calls(load(RouterSettings, router_config=router_config))
    for queue, routes in calls.items():
        for event_type, call in routes.items():
            click.echo(f"{queue}: {event_type} → {call.route.target}.{call.route.mutation}")
    click.echo(f"{table.path} is right.")


@command.command()
@config_option
@click.argument("event", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
def explain(router_config: Path | None, event: Path) -> None:
    """Print the route that the event in the file EVENT (- for standard input) takes, and the exact request.

    Nothing is sent.
    """
    from router.calls import compile_calls, load_schemas
    from router.explain import explain as explained

    table = read_table(load(RouterSettings, router_config=router_config))
    schemas = load_schemas(table)
    with click.open_file(str(event), encoding="utf-8") as file:
        body = file.read()
    click.echo(explained(table, compile_calls(table, schemas), schemas, body))


@command.command()
@config_option
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit 1 when something differs.")
def setup(router_config: Path | None, only_check: bool) -> None:
    """Make the queues, their DLQs and redrive policies as the routing table says. Safe to repeat."""
    from router.worker import policy_of

    settings = load(RouterSettings, router_config=router_config)
    table = read_table(settings)

    async def work(queues: Queues) -> list[str]:
        found = []
        for queue in table.queues.values():
            act = queues.differences if only_check else queues.ensure
            found += await act(queue.name, policy_of(queue))
        return found

    found = with_queues(settings, work)
    for line in found:
        click.echo(line)
    if not found:
        click.echo("All queues are as they should be.")
    if only_check and found:
        raise click.exceptions.Exit(1)


command.add_command(dlq)
command.add_command(reconcile)
