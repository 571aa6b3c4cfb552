"""An activity store of its own for one test, on a real Elasticsearch."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from elasticsearch import AsyncElasticsearch

from subgraphs.activity.store import ActivityStore, store_at

__all__ = ["temporary_store"]


@asynccontextmanager
async def temporary_store(url: str) -> AsyncIterator[ActivityStore]:
    """An empty, open store whose indices are gone afterwards."""
    prefix = f"test-{uuid.uuid4().hex}"
    store = store_at(f"{url.rstrip('/')}/{prefix}")
    try:
        await store.open()
        yield store
    finally:
        await store.close()
        async with AsyncElasticsearch(url) as client:
            names = await client.indices.get(index=f"{prefix}-*")
            await client.indices.delete(index=list(names))
