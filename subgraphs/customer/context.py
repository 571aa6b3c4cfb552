"""What the resolvers of one request share: who asks, the store, and loaders that batch reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from subgraphs.customer.domain.profile import Address, Asset, Contact, Customer, Debt, Income
from subgraphs.customer.mutations import Clock, Mutations
from subgraphs.customer.store.engine import Database
from subgraphs.customer.store.listing import Lister
from subgraphs.customer.store.reading import Reader
from subgraphs.edge.context import RequestContext

__all__ = ["CustomerContext", "Loaders", "Store"]

_T = TypeVar("_T")

#: Keys of one batch; as many as `_entities` takes representations.
_LARGEST_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Store:
    """What the process has one of."""

    database: Database
    reader: Reader
    lister: Lister
    mutations: Mutations
    clock: Clock


class Loaders:
    """One statement for all customers of a level of the query, whatever the number of fields that ask."""

    def __init__(self, reader: Reader) -> None:
        self.customers: DataLoader[UUID, Customer | None] = _one(reader.customers)
        self.contacts: DataLoader[UUID, Contact | None] = _one(reader.contacts)
        self.addresses: DataLoader[UUID, Sequence[Address]] = _many(reader.addresses)
        self.debts: DataLoader[UUID, Sequence[Debt]] = _many(reader.debts)
        self.assets: DataLoader[UUID, Sequence[Asset]] = _many(reader.assets)
        self.incomes: DataLoader[UUID, Sequence[Income]] = _many(reader.incomes)


@dataclass(kw_only=True)
class CustomerContext(RequestContext):
    """`info.context` of every resolver."""

    store: Store
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.forget_reads()

    def forget_reads(self) -> None:
        """What was read before a mutation is not shown after it."""
        self.loaders = Loaders(self.store.reader)


def _one(read: Callable[[Iterable[UUID]], Awaitable[Mapping[UUID, _T]]]) -> DataLoader[UUID, _T | None]:
    async def load(keys: list[UUID]) -> list[_T | None]:
        found = await read(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load_fn=load, max_batch_size=_LARGEST_BATCH)


def _many(
    read: Callable[[Iterable[UUID]], Awaitable[Mapping[UUID, Sequence[_T]]]],
) -> DataLoader[UUID, Sequence[_T]]:
    async def load(keys: list[UUID]) -> list[Sequence[_T]]:
        found = await read(keys)
        return [found.get(key, ()) for key in keys]

    return DataLoader(load_fn=load, max_batch_size=_LARGEST_BATCH)
