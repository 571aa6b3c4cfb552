"""The activity subgraph in process, over a store that counts what is asked of it."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from kernel.asgi import ASGIApp
from subgraphs.activity.context import ActivityContext, Loaders
from subgraphs.activity.domain import Event, reais
from subgraphs.activity.schema import build_schema
from subgraphs.activity.store import ActivityStore
from subgraphs.edge.app import graphql_app
from subgraphs.edge.scalars import format_date_time
from tests.kit.edge import Answer, call, principal

__all__ = ["READER", "ROUTER", "World", "as_input"]

READER = principal()
ROUTER = principal("sync:apply", subject="router")


class _Counting:
    """Passes everything on, and counts the calls by name."""

    def __init__(self, store: ActivityStore) -> None:
        self._store = store
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        async def counted(*arguments: Any) -> Any:
            self.calls[name] += 1
            return await method(*arguments)

        return counted


class World:
    """One subgraph over one store."""

    def __init__(self, store: ActivityStore) -> None:
        counting = _Counting(store)
        self.store = store
        self.calls = counting.calls

        def context(base: Any) -> ActivityContext:
            return ActivityContext(**base.common(), store=counting, loaders=Loaders(counting))

        self.app: ASGIApp = graphql_app(build_schema(), context)

    async def ask(self, query: str, **variables: Any) -> Answer:
        """A reader's operation."""
        return await call(self.app, query, variables, caller=READER)

    async def sync(self, query: str, **variables: Any) -> Answer:
        """The router's operation."""
        return await call(self.app, query, variables, caller=ROUTER)

    async def entities(self, selection: str, *customers: uuid.UUID) -> list[Any]:
        """What the gateway asks: the selection of each customer."""
        fields = f"_entities(representations: $r) {{ ... on Customer {{ {selection} }} }}"
        given = [{"__typename": "Customer", "id": str(customer)} for customer in customers]
        found: list[Any] = (await self.ask(f"query ($r: [_Any!]!) {{ {fields} }}", r=given)).data["_entities"]
        return found


def as_input(event: Event) -> dict[str, Any]:
    """The event as the router sends it."""
    return {
        "eventId": str(event.id),
        "customerId": str(event.customer_id),
        "kind": event.kind.value,
        "occurredAt": format_date_time(event.occurred_at),
        "amount": None if event.amount is None else str(reais(event.amount)),
        "merchant": event.merchant,
        "category": event.category,
        "cardLast4": event.card_last4,
        "bureau": event.bureau,
        "reason": event.reason,
        "direction": event.direction.value if event.direction else None,
        "description": event.description,
    }
