"""Moving an Elasticsearch index to its next version while it is read and, but for a moment, written.

The next version is filled by a copy while everybody works on the old one. Then the old one takes no writes
for the time of a second copy, of what was written during the first; who writes then is told to come again,
as in any short outage. Last the alias turns, in one step, and the old index is deleted: it would keep what is
erased from now on. Whatever dies on the way: the alias stands for an index that is whole, and `migrate` is
repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from elasticsearch import AsyncElasticsearch

from kernel.settings import ConfigurationProblem
from subgraphs.activity.store.indices import Index, create, current_version, refuse_newer

__all__ = ["migrate"]

#: Seconds between two looks at a copy, which runs in the cluster without us.
_POLL_SECONDS = 0.2
#: Erased customers whose events are deleted by one request.
_ERASED_PAGE = 1_000


async def migrate(client: AsyncElasticsearch, index: Index, tombstones: str | None = None) -> str:
    """Let the alias stand for this version of the index; answers what was done.

    `tombstones` names the erased customers of an index of events: what a copy has brought back of theirs is
    deleted before anybody can see it. Raises `ConfigurationProblem` when the alias stands for a newer
    version, or when a copy is not whole; the alias then stands for what it stood for.
    """
    current = await current_version(client, index.alias)
    if current is None:
        await create(client, index, {index.alias: {"is_write_index": True}})
        return f"created {index.name}"
    if current == index.version:
        return f"{index.name} was there already"
    refuse_newer(index, current)
    old = f"{index.alias}-v{current}"
    await create(client, index, {})
    await _copy(client, old, index.name)
    await client.indices.add_block(index=old, block="write")  # returns when no write is under way any more
    try:
        await _copy(client, old, index.name)
        if tombstones is not None:
            await _forget_erased(client, tombstones, index.name)
        copied = (await client.count(index=index.name))["count"]
        await client.indices.update_aliases(
            actions=[
                {"remove": {"index": old, "alias": index.alias}},
                {"add": {"index": index.name, "alias": index.alias, "is_write_index": True}},
            ]
        )
    except BaseException:
        await client.indices.put_settings(index=old, settings={"index.blocks.write": None})
        raise
    await client.indices.delete(index=old)
    return f"copied {copied} documents from {old} to {index.name}"


async def _copy(client: AsyncElasticsearch, old: str, new: str) -> None:
    """Copy what `new` lacks; it runs as a task of the cluster, so that no connection has to last."""
    await client.indices.refresh(index=old)
    started = await client.reindex(
        source={"index": old},
        dest={"index": new, "op_type": "create"},
        conflicts="proceed",  # there already
        slices="auto",
        refresh=True,
        wait_for_completion=False,
    )
    while True:
        # Not by `client.tasks`, which warns of a preview at every call; reindexing itself is built on it.
        answer = await client.perform_request(
            "GET", f"/_tasks/{started['task']}", headers={"accept": "application/json"}
        )
        state: dict[str, Any] = answer.body
        if state["completed"]:
            break
        await asyncio.sleep(_POLL_SECONDS)
    if "error" in state or state["response"]["failures"]:
        raise ConfigurationProblem(f"{old} could not be copied into {new}; the alias still stands for {old}")


async def _forget_erased(client: AsyncElasticsearch, tombstones: str, events: str) -> None:
    await client.indices.refresh(index=tombstones)
    after: Sequence[Any] | None = None
    while True:
        answer = await client.search(
            index=tombstones,
            source=False,
            sort=[{"customer_id": "asc"}],
            size=_ERASED_PAGE,
            search_after=after,
            allow_partial_search_results=False,
        )
        hits = answer["hits"]["hits"]
        if not hits:
            return
        deleted = await client.delete_by_query(
            index=events,
            query={"terms": {"customer_id": [hit["_id"] for hit in hits]}},
            refresh=True,
        )
        if deleted["failures"]:
            raise ConfigurationProblem(f"what is erased could not be deleted from {events}; run it again")
        after = hits[-1]["sort"]
