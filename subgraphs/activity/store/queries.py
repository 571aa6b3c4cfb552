"""The Elasticsearch store's requests, all of them: built from term, match and range alone.

No text of a caller becomes part of a query language: there is no query_string, wildcard, regexp or script.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from subgraphs.activity.domain import ActivityKind, HistogramInterval, to_micros
from subgraphs.activity.store.port import Filter, HistogramRequest, PageRequest

__all__ = [
    "NEWEST_FIRST",
    "counts",
    "filter_query",
    "histogram",
    "latest",
    "occurred_before",
    "of_customer",
    "page",
    "spending",
    "with_event_ids",
]

#: The order of all pages; the id makes every position unique, so `search_after` needs no point in time.
NEWEST_FIRST: list[dict[str, Any]] = [{"occurred": "desc"}, {"event_id": "desc"}]

#: Asked of each shard: an incomplete answer is an error, not an answer.
_READ_TIMEOUT = "2s"


def filter_query(events: Filter, customers: Sequence[uuid.UUID] | None = None) -> dict[str, Any]:
    """The query that matches what the filter says, of those customers or of all."""
    clauses: list[dict[str, Any]] = []
    if customers is not None:
        clauses.append({"terms": {"customer_id": [str(customer) for customer in customers]}})
    if events.kinds is not None:
        clauses.append({"terms": {"kind": [kind.value for kind in events.kinds]}})
    times = _range(
        gte=None if events.since is None else to_micros(events.since),
        lt=None if events.until is None else to_micros(events.until),
    )
    amounts = _range(gte=events.min_amount, lte=events.max_amount)
    clauses.extend(
        {"range": {field: bounds}} for field, bounds in (("occurred", times), ("amount", amounts)) if bounds
    )
    if events.search is not None:
        # All words must occur; a search that has none left after analysis matches nothing.
        clauses.append(
            {"match": {"words": {"query": events.search, "operator": "and", "zero_terms_query": "none"}}}
        )
    return {"bool": {"filter": clauses}}


def page(request: PageRequest, customer: uuid.UUID | None = None) -> dict[str, Any]:
    """One page and one event more, which tells whether others follow."""
    body: dict[str, Any] = {
        "query": filter_query(request.filter, None if customer is None else [customer]),
        "sort": NEWEST_FIRST,
        "size": request.limit + 1,
        "track_total_hits": False,
        "timeout": _READ_TIMEOUT,
    }
    if request.after is not None:
        body["search_after"] = [request.after.occurred, str(request.after.event_id)]
    return body


def latest(kind: ActivityKind, customers: Sequence[uuid.UUID]) -> dict[str, Any]:
    """The newest event of each customer: one hit a customer, by collapsing."""
    return {
        "query": filter_query(Filter(kinds=(kind,)), customers),
        "collapse": {"field": "customer_id"},
        "sort": NEWEST_FIRST,
        "size": len(customers),
        "track_total_hits": False,
        "timeout": _READ_TIMEOUT,
    }


def counts(events: Filter, customers: Sequence[uuid.UUID]) -> dict[str, Any]:
    """Matching events by customer; exact, since each shard answers for all its customers."""
    return {
        "query": filter_query(events, customers),
        "aggs": {"customers": {"terms": {"field": "customer_id", "size": len(customers)}}},
        **_nothing_but_aggregations(),
    }


def spending(customers: Sequence[uuid.UUID], months: int) -> dict[str, Any]:
    """Sums of the newest months; exact, since a customer's events lie on one shard."""
    newest = {"field": "month", "size": months, "order": {"_key": "desc"}}
    return {
        "query": filter_query(Filter(kinds=(ActivityKind.CARD_PURCHASE,)), customers),
        "aggs": {
            "customers": {
                "terms": {"field": "customer_id", "size": len(customers)},
                "aggs": {"months": {"terms": newest, "aggs": {"total": {"sum": {"field": "amount"}}}}},
            }
        },
        **_nothing_but_aggregations(),
    }


_UNITS: dict[HistogramInterval, str] = {
    HistogramInterval.HOUR: "hour",
    HistogramInterval.DAY: "day",
    HistogramInterval.WEEK: "week",
    HistogramInterval.MONTH: "month",
}


def histogram(request: HistogramRequest) -> dict[str, Any]:
    """Counts and sums by calendar unit (UTC) and kind."""
    return {
        "query": filter_query(Filter(kinds=request.kinds, since=request.since, until=request.until)),
        "aggs": {
            "starts": {
                "date_histogram": {
                    "field": "occurred_at",
                    "calendar_interval": _UNITS[request.interval],
                    "min_doc_count": 1,
                },
                "aggs": {
                    "kinds": {
                        "terms": {"field": "kind", "size": len(ActivityKind)},
                        "aggs": {"amount": {"sum": {"field": "amount"}}},
                    }
                },
            }
        },
        **_nothing_but_aggregations(),
    }


def with_event_ids(event_ids: Sequence[uuid.UUID]) -> dict[str, Any]:
    """The documents of those events, without their content."""
    return {
        "query": {"bool": {"filter": [{"terms": {"event_id": [str(value) for value in event_ids]}}]}},
        "_source": ["event_id"],
        "size": len(event_ids),
        "track_total_hits": False,
        "timeout": _READ_TIMEOUT,
    }


def of_customer(customer: uuid.UUID) -> dict[str, Any]:
    """The query for everything of one customer."""
    return {"term": {"customer_id": str(customer)}}


def occurred_before(moment: dt.datetime) -> dict[str, Any]:
    """The query for everything that occurred before a moment."""
    return {"range": {"occurred": {"lt": to_micros(moment)}}}


def _nothing_but_aggregations() -> dict[str, Any]:
    return {"size": 0, "track_total_hits": False, "timeout": _READ_TIMEOUT}


def _range(**bounds: int | None) -> dict[str, int]:
    return {name: value for name, value in bounds.items() if value is not None}
