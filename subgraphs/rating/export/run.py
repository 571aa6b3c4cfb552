"""One extraction: page after page from the store to the output, with a checkpoint after each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from kernel.settings import ConfigurationProblem
from subgraphs.rating.export.checkpoint import Checkpoint, cursor_path, load_checkpoint, save_checkpoint
from subgraphs.rating.export.columns import values_of
from subgraphs.rating.export.sinks import CsvSink, NdjsonSink, Sink
from subgraphs.rating.extraction import Pages, position

__all__ = ["Extraction", "Format", "Progress", "extract", "start"]

Format: TypeAlias = Literal["csv", "ndjson", "parquet"]
#: Is told the number of rows after each page.
Progress: TypeAlias = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Extraction:
    """What to extract and where to."""

    out: Path
    format: Format
    #: Only rows that changed at or after this moment.
    since: datetime | None
    #: Go on after the last row of the earlier run; without one, begin.
    resume: bool
    #: Rows that are in memory at a time.
    page_size: int


def start(extraction: Extraction) -> Checkpoint:
    """Where the extraction begins; raises ConfigurationProblem when it cannot go on from what is there."""
    if not extraction.out.parent.is_dir():
        raise ConfigurationProblem(f"there is no folder {extraction.out.parent} to write into")
    found = load_checkpoint(extraction.out, extraction.format) if extraction.resume else None
    if found is None:
        if extraction.resume and extraction.out.exists():
            raise ConfigurationProblem(
                f"{extraction.out} has no cursor file {cursor_path(extraction.out).name} to go on from; "
                "leave --resume out to overwrite it"
            )
        return Checkpoint(extraction.format, position(None, extraction.since), 0, 0)
    return found


async def extract(extraction: Extraction, begin: Checkpoint, reader: Pages, progress: Progress) -> Checkpoint:
    """Write all rows after `begin`; answers where it ended. Interrupted anywhere, a resumed run goes on.

    Raises StoreUnavailable when the database does not answer, and OSError when the disk refuses.
    """
    if begin.rows == 0:
        # From here on the cursor file belongs to this run and no longer to one that wrote here before.
        save_checkpoint(extraction.out, begin)
    sink = _sink(extraction, begin)
    try:
        reached = begin
        async for page in reader.pages(begin.after, extraction.page_size):
            size = sink.write([values_of(row) for row in page.rows])
            reached = Checkpoint(begin.format, page.rows[-1].change, reached.rows + len(page.rows), size)
            save_checkpoint(extraction.out, reached)
            progress(len(page.rows))
        reached = replace(reached, size=sink.finish(reached))
        save_checkpoint(extraction.out, reached)
        return reached
    finally:
        sink.close()


def _sink(extraction: Extraction, begin: Checkpoint) -> Sink:
    match extraction.format:
        case "csv":
            return CsvSink(extraction.out, begin.size)
        case "ndjson":
            return NdjsonSink(extraction.out, begin.size)
        case "parquet":
            # Arrow takes 40 MB of memory: only who wants Parquet pays for it.
            from subgraphs.rating.export.parquet import ParquetSink

            return ParquetSink(extraction.out, begin)
