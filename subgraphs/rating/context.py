"""What the resolvers of one request share: the store, and loaders that turn many customers into one read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from subgraphs.edge.context import RequestContext
from subgraphs.rating.domain.record import Rating, Record
from subgraphs.rating.extraction import Reader
from subgraphs.rating.inbox import Inbox
from subgraphs.rating.store import RatingStore, Row

__all__ = ["Info", "Loaders", "RatingContext"]

A = TypeVar("A")


class Loaders:
    """One read for all customers of a request that are asked alike."""

    def __init__(self, store: RatingStore) -> None:
        self.records: DataLoader[UUID, Record | None] = _loader(store.records_of)
        self.ratings: DataLoader[UUID, Rating | None] = _loader(store.ratings)
        self.rows: DataLoader[UUID, Row | None] = _loader(store.rows)
        self.histories: DataLoader[UUID, tuple[Rating, ...] | None] = _loader(store.histories)


def _loader(read: Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, A]]]) -> DataLoader[UUID, A | None]:
    async def load(keys: list[UUID]) -> list[A | None]:
        found = await read(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load_fn=load)


@dataclass(kw_only=True)
class RatingContext(RequestContext):
    """`info.context` of this subgraph."""

    store: RatingStore
    inbox: Inbox
    reader: Reader
    loaders: Loaders


Info: TypeAlias = strawberry.Info[RatingContext, None]
