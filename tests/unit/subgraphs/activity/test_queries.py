"""What is sent to the stores: fixed statements and bodies, whatever the caller writes."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from subgraphs.activity.domain import ActivityKind, HistogramInterval
from subgraphs.activity.store import queries, statements
from subgraphs.activity.store.port import Filter, HistogramRequest, PageRequest, Position
from tests.kit.activity import at

ALPHABET = "abcç '\"\\;%_*?~^:(){}[]<>/|&!+-=$#@\n\0`" + "0123456789"
#: The only query types that may occur.
QUERIES = {"bool", "term", "terms", "match", "range"}
AGGREGATIONS = {"terms", "sum", "date_histogram"}


def payloads(count: int) -> Iterator[str]:
    randomness = random.Random(11)
    yield from (
        "' OR 1=1 --",
        '{"query_string": {"query": "*"}}',
        "'; DROP TABLE event; --",
        "* OR kind:*",
        "NEAR(a b)",
    )
    for _ in range(count):
        yield "".join(randomness.choices(ALPHABET, k=randomness.randint(1, 60)))


def test_statements_are_the_same_for_every_payload() -> None:
    """Five hundred searches: one text, the payload in a parameter."""
    texts = set()
    for payload in payloads(500):
        where, values = statements.conditions(Filter(search=payload, min_amount=1))
        texts.add(where)
        assert len(payload) < 5 or payload not in where
        assert set(values) <= {"min_amount", "words"}
    assert len(texts) == 2, "one with words, one for payloads that hold none"


def test_words_are_terms_and_never_operators() -> None:
    """Each is quoted, and no quote can be inside."""
    for payload in payloads(500):
        _, values = statements.conditions(Filter(search=payload))
        for term in values.get("words", "").split(" "):
            assert term == "" or (term[0] == term[-1] == '"' and '"' not in term[1:-1])


def bodies(search: str) -> Iterator[dict[str, Any]]:
    events = Filter(
        kinds=(ActivityKind.MOVEMENT,),
        since=at("2026-01-01"),
        until=at("2026-02-01"),
        search=search,
        max_amount=3,
    )
    customers = [uuid.uuid4(), uuid.uuid4()]
    yield queries.page(PageRequest(events, 100, Position(5, uuid.uuid4())), customers[0])
    yield queries.page(PageRequest(events, 0))
    yield queries.latest(ActivityKind.BUREAU_QUERY, customers)
    yield queries.counts(events, customers)
    yield queries.spending(customers, 12)
    yield queries.histogram(HistogramRequest(HistogramInterval.WEEK, at("2026-01-01"), at("2026-02-01")))
    yield queries.with_event_ids(customers)
    yield {"query": queries.of_customer(customers[0]), "size": 0}


def check_query(query: dict[str, Any]) -> None:
    """Only the allowed types, all the way down."""
    ((kind, content),) = query.items()
    assert kind in QUERIES
    if kind == "bool":
        assert set(content) == {"filter"}
        for clause in content["filter"]:
            check_query(clause)


def check_aggregations(aggregations: dict[str, Any]) -> None:
    for aggregation in aggregations.values():
        assert set(aggregation) - {"aggs"} <= AGGREGATIONS
        check_aggregations(aggregation.get("aggs", {}))


def test_bodies_follow_a_fixed_schema() -> None:
    """No query language, no script; at most a page and one; never `from`."""
    allowed = {
        "query",
        "aggs",
        "sort",
        "size",
        "search_after",
        "track_total_hits",
        "timeout",
        "collapse",
        "_source",
    }
    for payload in payloads(100):
        for body in bodies(payload):
            assert set(body) <= allowed
            assert body["size"] <= 101
            check_query(body["query"])
            check_aggregations(body.get("aggs", {}))
            assert "script" not in str({key: value for key, value in body.items() if key != "query"})


def test_a_search_travels_as_the_value_of_a_match() -> None:
    """Unchanged, since the analyser sees to it."""
    body = queries.filter_query(Filter(search="* OR kind:*"))
    assert body == {
        "bool": {
            "filter": [
                {"match": {"words": {"query": "* OR kind:*", "operator": "and", "zero_terms_query": "none"}}}
            ]
        }
    }


@pytest.mark.parametrize("interval", HistogramInterval)
def test_every_interval_has_a_unit_in_both_stores(interval: HistogramInterval) -> None:
    """A new one cannot be forgotten in one of them."""
    request = HistogramRequest(interval, at("2026-01-01"), at("2026-02-01"))
    assert (
        queries.histogram(request)["aggs"]["starts"]["date_histogram"]["calendar_interval"]
        == interval.lower()
    )
    assert "strftime" in statements.histogram(interval, "")
