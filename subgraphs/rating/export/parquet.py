"""Parquet, which has its index at the end of the file and so cannot simply grow.

Pages become small part files in a folder beside the output; they are what a run goes on from. `finish` joins
them, after what the output already held, into one file and puts it in place at once.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # has no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # has no types

from subgraphs.rating.export.checkpoint import Checkpoint
from subgraphs.rating.export.columns import COLUMNS

__all__ = ["SCHEMA", "ParquetSink"]

#: Rows of one row group of the output: 2 MB in memory, and still well compressed.
_GROUP_ROWS = 10_000
#: Sums of a thousand debts, each of the largest amount, fit in.
_MONEY = pa.decimal128(18, 2)
_TYPES: Mapping[str, pa.DataType] = {
    "customer_id": pa.string(),
    "age": pa.int32(),
    "state": pa.string(),
    "open_debt": _MONEY,
    "overdue_debt": _MONEY,
    "total_assets": _MONEY,
    "monthly_income": _MONEY,
    "investments": _MONEY,
    "debt_to_income": pa.float64(),
    "default_probability": pa.float64(),
    "band": pa.string(),
    "model_version": pa.string(),
    "updated_at": pa.timestamp("ms", tz="UTC"),
}
SCHEMA = pa.schema([(name, _TYPES.get(name, pa.int32())) for name in COLUMNS])


#: Key of the footer's metadata: the last change whose row is in the file.
_CURSOR = b"customer-graph.cursor"


class ParquetSink:
    """`begin.size` is the number of part files that an earlier run had made sure of; 0 begins afresh."""

    def __init__(self, out: Path, begin: Checkpoint) -> None:
        self._out = out
        #: What a finished run has put into the output stays at its beginning.
        self._keeps = begin.rows > 0 and out.exists()
        self._parts = out.with_name(out.name + ".parts")
        # A run that ended just after the parts were joined left a checkpoint which still counts them.
        self._count = 0 if self._keeps and _cursor_of(out) == begin.after else begin.size
        self._parts.mkdir(exist_ok=True)
        wanted = {self._part(number) for number in range(self._count)}
        for leftover in set(self._parts.iterdir()) - wanted:
            leftover.unlink()  # of a page that was half written, or of a run that is begun afresh

    def write(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """One part file."""
        table = pa.Table.from_pylist(list(rows), schema=SCHEMA)
        with self._part(self._count).open("wb") as file:
            pq.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        self._count += 1
        return self._count

    def finish(self, reached: Checkpoint) -> int:
        """Join the output's earlier rows and all parts into one file; the parts are gone afterwards."""
        fresh = self._out.with_name(self._out.name + ".new")
        with pq.ParquetWriter(fresh, SCHEMA.with_metadata({_CURSOR: reached.after})) as writer:
            for table in self._joined():
                writer.write_table(table)
        fresh.replace(self._out)
        shutil.rmtree(self._parts)
        return 0

    def close(self) -> None:
        """Nothing stays open between parts."""

    def _joined(self) -> Iterator[pa.Table]:
        """All rows in groups of about `_GROUP_ROWS`."""
        waiting: list[pa.RecordBatch] = []
        rows = 0
        for batch in self._batches():
            waiting.append(batch.replace_schema_metadata(None))
            rows += batch.num_rows
            if rows >= _GROUP_ROWS:
                yield pa.Table.from_batches(waiting, schema=SCHEMA)
                waiting, rows = [], 0
        if waiting:
            yield pa.Table.from_batches(waiting, schema=SCHEMA)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        sources = [self._out] if self._keeps else []
        for path in [*sources, *(self._part(number) for number in range(self._count))]:
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(batch_size=_GROUP_ROWS)

    def _part(self, number: int) -> Path:
        return self._parts / f"{number:06d}.parquet"


def _cursor_of(path: Path) -> str | None:
    metadata = pq.read_schema(path).metadata or {}
    return metadata[_CURSOR].decode() if _CURSOR in metadata else None
