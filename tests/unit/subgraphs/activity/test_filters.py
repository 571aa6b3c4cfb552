"""From arguments to filters and pages."""

from __future__ import annotations

import decimal
import uuid

import pytest

from subgraphs.activity.domain import MAX_CENTAVOS, ActivityKind
from subgraphs.activity.filters import ActivityFilter, page_request, store_filter
from subgraphs.activity.store.port import Filter, PageRequest, Position
from subgraphs.edge import cursor
from subgraphs.edge.errors import BadUserInput
from tests.kit.activity import at


def test_no_filter_restricts_nothing() -> None:
    """Absent and empty are the same."""
    assert store_filter(None) == store_filter(ActivityFilter()) == Filter()


def test_every_field_is_carried_over() -> None:
    """With amounts in centavos."""
    given = ActivityFilter(
        kinds=[ActivityKind.MOVEMENT],
        from_=at("2026-01-01"),
        to=at("2026-02-01"),
        search="aluguel",
        min_amount=decimal.Decimal("1.50"),
        max_amount=decimal.Decimal(2),
    )
    assert store_filter(given) == Filter(
        kinds=(ActivityKind.MOVEMENT,),
        since=at("2026-01-01"),
        until=at("2026-02-01"),
        search="aluguel",
        min_amount=150,
        max_amount=200,
    )


def test_an_empty_search_box_does_not_restrict() -> None:
    """Spaces alone are no search."""
    assert store_filter(ActivityFilter(search="")).search is None
    assert store_filter(ActivityFilter(search=" \t")).search is None


@pytest.mark.parametrize(
    ("amount", "at_least", "at_most"),
    [
        ("0.001", 1, 0),
        ("1.999", 200, 199),
        ("-0.5", -1, -1),
        ("-99999999999999999999", -1, -1),
        ("9" * 34, MAX_CENTAVOS + 1, MAX_CENTAVOS + 1),
    ],
)
def test_bounds_between_centavos_never_let_more_through(amount: str, at_least: int, at_most: int) -> None:
    """Rounded inwards, and kept within what a store's integer holds."""
    bound = decimal.Decimal(amount)
    assert store_filter(ActivityFilter(min_amount=bound)).min_amount == at_least
    assert store_filter(ActivityFilter(max_amount=bound)).max_amount == at_most


@pytest.mark.parametrize(
    "wrong",
    [
        ActivityFilter(from_=at("2026-02-01"), to=at("2026-01-01")),
        ActivityFilter(min_amount=decimal.Decimal(2), max_amount=decimal.Decimal(1)),
        ActivityFilter(search="x" * 201),
    ],
)
def test_a_filter_that_makes_no_sense_is_bad_input(wrong: ActivityFilter) -> None:
    """Rather than an empty page that looks like an answer."""
    with pytest.raises(BadUserInput):
        store_filter(wrong)


def test_a_cursor_becomes_a_position() -> None:
    """The one that the connection issued."""
    event = uuid.uuid4()
    after = cursor.encode("feed", [-5, str(event)])
    assert page_request("feed", None, None, after) == PageRequest(Filter(), 20, Position(-5, event))


@pytest.mark.parametrize(
    "values",
    [
        [],
        [1],
        [str(uuid.UUID(int=1)), 1],
        [True, str(uuid.UUID(int=1))],
        [1.5, str(uuid.UUID(int=1))],
        [1, None],
        [1, 2],
        [1, "x"],
        [1, str(uuid.UUID(int=1)), 3],
        [2**63, str(uuid.UUID(int=1))],
        [1, "{$ne: 1}"],
    ],
)
def test_a_made_up_cursor_is_bad_input(values: list[cursor.CursorValue]) -> None:
    """Of the right connection, with values that it never has."""
    with pytest.raises(BadUserInput, match="not a cursor"):
        page_request("feed", None, None, cursor.encode("feed", values))
