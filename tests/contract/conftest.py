"""The stores that the contract suite of `ActivityStore` runs on: one empty, open store for each test.

The embedded one always, and a real Elasticsearch as well when TEST_ELASTICSEARCH_URL names one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from subgraphs.activity.store import ActivityStore, store_at
from tests.kit.real import ELASTICSEARCH_URL

ADAPTERS = ["embedded", *(["elasticsearch"] if ELASTICSEARCH_URL else [])]


@pytest.fixture(params=ADAPTERS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ActivityStore]:
    """An empty, open store."""
    if request.param == "embedded":
        made = store_at(f"sqlite:///{tmp_path}/activity.db")
        await made.open()
        yield made
        await made.close()
    else:
        from tests.kit.elasticsearch import temporary_store

        assert ELASTICSEARCH_URL is not None
        async with temporary_store(ELASTICSEARCH_URL) as made:
            yield made
