"""Fixtures of the rating subgraph's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kit.mongo import mongo_server, mongo_url, rating_store
from tests.unit.subgraphs.rating.world import World, open_world

__all__ = ["mongo_server", "mongo_url", "rating_store", "world"]


@pytest.fixture
async def world(mongo_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A started rating subgraph on a database of its own."""
    async with open_world(mongo_url, tmp_path) as started:
        yield started
