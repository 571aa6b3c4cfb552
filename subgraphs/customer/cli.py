"""`customer-graph customer …`"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import click

from kernel.asgi import serve as serve_http
from kernel.settings import ConfigurationProblem, load
from subgraphs.customer import settings as of
from subgraphs.customer.outbox import QUEUES
from subgraphs.customer.store import migrate as migrations
from subgraphs.customer.store import provision as provisioning
from subgraphs.customer.store import retention
from subgraphs.customer.store.engine import parse_url
from subgraphs.customer.store.replay import replay as replay_events

__all__ = ["command"]


@click.group(name="customer")
def command() -> None:
    """Customer subgraph: profiles in PostgreSQL, events by way of an outbox."""


@command.command()
@click.option("--host", help="Address to listen on (HOST).")
@click.option("--port", type=int, help="Port to listen on (PORT, 4001).")
@click.option("--with-relay", is_flag=True, help="Also carry the outbox to the queues, in this process.")
def serve(host: str | None, port: int | None, with_relay: bool) -> None:
    """Serve the subgraph until SIGTERM."""
    from subgraphs.customer.app import build_service

    settings = load(of.CustomerSettings, host=host, port=port)
    companion = None
    if with_relay:
        from subgraphs.customer.companion import relay_companion

        companion = relay_companion()
    serve_http(build_service(settings, companion))


@command.command()
@click.option("--host", help="Address of health and metrics (HOST).")
@click.option("--port", type=int, help="Port of health and metrics (PORT, 4101).")
def relay(host: str | None, port: int | None) -> None:
    """Carry the outbox to the queues until SIGTERM."""
    from subgraphs.customer.publishing.settings import RelaySettings
    from subgraphs.customer.relay import run

    run(load(RelaySettings, host=host, port=port))


@command.command()
def provision() -> None:
    """Create the database and its three roles, with the passwords of the URLs in the environment."""
    settings = load(of.ProvisionSettings)
    urls = {
        provisioning.OWNER: settings.customer_owner_database_url,
        provisioning.APPLICATION: settings.customer_database_url,
        provisioning.RELAY: settings.customer_relay_database_url,
    }
    passwords: dict[str, str] = {}
    databases: set[str | None] = set()
    for role, secret in urls.items():
        url = parse_url(secret.get_secret_value())
        if url.username != role or not url.password:
            raise ConfigurationProblem(f"the URL of the role {role} must name it and its password")
        passwords[role] = str(url.password)
        databases.add(url.database)
    database = databases.pop()
    if databases or database is None:
        raise ConfigurationProblem("the three database URLs must name one and the same database")
    superuser_url = settings.customer_superuser_database_url.get_secret_value()
    asyncio.run(provisioning.provision(superuser_url, passwords, database))
    click.echo(f"database {database} is there, owned by {provisioning.OWNER}")


@command.command()
@click.option("--to", "revision", default="head", show_default=True, help="Revision to migrate up to.")
@click.option("--down-to", help="Take back all revisions after this one instead; `base` destroys all data.")
@click.option("--yes", is_flag=True, help="Do not ask before data is destroyed.")
def migrate(revision: str, down_to: str | None, yes: bool) -> None:
    """Bring the schema to the newest revision, as the owner role."""
    url = load(of.MigrationSettings).customer_owner_database_url.get_secret_value()
    if down_to is None:
        reached = asyncio.run(migrations.upgrade(url, revision))
    else:
        if not yes:
            click.confirm("This destroys data. Go on?", abort=True)
        reached = asyncio.run(migrations.downgrade(url, down_to))
    click.echo(f"schema is at revision {reached}")


@command.command()
@click.option("--target", type=click.Choice(sorted(QUEUES)), required=True, help="The copy to rebuild.")
@click.option(
    "--since", required=True, help="Events from this instant on: 2026-11-01 or 2026-11-01T10:00:00Z."
)
def replay(target: str, since: str) -> None:
    """Send events of the outbox again; copies absorb what they have."""
    url = load(of.ReplaySettings).customer_relay_database_url.get_secret_value()
    count = asyncio.run(replay_events(url, QUEUES[target], _instant(since)))
    click.echo(f"{count} events for {target} wait for the relay again")


@command.command()
@click.argument("what", type=click.Choice(["access-log", "outbox"]))
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(min=1),
    required=True,
    help="Days; at least 180 for the access log, 30 for the outbox.",
)
def expire(what: str, days: int) -> None:
    """Delete what is older than it has to be kept, as the owner role. Repeatable, and harmless while serving.

    Of the outbox stay, whatever their age: events that wait, the newest profile of each customer, erasures.
    Any other event cannot be replayed any more, so keep it as long as activity keeps its events.
    """
    least = of.LEAST_DAYS[what]
    if days < least:
        raise click.BadParameter(f"must be {least} days or more for {what}", param_hint="--older-than")
    url = load(of.MigrationSettings).customer_owner_database_url.get_secret_value()
    before = datetime.now(UTC) - timedelta(days=days)
    run = retention.expire_access_log if what == "access-log" else retention.expire_outbox
    click.echo(f"{asyncio.run(run(url, before))} rows of the {what} deleted, older than {days} days")


@command.command()
def schema() -> None:
    """Print the subgraph's SDL."""
    from subgraphs.customer.schema import schema as built
    from subgraphs.edge import sdl

    click.echo(sdl.export(built), nl=False)


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("is not an ISO 8601 date or instant", param_hint="--since") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
