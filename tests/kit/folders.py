"""Folders for stacks: where another user may enter, which pytest's own temporary folders do not allow."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["open_folder"]


@contextmanager
def open_folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A new folder that PostgreSQL gets into although it runs as another user when the tests run as root.

    Every start of pytest closes pytest's own folders to others again, also those of a run that still goes on.
    Deleted afterwards unless a test has failed: then its logs tell why.
    """
    failed_before = request.session.testsfailed
    folder = Path(tempfile.mkdtemp(prefix="customer-graph-test-"))
    folder.chmod(0o755)
    yield folder
    if request.session.testsfailed == failed_before:
        shutil.rmtree(folder, ignore_errors=True)
