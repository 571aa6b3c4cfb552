"""`customer-graph gateway dev`: watch subgraphs, compose again, serve, and tell what broke."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import click

from gateway.app import build
from gateway.composition import CompositionResult, SubgraphInput, compose
from gateway.composition.sources import SourceProblem, SubgraphSource, load_sources, read_source
from gateway.settings import GatewaySettings
from kernel.asgi import serve
from kernel.settings import load
from kernel.telemetry import configure_logging

__all__ = ["Outcome", "Recomposer", "command"]

_FILE = click.Path(path_type=Path, dir_okay=False)
#: Seconds between two looks at the sources: soon enough after saving a file, cheap for a few services.
LOOK_SECONDS = 1.0


class Outcome(StrEnum):
    """What a look at the subgraphs led to."""

    UNCHANGED = "unchanged"
    COMPOSED = "composed"
    BROKEN = "broken"


@dataclass(slots=True)
class Recomposer:
    """Keeps a supergraph file up to date with its sources. The last good one stays when they break."""

    paths: Sequence[Path]
    output: Path
    tell: Callable[[str], None]
    _seen: tuple[SubgraphInput, ...] | None = field(default=None, init=False)
    _trouble: str = field(default="", init=False)

    def look(self) -> Outcome:
        """Read the sources and, if anything changed, compose and write the supergraph or say why not.

        The same trouble is told once, not at every look.
        """
        try:
            sources = load_sources(self.paths)
        except SourceProblem as problem:
            return self._broken(str(problem))
        inputs: list[SubgraphInput] = []
        problems: list[str] = []
        for source in sources:
            self._read(source, inputs, problems)
        if problems:
            return self._broken("\n".join(problems))
        if tuple(inputs) == self._seen and not self._trouble:
            return Outcome.UNCHANGED
        return self._compose(tuple(inputs))

    def _read(self, source: SubgraphSource, inputs: list[SubgraphInput], problems: list[str]) -> None:
        try:
            inputs.append(read_source(source))
        except SourceProblem as problem:
            problems.append(str(problem))

    def _compose(self, inputs: tuple[SubgraphInput, ...]) -> Outcome:
        changed = _changed(self._seen, inputs)
        began = time.perf_counter()
        result = compose(inputs)
        milliseconds = (time.perf_counter() - began) * 1000
        if result.supergraph_sdl is None:
            return self._broken(_explain(result))
        self._seen, self._trouble = inputs, ""
        _write(self.output, result.supergraph_sdl)
        self.tell(f"composed {len(inputs)} subgraphs in {milliseconds:.0f} ms ({changed})")
        for hint in result.hints:
            self.tell(f"hint {hint}")
        return Outcome.COMPOSED

    def _broken(self, trouble: str) -> Outcome:
        if trouble == self._trouble:
            return Outcome.UNCHANGED
        kept = "; the last good supergraph is still served" if self._seen is not None else ""
        self._trouble = trouble
        self.tell(f"{trouble}\nNot composed{kept}. Waiting for a change …")
        return Outcome.BROKEN


def _changed(before: tuple[SubgraphInput, ...] | None, after: tuple[SubgraphInput, ...]) -> str:
    if before is None:
        return "first time"
    old, new = {s.name: s for s in before}, {s.name: s for s in after}
    parts = [f"{name} changed" for name in new if name in old and old[name] != new[name]]
    parts += [f"{name} is new" for name in new if name not in old]
    parts += [f"{name} is gone" for name in old if name not in new]
    return ", ".join(parts) or "mended"


def _explain(result: CompositionResult) -> str:
    return "\n".join(f"error {error}" for error in result.errors)


def _write(path: Path, text: str) -> None:
    """Replace the file at once: whoever reads it sees the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".writing")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


@click.command("dev")
@click.argument("sources", nargs=-1, required=True, type=_FILE)
@click.option("-o", "--output", type=_FILE, help="Supergraph file to keep (default: a temporary one).")
@click.option("--config", type=_FILE, help="gateway.yaml (GATEWAY_CONFIG).")
@click.option("--host", help="Address to listen on (HOST; default 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (PORT; default 4000).")
def command(
    *, sources: tuple[Path, ...], output: Path | None, config: Path | None, host: str | None, port: int | None
) -> None:
    """Serve what SOURCES (one supergraph.yaml, or SDL files) compose to, and follow their changes.

    For development: nobody is authenticated, introspection and query plans are open.
    """
    with tempfile.TemporaryDirectory(prefix="customer-graph-") as folder:
        target = output or Path(folder) / "supergraph.graphql"
        recomposer = Recomposer(sources, target, lambda text: click.echo(text, err=True))
        while recomposer.look() is not Outcome.COMPOSED:
            time.sleep(LOOK_SECONDS)
        settings = load(
            GatewaySettings,
            gateway_supergraph=target,
            gateway_config=config,
            host=host,
            port=port,
            gateway_auth=False,
            environment="development",
            log_format="text",
        )
        configure_logging("gateway", settings.log_format, settings.log_level)
        service = build(settings)
        ended = threading.Event()
        watch = threading.Thread(target=_watch, args=(recomposer, ended), name="recompose", daemon=True)
        watch.start()
        try:
            serve(service)
        finally:
            ended.set()
            watch.join(LOOK_SECONDS * 2)


def _watch(recomposer: Recomposer, ended: threading.Event) -> None:
    """Look until the gateway ends; the gateway itself takes up what is written."""
    while not ended.wait(LOOK_SECONDS):
        recomposer.look()
