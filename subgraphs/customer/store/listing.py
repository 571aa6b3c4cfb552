"""Pages of customers: filtered, ordered, continued after a key, so that a page is stable under inserts."""

# ruff: noqa: S608 - the statements are put together from constants

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

from sqlalchemy import text

from subgraphs.customer.domain.profile import Customer
from subgraphs.customer.store.engine import Database
from subgraphs.customer.store.reading import CUSTOMER_COLUMNS, customer_of

__all__ = ["CustomerOrder", "Filter", "Lister", "Position", "sort_value"]

_FILTER = (
    "CAST(:ids AS uuid[]), CAST(:state AS text), CAST(:city AS text), CAST(:min_total_debt AS numeric), "
    "CAST(:max_total_debt AS numeric), CAST(:overdue AS boolean), CAST(:today AS date), "
    "CAST(:updated_since AS timestamptz)"
)
_PAGE = text(
    f"SELECT {CUSTOMER_COLUMNS} FROM customer_service.customer_page({_FILTER}, CAST(:order AS text), "
    "CAST(:after_time AS timestamptz), CAST(:after_debt AS numeric), CAST(:after_id AS uuid), "
    "CAST(:limit AS integer))"
)
_COUNT = text(f"SELECT customer_service.customer_count({_FILTER})")


class CustomerOrder(Enum):
    """What a page is sorted by; the id decides between equals."""

    CREATED_AT_ASC = "CREATED_AT_ASC"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"
    TOTAL_DEBT_DESC = "TOTAL_DEBT_DESC"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which customers; every field that is not None must hold."""

    ids: Sequence[UUID] | None = None
    #: Of any current address; with `city`, of one and the same.
    state: str | None = None
    #: Of any current address, upper and lower case alike.
    city: str | None = None
    min_total_debt: Decimal | None = None
    max_total_debt: Decimal | None = None
    has_overdue_debt: bool | None = None
    #: Inclusive.
    updated_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an order: the sort value and the id of the row that the page comes after."""

    value: datetime | Decimal
    id: UUID


def sort_value(customer: Customer, order: CustomerOrder) -> datetime | Decimal:
    """The value of `customer` that `order` sorts by."""
    match order:
        case CustomerOrder.CREATED_AT_ASC | CustomerOrder.CREATED_AT_DESC:
            return customer.created_at
        case CustomerOrder.UPDATED_AT_DESC:
            return customer.updated_at
        case CustomerOrder.TOTAL_DEBT_DESC:
            return customer.total_debt


class Lister:
    """Reads pages. `today` says which day decides what is overdue."""

    def __init__(self, database: Database, today: Callable[[], date]) -> None:
        self._database = database
        self._today = today

    async def page(
        self, chosen: Filter, order: CustomerOrder, after: Position | None, limit: int
    ) -> Sequence[Customer]:
        """At most `limit` customers of the order, from the first one after `after`."""
        value = after.value if after is not None else None
        parameters = {
            **self._parameters(chosen),
            "order": order.value,
            "after_time": value if isinstance(value, datetime) else None,
            "after_debt": value if isinstance(value, Decimal) else None,
            "after_id": after.id if after is not None else None,
            "limit": limit,
        }
        async with self._database.reading() as connection:
            rows = await connection.execute(_PAGE, parameters)
            return [customer_of(row) for row in rows]

    async def count(self, chosen: Filter) -> int:
        """How many customers the filter lets through, on all pages together."""
        async with self._database.reading() as connection:
            return int(await connection.scalar(_COUNT, self._parameters(chosen)) or 0)

    def _parameters(self, chosen: Filter) -> dict[str, object]:
        return {
            "ids": None if chosen.ids is None else list(chosen.ids),
            "state": chosen.state,
            "city": chosen.city,
            "min_total_debt": chosen.min_total_debt,
            "max_total_debt": chosen.max_total_debt,
            "overdue": chosen.has_overdue_debt,
            "today": self._today(),
            "updated_since": chosen.updated_since,
        }
