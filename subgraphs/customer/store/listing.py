"""Pages of customers: filtered, ordered, continued after a key, so that a page is stable under inserts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    MetaData,
    Numeric,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    exists,
    func,
    or_,
    select,
)

from subgraphs.customer.domain.profile import Customer
from subgraphs.customer.store.engine import Database
from subgraphs.customer.store.reading import customer_of

__all__ = ["CustomerOrder", "Filter", "Lister", "Position", "sort_value"]


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
    #: Of any current address.
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


_metadata = MetaData(schema="customer_service")
_customer = Table(
    "customer",
    _metadata,
    Column("id", Uuid),
    Column("version", Integer),
    Column("name", Text),
    Column("birth_date", Date),
    Column("total_debt", Numeric(16, 2)),
    Column("total_assets", Numeric(16, 2)),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
    Column("erased_at", DateTime(timezone=True)),
)
_address = Table(
    "address",
    _metadata,
    Column("customer_id", Uuid),
    Column("city", Text),
    Column("state", Text),
    Column("retired_at", DateTime(timezone=True)),
)
_debt = Table(
    "debt", _metadata, Column("customer_id", Uuid), Column("due_on", Date), Column("settled_on", Date)
)

#: The sort column of each order, and whether it falls.
_ORDERS: dict[CustomerOrder, tuple[Column[Any], bool]] = {
    CustomerOrder.CREATED_AT_ASC: (_customer.c.created_at, False),
    CustomerOrder.CREATED_AT_DESC: (_customer.c.created_at, True),
    CustomerOrder.UPDATED_AT_DESC: (_customer.c.updated_at, True),
    CustomerOrder.TOTAL_DEBT_DESC: (_customer.c.total_debt, True),
}


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
        column, falling = _ORDERS[order]
        statement = select(*(column for column in _customer.c if column.name != "erased_at"))
        statement = self._filtered(statement, chosen)
        if after is not None:
            statement = statement.where(_beyond(column, falling, after))
        keys = (column.desc(), _customer.c.id.desc()) if falling else (column, _customer.c.id)
        async with self._database.reading() as connection:
            rows = await connection.execute(statement.order_by(*keys).limit(limit))
            return [customer_of(row) for row in rows]

    async def count(self, chosen: Filter) -> int:
        """How many customers the filter lets through, on all pages together."""
        statement = self._filtered(select(func.count()).select_from(_customer), chosen)
        async with self._database.reading() as connection:
            return int(await connection.scalar(statement) or 0)

    def _filtered(self, statement: Select[Any], chosen: Filter) -> Select[Any]:
        statement = statement.where(_customer.c.erased_at.is_(None))
        if chosen.ids is not None:
            # One array, however many ids: an IN list would be another statement for each length.
            statement = statement.where(_customer.c.id == func.any(list(chosen.ids)))
        if chosen.min_total_debt is not None:
            statement = statement.where(_customer.c.total_debt >= chosen.min_total_debt)
        if chosen.max_total_debt is not None:
            statement = statement.where(_customer.c.total_debt <= chosen.max_total_debt)
        if chosen.updated_since is not None:
            statement = statement.where(_customer.c.updated_at >= chosen.updated_since)
        if chosen.state is not None or chosen.city is not None:
            statement = statement.where(_lives_in(chosen.state, chosen.city))
        if chosen.has_overdue_debt is not None:
            overdue = exists().where(
                _debt.c.customer_id == _customer.c.id,
                _debt.c.settled_on.is_(None),
                _debt.c.due_on < self._today(),
            )
            statement = statement.where(overdue if chosen.has_overdue_debt else ~overdue)
        return statement


def _lives_in(state: str | None, city: str | None) -> ColumnElement[bool]:
    """One and the same current address is in that state and that city."""
    conditions = [_address.c.customer_id == _customer.c.id, _address.c.retired_at.is_(None)]
    if state is not None:
        conditions.append(_address.c.state == state)
    if city is not None:
        conditions.append(func.lower(_address.c.city) == func.lower(city))
    return exists().where(*conditions)


def _beyond(column: Column[Any], falling: bool, after: Position) -> ColumnElement[bool]:
    """Rows that come after `after`; the first part lets PostgreSQL start in the middle of the index."""
    identifier = _customer.c.id
    if falling:
        return and_(column <= after.value, or_(column < after.value, identifier < after.id))
    return and_(column >= after.value, or_(column > after.value, identifier > after.id))
