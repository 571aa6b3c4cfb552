"""What the resolvers of one request share: the store, and loaders that turn many customers into one read."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import strawberry
from strawberry.dataloader import DataLoader

from subgraphs.activity.domain import ActivityKind, Event, MonthTotal
from subgraphs.activity.store.port import ActivityStore, Filter, Page, PageRequest
from subgraphs.edge.context import RequestContext

__all__ = ["ActivityContext", "Info", "Loaders"]

#: What is asked of each customer alike: a kind, a page, a filter, a number of months.
Q = TypeVar("Q", bound=Hashable)
A = TypeVar("A")

Loader: TypeAlias = DataLoader[tuple[uuid.UUID, Q], A]


class Loaders:
    """Keys are pairs (customer, question): all customers with one question cost one call of the store."""

    def __init__(self, store: ActivityStore) -> None:
        self.latest: Loader[ActivityKind, Event | None] = _loader(store.latest, lambda: None)
        self.pages: Loader[PageRequest, Page] = _loader(
            lambda request, customers: store.pages(customers, request), lambda: Page((), has_next=False)
        )
        self.counts: Loader[Filter, int] = _loader(
            lambda events, customers: store.counts(customers, events), lambda: 0
        )
        self.spending: Loader[int, Sequence[MonthTotal]] = _loader(
            lambda months, customers: store.monthly_spending(customers, months), tuple
        )


def _loader(
    read: Callable[[Q, Sequence[uuid.UUID]], Awaitable[Mapping[uuid.UUID, A]]], absent: Callable[[], A]
) -> Loader[Q, A]:
    """A loader over `read`, which answers one question for many customers; `absent` stands for no answer."""

    async def load(keys: list[tuple[uuid.UUID, Q]]) -> list[A]:
        customers: defaultdict[Q, list[uuid.UUID]] = defaultdict(list)
        for customer, question in keys:
            customers[question].append(customer)
        answers = {question: await read(question, asked) for question, asked in customers.items()}
        return [answers[question].get(customer) or absent() for customer, question in keys]

    return DataLoader(load_fn=load)


@dataclass(kw_only=True)
class ActivityContext(RequestContext):
    """`info.context` of this subgraph."""

    store: ActivityStore
    loaders: Loaders


Info: TypeAlias = strawberry.Info[ActivityContext, None]
