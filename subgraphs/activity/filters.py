"""From the arguments of the graph to what the store understands; bad values end here."""

from __future__ import annotations

import decimal
import uuid
from decimal import ROUND_CEILING, ROUND_FLOOR

import strawberry

from subgraphs.activity.domain import MAX_CENTAVOS, in_centavos
from subgraphs.activity.enums import ActivityKind
from subgraphs.activity.store.port import Filter, PageRequest, Position
from subgraphs.edge import cursor
from subgraphs.edge.errors import BadUserInput
from subgraphs.edge.references import entity_id
from subgraphs.edge.scalars import DateTime, Decimal

__all__ = ["MAX_PAGE", "ActivityFilter", "page_request", "store_filter"]

#: Events of a page.
MAX_PAGE = 100
#: Characters of a full text search; a longer one is not what somebody typed.
MAX_SEARCH = 200


@strawberry.input(
    description="search is full text over merchant, category, bureau, reason and description;"
    " from is inclusive, to exclusive."
)
class ActivityFilter:
    """Which events; a field left out does not restrict."""

    kinds: list[ActivityKind] | None = None
    from_: DateTime | None = strawberry.field(name="from", default=None)
    to: DateTime | None = None
    search: str | None = None
    min_amount: Decimal | None = None
    max_amount: Decimal | None = None


def page_request(
    kind: str, events: ActivityFilter | None, first: int | None, after: str | None
) -> PageRequest:
    """The page of the connection `kind`; raises `BadUserInput` for what cannot be one."""
    return PageRequest(
        filter=store_filter(events),
        limit=cursor.page_size(first, MAX_PAGE),
        after=None if after is None else _position(kind, after),
    )


def store_filter(events: ActivityFilter | None) -> Filter:
    """The store's filter; raises `BadUserInput` when no event could ever match by mistake of the caller."""
    if events is None:
        return Filter()
    if events.from_ is not None and events.to is not None and events.from_ > events.to:
        raise BadUserInput("from must not be after to.")
    if events.search is not None and len(events.search) > MAX_SEARCH:
        raise BadUserInput(f"search has at most {MAX_SEARCH} characters.")
    least, most = events.min_amount, events.max_amount
    if least is not None and most is not None and least > most:
        raise BadUserInput("minAmount must not be above maxAmount.")
    return Filter(
        kinds=None if events.kinds is None else tuple(events.kinds),
        since=events.from_,
        until=events.to,
        # An empty search box does not restrict.
        search=events.search if events.search and events.search.strip() else None,
        min_amount=None if least is None else _bound(least, ROUND_CEILING),
        max_amount=None if most is None else _bound(most, ROUND_FLOOR),
    )


def _bound(amount: decimal.Decimal, rounding: str) -> int:
    """Centavos, kept within what a store's integer holds; no amount lies beyond anyway."""
    centavos = int(in_centavos(amount).to_integral_value(rounding))
    return max(-1, min(centavos, MAX_CENTAVOS + 1))


def _position(kind: str, after: str) -> Position:
    match cursor.decode(kind, after):
        case [int(occurred), str(event_id)] if not isinstance(occurred, bool) and abs(occurred) < 2**62:
            return Position(occurred, _event_id(event_id))
    raise BadUserInput("after is not a cursor of this connection.")


def _event_id(text: str) -> uuid.UUID:
    try:
        return entity_id(text)
    except BadUserInput:
        raise BadUserInput("after is not a cursor of this connection.") from None
