"""`customer-graph router reconcile`."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from tqdm import tqdm

from kernel.settings import ConfigurationProblem, load
from router.config import Table
from router.graphql import Endpoint, EndpointFailed
from router.operators import config_option, quieten, read_table
from router.reconcile import COMPARISONS, Pair, Report
from router.reconcile import reconcile as compare_all
from router.settings import RouterSettings
from router.targets import new_session
from router.worker import tokens_from

__all__ = ["reconcile"]

#: Minutes. An event published later may be on its way, and SQS drops what it was sent within the last five.
LEAST_GRACE = 6.0


@click.command()
@config_option
@click.option("--target", "only", type=click.Choice(sorted(COMPARISONS)), help="One copy; all by default.")
@click.option(
    "--grace",
    type=click.FloatRange(min=LEAST_GRACE),
    default=10.0,
    show_default=True,
    help="Minutes; events published later are left alone.",
)
@click.option("--dry-run", is_flag=True, help="Report only; exit 1 when a copy is behind.")
def reconcile(router_config: Path | None, only: str | None, grace: float, dry_run: bool) -> None:
    """Compare the copies with the customer subgraph, and publish again what they lack."""
    settings = load(RouterSettings, router_config=router_config)
    quieten(settings)
    before = datetime.now(UTC) - timedelta(minutes=grace)
    try:
        reports = asyncio.run(_reconcile(settings, read_table(settings), only, before, not dry_run))
    except EndpointFailed as problem:
        raise ConfigurationProblem(str(problem)) from problem
    for target, report in reports.items():
        click.echo(
            f"{target}: {report.compared} compared, {report.behind} behind, {report.republished} sent again"
        )
    if dry_run and any(report.behind for report in reports.values()):
        raise click.exceptions.Exit(1)


async def _reconcile(
    settings: RouterSettings, table: Table, only: str | None, before: datetime, repair: bool
) -> dict[str, Report]:
    reports = {}
    async with new_session() as session:
        tokens = tokens_from(settings, session)
        source = Endpoint("customer", settings.customer_url, session, tokens)
        for target, queue in _pairs(table, only):
            copy = Endpoint(target, table.targets[target].url, session, tokens)
            with tqdm(unit="event", desc=target, file=sys.stderr, disable=None) as bar:
                reports[target] = await compare_all(
                    source, Pair(queue, copy, COMPARISONS[target]), before, repair=repair, progress=bar.update
                )
    return reports


def _pairs(table: Table, only: str | None) -> list[tuple[str, str]]:
    """Each copy with the queue that feeds it."""
    pairs = [
        (target, queue.name)
        for queue in table.queues.values()
        for target in sorted(queue.targets)
        if target in COMPARISONS and only in (None, target)
    ]
    if not pairs:
        raise ConfigurationProblem(f"no queue of {table.path} feeds a copy that can be compared")
    return pairs
