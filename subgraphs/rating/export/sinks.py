"""Where rows are written to: files that grow, cut back to their last checkpoint when a run goes on."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import orjson

from kernel.settings import ConfigurationProblem
from subgraphs.rating.export.checkpoint import Checkpoint
from subgraphs.rating.export.columns import COLUMNS

__all__ = ["AppendingSink", "CsvSink", "NdjsonSink", "Sink"]

Values = Mapping[str, Any]


class Sink(Protocol):
    """One output. `write` any number of times, then `finish`; `close` in any case."""

    def write(self, rows: Sequence[Values]) -> int:
        """Put rows on disk for good and answer the size of the output, for the checkpoint."""
        ...

    def finish(self, reached: Checkpoint) -> int:
        """Make the output complete up to `reached`, and answer the size to begin the next run with."""
        ...

    def close(self) -> None:
        """Give files back; repeatable."""
        ...


class AppendingSink:
    """A file that grows. `size` bytes are what an earlier run had made sure of; 0 begins afresh.

    Raises ConfigurationProblem when they are no longer there.
    """

    def __init__(self, path: Path, size: int) -> None:
        if size and (not path.exists() or path.stat().st_size < size):
            raise ConfigurationProblem(
                f"{path} is shorter than its cursor file says; leave --resume out to write it anew"
            )
        self._file: BinaryIO = path.open("r+b" if size else "wb")
        self._file.truncate(size)  # a page that was half written when the run ended
        self._file.seek(size)
        self.size = size

    def append(self, content: bytes) -> int:
        """Put content on disk for good and answer the size of the file."""
        self._file.write(content)
        self._file.flush()
        os.fsync(self._file.fileno())
        self.size += len(content)
        return self.size

    def finish(self, reached: Checkpoint) -> int:
        """Nothing is missing after the last line."""
        return reached.size

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class CsvSink(AppendingSink):
    """RFC 4180 with a header, UTF-8, lines ended by a line feed; an absent value is an empty cell."""

    def __init__(self, out: Path, size: int) -> None:
        super().__init__(out, size)
        if size == 0:
            self.append((",".join(COLUMNS) + "\n").encode())

    def write(self, rows: Sequence[Values]) -> int:
        """One line a row."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerows([_text(row[name]) for name in COLUMNS] for row in rows)
        return self.append(buffer.getvalue().encode())


class NdjsonSink(AppendingSink):
    """One JSON object a line. Amounts are numbers: at two places a double holds every amount below 10^13."""

    def write(self, rows: Sequence[Values]) -> int:
        """One object a row."""
        lines = (orjson.dumps(row, default=_number, option=orjson.OPT_UTC_Z) for row in rows)
        return self.append(b"".join(line + b"\n" for line in lines))


def _text(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)
