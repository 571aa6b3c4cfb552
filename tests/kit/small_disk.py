"""A disk of a few megabytes that a test fills up and empties again."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["SmallDisk", "small_disk"]

_CHUNK = b"\0" * 65_536


class SmallDisk:
    """A file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave nothing to anybody."""
        with self._filler.open("ab", buffering=0) as file:
            chunk = _CHUNK
            while chunk:
                try:
                    file.write(chunk)
                except OSError:
                    chunk = chunk[: len(chunk) // 2]

    def empty(self) -> None:
        """Give back what `fill` took."""
        self._filler.unlink()


@contextmanager
def small_disk(megabytes: int) -> Iterator[SmallDisk]:
    """A tmpfs of that size, which every user may enter; mounting needs root, as in a container of CI."""
    folder = Path(tempfile.mkdtemp(prefix="customer-graph-disk-"))
    options = f"size={megabytes}m,mode=0755"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True, check=False
    )
    assert mounted.returncode == 0, f"run as root, who may mount: {mounted.stderr} (uid {os.getuid()})"
    try:
        yield SmallDisk(folder)
    finally:
        # Lazily: a server that a failed test left behind may still have files open.
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()
