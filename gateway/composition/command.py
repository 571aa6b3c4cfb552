"""`customer-graph gateway compose`: subgraph SDLs into a supergraph file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.composition.pipeline import compose
from gateway.composition.result import CompositionResult
from gateway.composition.sources import SourceProblem, load_sources, read_source

__all__ = ["command"]

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("compose")
@click.argument("sources", nargs=-1, required=True, type=_FILE)
@click.option("-o", "--output", type=_FILE, help="Write the supergraph there (default: standard output).")
@click.option("--api", type=_FILE, help="Also write the API schema, as clients see it, there.")
@click.option("--include-tag", "include_tags", multiple=True, help="Contract: keep only what has this @tag.")
@click.option("--exclude-tag", "exclude_tags", multiple=True, help="Contract: leave out what has this @tag.")
@click.option("--hints/--no-hints", default=True, help="Tell on standard error what composition decided.")
def command(  # noqa: PLR0913 - one parameter per option
    *,
    sources: tuple[Path, ...],
    output: Path | None,
    api: Path | None,
    include_tags: tuple[str, ...],
    exclude_tags: tuple[str, ...],
    hints: bool,
) -> None:
    """Compose SOURCES (one supergraph.yaml, or SDL files) into a supergraph.

    Exit code 1 with one line per error when the subgraphs do not compose, 2 when they cannot be read.
    """
    try:
        inputs = [read_source(source) for source in load_sources(sources)]
    except SourceProblem as problem:
        click.echo(f"customer-graph gateway compose: {problem}", err=True)
        sys.exit(2)
    result = compose(inputs, include_tags=include_tags, exclude_tags=exclude_tags)
    _tell(result, hints=hints)
    if result.supergraph_sdl is None:
        sys.exit(1)
    if output is None:
        click.echo(result.supergraph_sdl, nl=False)
    else:
        output.write_text(result.supergraph_sdl, encoding="utf-8")
    if api is not None and result.api_sdl is not None:
        api.write_text(result.api_sdl, encoding="utf-8")


def _tell(result: CompositionResult, *, hints: bool) -> None:
    for hint in result.hints if hints else ():
        click.echo(f"hint {hint}", err=True)
    for error in result.errors:
        click.echo(f"error {error}", err=True)
    if result.errors:
        count = len(result.errors)
        click.echo(f"The subgraphs do not compose: {count} error{'s' if count > 1 else ''}.", err=True)
