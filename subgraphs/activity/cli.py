"""`customer-graph activity …`"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import click

from kernel import telemetry
from kernel.asgi import serve as serve_until_stopped
from kernel.settings import load
from subgraphs.activity.settings import ActivitySettings, StoreSettings

if TYPE_CHECKING:
    from subgraphs.activity.store import ActivityStore

__all__ = ["command"]

T = TypeVar("T")


@click.group(name="activity")
def command() -> None:
    """The activity subgraph: card purchases, bureau queries and movements."""


@command.command()
@click.option("--host", help="Address to listen on [HOST].")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, 0 for a free one [PORT].")
def serve(host: str | None, port: int | None) -> None:
    """Serve the subgraph until SIGTERM. Needs ACTIVITY_STORE_URL, AUTH_JWKS and AUTH_ISSUER."""
    from subgraphs.activity.app import activity_service

    settings = load(ActivitySettings, host=host, port=port)
    telemetry.configure_logging("activity", settings.log_format, settings.log_level)
    serve_until_stopped(activity_service(settings))


@command.command()
def migrate() -> None:
    """Bring the store's schema and data to this version; repeatable. Needs ACTIVITY_STORE_URL.

    Reads go on meanwhile; writes pause for the last moments, and the router sends them again.
    """
    click.echo(_with_store(lambda store: store.migrate()))


@command.command()
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="Events that occurred before this day (UTC) are deleted.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def expire(before: datetime, yes: bool) -> None:
    """Delete old events, as the rules on keeping data demand. Needs ACTIVITY_STORE_URL.

    To be run daily by whoever runs commands daily. Do not replay or reconcile from further back.
    """
    if not yes:
        click.confirm(f"This deletes all events before {before:%Y-%m-%d}. Go on?", abort=True)
    moment = before.replace(tzinfo=UTC)
    click.echo(f"{_with_store(lambda store: store.expire(moment))} events deleted")


def _with_store(work: Callable[[ActivityStore], Awaitable[T]]) -> T:
    from subgraphs.activity.store import store_at

    settings = load(StoreSettings)
    store = store_at(settings.activity_store_url.get_secret_value(), settings.activity_store_api_key)

    async def run() -> T:
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


@command.command()
def schema() -> None:
    """Print the subgraph's SDL. Needs nothing."""
    from subgraphs.activity.schema import build_schema
    from subgraphs.edge import sdl

    click.echo(sdl.export(build_schema()), nl=False)
