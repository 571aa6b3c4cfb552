"""`customer-graph activity …`"""

from __future__ import annotations

import asyncio

import click

from kernel import telemetry
from kernel.asgi import serve as serve_until_stopped
from kernel.settings import load
from subgraphs.activity.settings import ActivitySettings, StoreSettings

__all__ = ["command"]


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
    """Bring the store's schema to this version; repeatable. Needs ACTIVITY_STORE_URL."""
    from subgraphs.activity.store import store_at

    settings = load(StoreSettings)
    store = store_at(settings.activity_store_url.get_secret_value(), settings.activity_store_api_key)

    async def run() -> str:
        try:
            return await store.migrate()
        finally:
            await store.close()

    click.echo(asyncio.run(run()))


@command.command()
def schema() -> None:
    """Print the subgraph's SDL. Needs nothing."""
    from subgraphs.activity.schema import build_schema
    from subgraphs.edge import sdl

    click.echo(sdl.export(build_schema()), nl=False)
