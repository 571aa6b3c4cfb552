"""`rating extract`: an extraction with its own store and a progress bar."""

from __future__ import annotations

import sys

from tqdm import tqdm

from subgraphs.rating.clock import SystemClock
from subgraphs.rating.export.checkpoint import cursor_path
from subgraphs.rating.export.run import Extraction, extract, start
from subgraphs.rating.extraction import BulkReader, Reader
from subgraphs.rating.settings import StoreSettings
from subgraphs.rating.store import RatingStore

__all__ = ["run_extraction"]


async def run_extraction(settings: StoreSettings, extraction: Extraction, *, quiet: bool) -> str:
    """Extract, showing progress on standard error; answers a sentence about the outcome.

    Raises ConfigurationProblem when the output cannot be gone on with, StoreUnavailable when the store fails.
    """
    begin = start(extraction)
    store = RatingStore(settings)
    try:
        total = await store.count(begin.after)
        primary = Reader(store, SystemClock(), settings.rating_settle_seconds)
        reader = BulkReader(store.lagging_changes, settings.rating_bulk_staleness_seconds, primary)
        with tqdm(total=total, unit=" rows", disable=quiet, file=sys.stderr, mininterval=0.5) as bar:
            reached = await extract(extraction, begin, reader, bar.update)
    finally:
        await store.close()
    added = reached.rows - begin.rows
    return (
        f"{added} rows written, {reached.rows} in {extraction.out}; cursor in {cursor_path(extraction.out)}"
    )
