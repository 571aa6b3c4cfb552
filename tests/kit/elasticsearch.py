"""An activity store of its own for one test, on a real Elasticsearch."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from elasticsearch import AsyncElasticsearch

from subgraphs.activity.domain import Event, Outcome
from subgraphs.activity.store.elastic import ElasticStore

__all__ = ["Settled", "temporary_store"]


class Settled(ElasticStore):
    """A store whose reads see a recording as soon as it is acknowledged, as tests want to write it down."""

    async def record(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """See `ActivityStore.record`."""
        outcomes = await super().record(events)
        await self.refresh()
        return outcomes


@asynccontextmanager
async def temporary_store(url: str, kind: type[ElasticStore] = Settled) -> AsyncIterator[ElasticStore]:
    """An empty, open store whose indices are gone afterwards."""
    prefix = f"test-{uuid.uuid4().hex}"
    store = kind.at(f"{url.rstrip('/')}/{prefix}")
    try:
        await store.open()
        yield store
    finally:
        await store.close()
        async with AsyncElasticsearch(url) as client:
            names = await client.indices.get(index=f"{prefix}-*")
            await client.indices.delete(index=list(names))
