"""Fixtures of the customer subgraph's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kit.postgres import CustomerDatabase, customer_database, postgres_cluster, untouched_database
from tests.unit.subgraphs.customer.world import World, open_world

__all__ = ["customer_database", "postgres_cluster", "untouched_database", "world"]


@pytest.fixture
async def world(customer_database: CustomerDatabase, tmp_path: Path) -> AsyncIterator[World]:
    """A started customer subgraph on a database of its own."""
    async with open_world(customer_database, tmp_path) as started:
        yield started
