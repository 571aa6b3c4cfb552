"""Made-up activity: events of a customer in one line."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

from subgraphs.activity.domain import ActivityKind, Direction, Erasure, Event, Outcome, checked, to_micros
from subgraphs.activity.store import ActivityStore
from subgraphs.activity.store.port import Filter, PageRequest, Position

__all__ = [
    "ANA",
    "BIA",
    "CAIO",
    "EVERYTHING",
    "at",
    "bureau_query",
    "card_purchase",
    "erasure",
    "found",
    "moved",
    "movement",
    "position",
    "put",
]

EVERYTHING = Filter()
ANA, BIA, CAIO = (uuid.UUID(int=number) for number in (1, 2, 3))


def at(text: str) -> dt.datetime:
    """The instant written "2026-03-10" or "2026-03-10T14:30", in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def card_purchase(customer: uuid.UUID, when: str = "2026-03-10T14:30", **fields: Any) -> Event:
    """A purchase of R$ 10,00 at a bakery, with the fields that the test is about."""
    given = {"amount": 1_000, "merchant": "Padaria Real", "card_last4": "1234", **fields}
    return _event(ActivityKind.CARD_PURCHASE, customer, when, given)


def bureau_query(customer: uuid.UUID, when: str = "2026-03-10T14:30", **fields: Any) -> Event:
    """A query at a credit bureau."""
    return _event(ActivityKind.BUREAU_QUERY, customer, when, {"bureau": "Serasa", **fields})


def movement(customer: uuid.UUID, when: str = "2026-03-10T14:30", **fields: Any) -> Event:
    """A salary of R$ 3.500,00 coming in."""
    given = {"amount": 350_000, "direction": Direction.CREDIT, "description": "Salário", **fields}
    return _event(ActivityKind.MOVEMENT, customer, when, given)


def erasure(customer: uuid.UUID, version: int = 7) -> Erasure:
    """The erasure of the customer."""
    return Erasure(uuid.uuid4(), customer, version, at("2026-06-01"))


def _event(kind: ActivityKind, customer: uuid.UUID, when: str, given: dict[str, Any]) -> Event:
    fields = {"id": uuid.uuid4(), **given}
    return checked(Event(customer_id=customer, kind=kind, occurred_at=at(when), **fields))


def moved(event: Event, moment: dt.datetime) -> Event:
    """The same event at another moment."""
    return replace(event, occurred_at=moment)


def position(event: Event) -> Position:
    """The event's place in the order of pages."""
    return Position(to_micros(event.occurred_at), event.id)


async def put(store: ActivityStore, *events: Event) -> None:
    """Record events that must all be new."""
    assert set(await store.record(events)) == {Outcome.APPLIED}


async def found(store: ActivityStore, events: Filter) -> list[uuid.UUID]:
    """Ids that the feed answers for the filter; the count must agree."""
    page = await store.feed(PageRequest(events, 100))
    assert await store.count(events) == len(page.events)
    return [event.id for event in page.events]
