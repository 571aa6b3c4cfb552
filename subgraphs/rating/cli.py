"""`customer-graph rating …`"""

from __future__ import annotations

import asyncio

import click

from kernel import telemetry
from kernel.asgi import serve as serve_until_stopped
from kernel.settings import load
from subgraphs.rating.settings import RatingSettings, StoreSettings

__all__ = ["command"]


@click.group(name="rating")
def command() -> None:
    """The rating subgraph: scores, and features for machine learning."""


@command.command()
@click.option("--host", help="Address to listen on [HOST].")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, 0 for a free one [PORT].")
def serve(host: str | None, port: int | None) -> None:
    """Serve the subgraph until SIGTERM. Needs RATING_MONGODB_URL, AUTH_JWKS and AUTH_ISSUER."""
    from subgraphs.rating.app import rating_service

    settings = load(RatingSettings, host=host, port=port)
    telemetry.configure_logging("rating", settings.log_format, settings.log_level)
    serve_until_stopped(rating_service(settings))


@command.command()
def indexes() -> None:
    """Make the indexes that the database lacks; repeatable. Needs RATING_MONGODB_URL."""
    from subgraphs.rating.store import RatingStore

    settings = load(StoreSettings)

    async def run() -> list[str]:
        store = RatingStore(settings)
        try:
            missing = await store.missing_indexes()
            await store.create_indexes()
            return missing
        finally:
            await store.close()

    made = asyncio.run(run())
    click.echo(f"made the indexes on {', '.join(made)}" if made else "all indexes are there")


@command.command()
def schema() -> None:
    """Print the subgraph's SDL. Needs nothing."""
    from subgraphs.edge import sdl
    from subgraphs.rating.schema import build_schema

    click.echo(sdl.export(build_schema()), nl=False)
