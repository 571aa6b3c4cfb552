"""Hot reload: a new supergraph is served once it is verified and warm; a wrong one changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from gateway.engine import Engine
from gateway.errors import SupergraphProblem
from gateway.pipeline import Pipeline
from gateway.supergraph import Supergraph, load
from kernel.telemetry import get_logger

__all__ = ["Reloader"]


class Reloader:
    """Watches the supergraph file. Requests in flight finish on the engine that they began with."""

    def __init__(
        self, path: Path, pipeline: Pipeline, make_engine: Callable[[Supergraph], Engine], *, warm: int
    ) -> None:
        self._path = path
        self._pipeline = pipeline
        self._make_engine = make_engine
        self._warm = warm
        self._seen = _stamp(path)
        self._log = get_logger()

    async def watch(self, seconds: float) -> None:
        """Look at the file every so many seconds, for ever.

        By looking rather than by file events: those do not reach into every mounted folder.
        """
        while True:
            await asyncio.sleep(seconds)
            await self.look()

    async def look(self) -> bool:
        """Load the file if it changed; True when a new supergraph is served from now on."""
        stamp = _stamp(self._path)
        if stamp is None or stamp == self._seen:
            return False
        self._seen = stamp
        current = self._pipeline.engine
        try:
            supergraph = await asyncio.to_thread(_load, self._path)
        except (SupergraphProblem, OSError, UnicodeDecodeError) as problem:
            self._log.error("supergraph.reload_refused", file=str(self._path), reason=str(problem))
            return False
        if supergraph.digest == current.supergraph.digest:
            return False
        engine = self._make_engine(supergraph)
        warmed = await engine.warm_like(current, self._warm)
        self._pipeline.engine = engine
        self._log.info("supergraph.reloaded", digest=supergraph.digest[:16], plans_prepared=warmed)
        return True


def _load(path: Path) -> Supergraph:
    return load(path.read_text("utf-8"))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What tells one version of a file from another; None while there is none (it is being replaced)."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
