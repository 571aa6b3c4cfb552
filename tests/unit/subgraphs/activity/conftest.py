"""Fixtures of the activity subgraph's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from subgraphs.activity.store import store_at
from tests.unit.subgraphs.activity.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The subgraph over an empty embedded store."""
    store = store_at(f"sqlite:///{tmp_path}/activity.db")
    await store.open()
    yield World(store)
    await store.close()
