"""`customers`: filter, order and pages as Relay's cursor connections have them."""

# No `from __future__ import annotations` here: Strawberry evaluates the annotations of the classes below.

import datetime
import decimal
from collections.abc import Sequence

import strawberry
from strawberry import ID, Private

from subgraphs.customer.domain.values import normalise_text
from subgraphs.customer.entities import Customer, CustomerInfo, available
from subgraphs.customer.fields import field
from subgraphs.customer.inputs import known_id
from subgraphs.customer.store.listing import CustomerOrder, Filter, Position, sort_value
from subgraphs.edge import cursor
from subgraphs.edge.errors import BadUserInput
from subgraphs.edge.references import entity_id
from subgraphs.edge.scalars import parse_date_time, parse_decimal

__all__ = ["MAX_PAGE", "CustomerConnection", "CustomerFilter", "customer_page"]

#: Customers of one page.
MAX_PAGE = 100
#: Ids in one filter.
_MAX_IDS = 1_000

strawberry.enum(CustomerOrder)


@strawberry.input(description="Every field that is given must hold.")
class CustomerFilter:
    ids: list[ID] | None = None
    state: str | None = strawberry.field(default=None, description="Of any current address: SP.")
    city: str | None = strawberry.field(
        default=None, description="Of any current address, upper and lower case alike."
    )
    min_total_debt: decimal.Decimal | None = None
    max_total_debt: decimal.Decimal | None = None
    has_overdue_debt: bool | None = None
    updated_since: datetime.datetime | None = strawberry.field(default=None, description="Inclusive.")

    def criteria(self) -> Filter:
        """As the store takes it. Texts that cannot be ids match nothing."""
        if self.ids is not None and len(self.ids) > _MAX_IDS:
            raise BadUserInput(f"filter.ids has at most {_MAX_IDS} entries.")
        ids = None if self.ids is None else [one for one in map(known_id, self.ids) if one is not None]
        return Filter(
            ids=ids,
            state=None if self.state is None else normalise_text(self.state).upper(),
            city=None if self.city is None else normalise_text(self.city),
            min_total_debt=self.min_total_debt,
            max_total_debt=self.max_total_debt,
            has_overdue_debt=self.has_overdue_debt,
            updated_since=self.updated_since,
        )


@strawberry.federation.type(shareable=True)
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class CustomerEdge:
    cursor: str
    node: Customer


@strawberry.type
class CustomerConnection:
    criteria: Private[Filter]
    edges: list[CustomerEdge]
    nodes: list[Customer]
    page_info: PageInfo

    @field(description="On all pages together; counted only when asked for.")
    async def total_count(self, info: CustomerInfo) -> int:
        return await available(info.context.store.lister.count(self.criteria))


async def customer_page(
    info: CustomerInfo, first: int | None, after: str | None, criteria: Filter, order: CustomerOrder
) -> CustomerConnection:
    """The page; raises BadUserInput for a page size or a cursor that is none of ours."""
    size = cursor.page_size(first, MAX_PAGE)
    position = None if after is None else _position(after, order)
    context = info.context
    # One more than shown tells whether there is a next page.
    found = await available(context.store.lister.page(criteria, order, position, size + 1))
    shown = found[:size]
    context.touch(row.id for row in shown)
    edges = [
        CustomerEdge(cursor=_cursor(order, sort_value(row, order), row.id), node=Customer(row=row))
        for row in shown
    ]
    return CustomerConnection(
        criteria=criteria,
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=PageInfo(
            has_next_page=len(found) > size,
            # A cursor was given out with a row before this page.
            has_previous_page=position is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )


def _kind(order: CustomerOrder) -> str:
    return f"customers:{order.value}"


def _cursor(order: CustomerOrder, value: datetime.datetime | decimal.Decimal, row_id: object) -> str:
    text = value.isoformat() if isinstance(value, datetime.datetime) else f"{value:f}"
    return cursor.encode(_kind(order), [text, str(row_id)])


def _position(after: str, order: CustomerOrder) -> Position:
    values: Sequence[cursor.CursorValue] = cursor.decode(_kind(order), after)
    if len(values) != 2:
        raise BadUserInput("after is not a cursor of this connection.")
    value, row_id = values
    parse = parse_decimal if order is CustomerOrder.TOTAL_DEBT_DESC else parse_date_time
    return Position(parse(value), entity_id(row_id))
