"""Parquet, which has its index at the end of the file and so cannot simply grow.

Pages go into a spool beside the output, in Arrow's stream format, which can be cut back and gone on with like
a file of lines. `finish` writes them, after what the output already held, into one Parquet file and puts that
in place at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # has no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # has no types

from subgraphs.rating.export.checkpoint import Checkpoint
from subgraphs.rating.export.columns import COLUMNS
from subgraphs.rating.export.sinks import AppendingSink

__all__ = ["SCHEMA", "ParquetSink"]

#: Rows of one row group of the output: 1 MB in memory, and still well compressed.
_GROUP_ROWS = 5_000
#: Rows decoded at a time while joining.
_BATCH_ROWS = 1_000
_WRITING: Mapping[str, Any] = {
    "compression": "zstd",
    # Columns with few different values; a dictionary of any other would only take memory.
    "use_dictionary": ["state", "band", "model_version"],
    # The rows are sorted by it, so a reader can skip row groups.
    "write_statistics": ["updated_at"],
    # Arrow's pages of a megabyte for each column would take more memory than all the rest.
    "data_page_size": 65_536,
    "write_batch_size": 256,
}
# Arrow's own allocator keeps what it has had once, and each of its threads has an arena of its own; together
# they would double what a run takes, to save time that the database takes anyway.
pa.set_memory_pool(pa.system_memory_pool())
pa.set_cpu_count(1)
pa.set_io_thread_count(1)
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


class ParquetSink(AppendingSink):
    """The size of its checkpoints is that of the spool."""

    def __init__(self, out: Path, begin: Checkpoint) -> None:
        self._out = out
        #: What a finished run has put into the output stays at its beginning.
        self._keeps = begin.rows > 0 and out.exists()
        # A run that ended between putting the output in place and its checkpoint left one with a spool.
        joined = self._keeps and _cursor_of(out) == begin.after
        self._spool = out.with_name(out.name + ".spool")
        super().__init__(self._spool, 0 if joined else begin.size)

    def write(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """One record batch."""
        batch = pa.RecordBatch.from_pylist(list(rows), schema=SCHEMA)
        head = SCHEMA.serialize().to_pybytes() if self.size == 0 else b""
        return self.append(head + batch.serialize().to_pybytes())

    def finish(self, reached: Checkpoint) -> int:
        """Join the output's earlier rows and the spool into one file; the spool is gone afterwards."""
        fresh = self._out.with_name(self._out.name + ".new")
        schema = SCHEMA.with_metadata({_CURSOR: reached.after})
        with pq.ParquetWriter(fresh, schema, **_WRITING) as writer:
            for table in self._joined():
                writer.write_table(table)
        fresh.replace(self._out)
        self._spool.unlink()
        return 0

    def _joined(self) -> Iterator[pa.Table]:
        """All rows in groups of about `_GROUP_ROWS`."""
        waiting: list[pa.RecordBatch] = []
        rows = 0
        for batch in self._batches():
            waiting.append(batch)
            rows += batch.num_rows
            if rows >= _GROUP_ROWS:
                yield pa.Table.from_batches(waiting, schema=SCHEMA)
                waiting, rows = [], 0
        if waiting:
            yield pa.Table.from_batches(waiting, schema=SCHEMA)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        if self._keeps:
            with pq.ParquetFile(self._out, pre_buffer=False) as file:
                for batch in file.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
                    yield batch.replace_schema_metadata(None)
        if self.size > 0:
            with self._spool.open("rb") as spool, pa.ipc.open_stream(spool) as stream:
                yield from stream


def _cursor_of(path: Path) -> str | None:
    metadata = pq.read_schema(path).metadata or {}
    return metadata[_CURSOR].decode() if _CURSOR in metadata else None
