"""The indexes that the reads rely on: made by a command, looked for at the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo import ASCENDING
from pymongo.asynchronous.collection import AsyncCollection

__all__ = ["INDEXES", "create_indexes", "missing_indexes"]

#: `change` orders `featureSet`. The customer's id is `_id`, which is always indexed.
INDEXES: Sequence[str] = ("change",)


async def create_indexes(collection: AsyncCollection[dict[str, Any]]) -> None:
    """Make those that are not there; repeatable, and harmless while others write."""
    for field in INDEXES:
        await collection.create_index([(field, ASCENDING)])


async def missing_indexes(collection: AsyncCollection[dict[str, Any]]) -> list[str]:
    """The fields that lack their index. Looked up by key: servers choose names of their own."""
    present = {tuple(dict(index["key"]).items()) async for index in await collection.list_indexes()}
    return [field for field in INDEXES if ((field, ASCENDING),) not in present]
