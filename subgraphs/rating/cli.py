"""`customer-graph rating …`"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

import click

from kernel import telemetry
from kernel.settings import ConfigurationProblem, load
from subgraphs.rating.clock import SystemClock
from subgraphs.rating.moment import moment_option
from subgraphs.rating.settings import RatingSettings, StoreSettings, chosen_scorecard

__all__ = ["command"]


@click.group(name="rating")
def command() -> None:
    """The rating subgraph: scores, and features for machine learning."""


@command.command()
@click.option("--host", help="Address to listen on [HOST].")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, 0 for a free one [PORT].")
def serve(host: str | None, port: int | None) -> None:
    """Serve the subgraph until SIGTERM. Needs RATING_MONGODB_URL, AUTH_JWKS and AUTH_ISSUER."""
    from kernel.asgi import serve as serve_until_stopped
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

    with _told_when_unavailable():
        made = asyncio.run(run())
    click.echo(f"made the indexes on {', '.join(made)}" if made else "all indexes are there")


@command.command()
@click.option(
    "--since",
    callback=moment_option,
    help="Only rows that changed at or after this moment or day (RFC 3339).",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["csv", "ndjson", "parquet"]),
    default="csv",
    show_default=True,
    help="Format of the output.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File to write; overwritten.",
)
@click.option("--resume", is_flag=True, help="Go on from the cursor file beside the output, adding to it.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def extract(
    since: datetime | None,
    output_format: Literal["csv", "ndjson", "parquet"],
    out: Path,
    resume: bool,
    quiet: bool,
) -> None:
    """Stream all feature rows into a file, oldest change first. Needs RATING_MONGODB_URL.

    A run that was broken off goes on with --resume; so does a later one, with what has changed since.
    """
    from subgraphs.rating.export.command import run_extraction
    from subgraphs.rating.export.run import Extraction

    settings = load(StoreSettings)
    extraction = Extraction(out, output_format, since, resume, settings.rating_extract_page)
    with _told_when_unavailable("what was written is kept: go on with --resume"):
        click.echo(asyncio.run(run_extraction(settings, extraction, quiet=quiet)))


@command.command()
@click.option("--scorecard", help="Version, or path of a .json file [RATING_SCORECARD].")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day of ages and arrears [today in Brasília]."
)
@click.option("--scheduler", help="Address of a Dask scheduler, such as tcp://host:8786 [a local cluster].")
@click.option("--workers", type=click.IntRange(1), help="Processes of the local cluster [one a core].")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def recompute(
    scorecard: str | None, as_of: datetime | None, scheduler: str | None, workers: int | None, quiet: bool
) -> None:
    """Rate all customers anew, on all cores. Needs RATING_MONGODB_URL, here and in the workers of a
    scheduler.

    To be run after a new scorecard version is in service, and whenever ages and arrears are to be today's.
    Repeatable: whoever comes out alike is not written.
    """
    from subgraphs.rating.cluster import Cluster
    from subgraphs.rating.domain.features import rating_day
    from subgraphs.rating.recompute import Job, run_recomputation

    settings = load(StoreSettings, rating_scorecard=scorecard)
    day = as_of.date() if as_of is not None else rating_day(SystemClock().now())
    job = Job(chosen_scorecard(settings.rating_scorecard), day)
    with _told_when_unavailable("whoever was rated stays so: run it again"):
        click.echo(run_recomputation(settings, job, Cluster(scheduler, workers), quiet=quiet))


@command.command()
def schema() -> None:
    """Print the subgraph's SDL. Needs nothing."""
    from subgraphs.edge import sdl
    from subgraphs.rating.schema import build_schema

    click.echo(sdl.export(build_schema()), nl=False)


@contextmanager
def _told_when_unavailable(advice: str = "is it running?") -> Iterator[None]:
    """One line instead of a traceback when the database does not answer."""
    from subgraphs.rating.store import StoreUnavailable

    try:
        yield
    except StoreUnavailable as error:
        raise ConfigurationProblem(f"the database at RATING_MONGODB_URL does not answer; {advice}") from error
