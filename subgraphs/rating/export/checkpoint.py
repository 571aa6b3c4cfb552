"""The cursor file beside an extract: how far it is, written only after the rows are safely on disk."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from kernel.settings import ConfigurationProblem

__all__ = ["Checkpoint", "cursor_path", "load_checkpoint", "save_checkpoint"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place in the order of changes, and the state of the output at that place."""

    #: `csv`, `ndjson` or `parquet`.
    format: str
    #: The last change that is in the output.
    after: str
    #: Rows in the output.
    rows: int
    #: Bytes of the output (of Parquet's spool) that belong to those rows; what is beyond them is cut off.
    size: int


def cursor_path(out: Path) -> Path:
    """Where the cursor file of an output lies."""
    return out.with_name(out.name + ".cursor")


def load_checkpoint(out: Path, output_format: str) -> Checkpoint | None:
    """What an earlier run left; None when there was none.

    Raises ConfigurationProblem when the cursor file is not ours, or is of another format.
    """
    path = cursor_path(out)
    try:
        checkpoint = Checkpoint(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise ConfigurationProblem(f"{path} is not a cursor file; remove it to start afresh") from error
    if checkpoint.format != output_format:
        raise ConfigurationProblem(
            f"{out} was begun as {checkpoint.format}: give --format {checkpoint.format}"
        )
    return checkpoint


def save_checkpoint(out: Path, checkpoint: Checkpoint) -> None:
    """Replace the cursor file at once: a reader sees the old one or the new one."""
    path = cursor_path(out)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(asdict(checkpoint), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
